"""Golden paths: versioned templates, and the services that were made from them.

Belongs here: versions, links, drift and offers of upgrades, as values and rules. Never here:
templates' languages, git.
"""
