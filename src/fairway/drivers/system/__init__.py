"""This machine itself: its clock.

Belongs here: drivers of what every machine has. Never here: processes (`fairway.drivers.process`).
"""
