"""The front door: a process of its own that gives each route one stable URL.

Belongs here: HTTP/1.1 in, HTTP/1.1 out, choosing an instance, and nothing that a request does not
need. Never here: deciding which instances are ready (the agent writes that into `routes.json`), a
noun of the platform, an import besides the standard library, httptools and `fairway.kits`.
Start reading at `fairway.gateway.server`, then `fairway.gateway.exchange`.
"""
