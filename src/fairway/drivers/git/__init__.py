"""Source control by git: the command line for reading and merging, dulwich for writing objects.

Belongs here: whatever knows git. Never here: who may push, what a push starts.
"""
