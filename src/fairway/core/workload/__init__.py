"""Workloads: what a Score document says, as values.

Belongs here: the types of a workload and the grammar of its placeholders. Never here: reading
YAML (`fairway.formats`), deciding how a resource becomes real (`fairway.core.graph`).
"""
