"""How long to wait before trying again.

Belongs here: exponential backoff with full jitter.
"""

import math
import random

_RANDOM = random.Random()


def make_delay_seconds(
    attempts: int, *, first: float = 0.5, most: float = 30.0, rng: random.Random = _RANDOM
) -> float:
    """Return a random delay that doubles with each attempt up to `most`.

    At least half of the full delay is waited, so that a failing thing is never hammered.
    """
    full = min(most, math.ldexp(first, min(max(attempts - 1, 0), 30)))
    return full * (0.5 + 0.5 * rng.random())
