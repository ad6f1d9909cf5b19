"""Artifacts and releases.

Belongs here: what a build makes and what a release is. Never here: building.
"""
