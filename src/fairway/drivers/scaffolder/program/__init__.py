"""Programs of their own: they run in the jail what a stranger's template says.

Belongs here: the order of steps, findings. Never here: actions; limits of the machine, which the
jail holds; errors for people. The platform never imports it: it starts `read`, `lint` and `render`.
"""
