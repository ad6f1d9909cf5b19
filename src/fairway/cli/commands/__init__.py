"""The commands, one module per group; each is imported only when it is used.

Belongs here: a command's arguments, its requests and which view shows the answer. Never here:
how an answer looks (`fairway.cli.views`), HTTP (`fairway.cli.client`). Start at `status.py`.
"""
