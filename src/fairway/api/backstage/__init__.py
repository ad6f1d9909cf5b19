"""The forms of Backstage's catalog API, so that its own clients work against Fairway.

Belongs here: its filters, predicates, cursors, projections, entities and errors, read and
rendered. Never here: endpoints (`fairway.api.routes`), a second way to query. The reference is
what the client of npm, `@backstage/catalog-client`, sends and expects.
"""
