"""Source under version control.

Belongs here: repositories, commits, trees and what is said of them, as values. Never here: git.
"""
