"""The systems that Fairway drives, one folder per system, each behind a port.

Belongs here: code that talks to a database, an operating system, a cluster, a tool. Never here: a
rule of the domain (`fairway.core`), a choice among drivers (`fairway.wiring`).
"""
