"""Score v1b1: documents to workloads and back.

Belongs here: the Score specification, complete, with the place of every mistake. Never here: how
a workload or a resource becomes real. Start at `parse_workload`.
"""

from fairway.formats.score.override import apply_overrides
from fairway.formats.score.parse import list_positions, parse_workload
from fairway.formats.score.render import render_workload

__all__ = ["apply_overrides", "list_positions", "parse_workload", "render_workload"]
