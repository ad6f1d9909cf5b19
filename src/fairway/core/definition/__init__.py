"""Fairway's own kinds under `fairway.dev/v1`, as typed values.

Belongs here: what a platform team defines (environments, targets, resource types, provisioners)
and the set of all that a plan reads. Never here: reading YAML, storing revisions, matching.
"""
