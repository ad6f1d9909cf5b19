"""Golden paths: publishing them, making services from them, upgrading these.

Belongs here: use cases over renderer, source control and store. Never here: a template language.
"""
