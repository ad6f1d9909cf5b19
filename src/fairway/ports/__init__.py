"""What the platform needs from the world, one contract per file.

Belongs here: Protocols, their contract in prose, and the values that cross them. Never here: an
implementation (`fairway.drivers`), a rule of the domain (`fairway.core`). A driver inherits its
Protocol explicitly and is done when the port's contract suite passes on the real system.
"""
