"""The command line: a client of the REST API, and of nothing else.

Belongs here: reading arguments, asking the API, showing answers, exit codes. Never here: a rule
of the platform; `check`, packing sources and starting processes are the only work done without
the API. A command's module is imported when it runs. Start at `main.py`.
"""
