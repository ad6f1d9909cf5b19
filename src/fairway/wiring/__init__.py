"""The composition root: the only place that knows which driver plays which role.

Belongs here: making ports from settings and entry points, starting and stopping processes.
Never here: a rule, a request. Start at `control_plane.run_control_plane`.
"""
