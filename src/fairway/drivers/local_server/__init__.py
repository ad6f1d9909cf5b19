"""Running a database server on this machine, once per platform home.

Belongs here: what every such server needs, whatever it is: an unprivileged account, a place for its
data, a remembered port and password, start, stop, and finding it again after a crash; also the
names and the ownership of what one server keeps for many resources. Never here: what a particular
server is told (`fairway.drivers.postgresql`, `fairway.drivers.redis`). Start at
`server.LocalServer`.
"""
