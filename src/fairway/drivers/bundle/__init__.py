"""Bundles: an artifact made of a Python service's source and its dependencies.

Belongs here: what turns source into layers (uv, pytest, archives), limits on the processes that
do, and laying a bundle out on disk. Never here: where blobs are kept, running a service.
Start at `fairway.drivers.bundle.builder`.
"""
