"""How answers look: pure functions from the API's documents to lines for people.

Belongs here: words, columns and colours. Never here: requests, printing, the clock. Start at
`component_status.py`.
"""
