"""Sites of files: built by Node, served by a program of the platform within the bundle.

Belongs here: what of a built site becomes the bundle, and the program that serves it. Never
here: building it. Start at `recipe`.
"""
