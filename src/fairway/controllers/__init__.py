"""Level-triggered loops, one per kind of key.

Belongs here: taking a key, looking at the world and bringing it nearer to what is wanted. Never
here: what happened to the key; steps of a run (`fairway.usecases`).
"""
