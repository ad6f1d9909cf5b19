"""Running a stranger's program so that it cannot harm the machine, and nothing of it stays.

Belongs here: limits on memory, time, processes, disk and network, the end of all that was started,
scratch folders. Never here: what is run, and how its end is told to people.
Start at `fairway.drivers.jail.run`.
"""
