"""Findings: what checks, policies and linters say, in one form.

Belongs here: the value that every check returns. Never here: a check.
"""
