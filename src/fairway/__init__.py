"""Fairway, a self-hosted internal developer platform.

Start reading at `ARCHITECTURE.md`; in the code, at `fairway.core.plan`, the heart, and at
`fairway.usecases`, where each thing a person can ask for is one file.
"""

__version__ = "0.1.0"
