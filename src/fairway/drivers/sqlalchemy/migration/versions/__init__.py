"""The ledger: each module is one step of the schema.

Belongs here: what a step adds, in full, importing nothing of Fairway, so that it means the same
for ever. Never here: data of a particular installation.
"""
