"""What the agent takes from this machine.

Belongs here: files, volumes, loopback ports, control groups. Never here: a workload.
"""
