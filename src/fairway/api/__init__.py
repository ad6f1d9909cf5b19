"""The HTTP API: `/api/v1`, problem+json, server-sent events.

Belongs here: reading requests, calling one use case or one port each, rendering answers. Never
here: a rule of the domain, a driver. Endpoints are synchronous functions: the framework runs
each on a thread, one hop per request. Start at `app.make_app`.
"""
