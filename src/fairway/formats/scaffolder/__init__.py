"""Templates in Backstage's scaffolder format, `scaffolder.backstage.io/v1beta3`.

Belongs here: a Template document as values with places, its parameters as one JSON Schema, its
expressions. Never here: doing what its steps say. Start at `fairway.formats.scaffolder.template`.
"""
