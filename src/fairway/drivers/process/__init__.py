"""Workloads as processes of this machine, and the resources that live beside them.

Belongs here: the ports `Target` and `Provisioner` in terms of the agent's client. Never here:
running a process (`fairway.agent`). Start at `target`.
"""
