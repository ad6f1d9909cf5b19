"""One run of one container, kept by a process that outlives the agent.

Belongs here: the shim, the program's last steps before exec, and the agent's grip on a shim. Never
here: whether and what to run (`fairway.agent.container`). `shim` and `launch` run as bare files
(`python -I -S`) and import nothing of Fairway.
"""
