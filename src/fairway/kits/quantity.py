"""Amounts as Kubernetes and Score write them.

Belongs here: reading and showing bytes and processor shares.
"""

import re

_SCALES = {"": 1, **{unit: 1000**power for power, unit in enumerate("KMGTPE", start=1)}}
_SCALES |= {f"{unit}i": 1024**power for power, unit in enumerate("KMGTPE", start=1)}
_BYTES = re.compile(r"(\d+(?:\.\d+)?)([KMGTPE]i?)?")


def parse_bytes(text: str) -> int:
    """Return the number of bytes that `text` such as `128Mi` or `2G` means.

    Raises:
        ValueError: it is not such an amount.

    Example:
        >>> parse_bytes("1.5Ki")
        1536
    """
    match = _BYTES.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not an amount of bytes such as 128Mi or 2G")
    return int(float(match.group(1)) * _SCALES[match.group(2) or ""])


def parse_cpus(text: str) -> float:
    """Return the number of processors that `text` such as `250m` or `1.5` means.

    Raises:
        ValueError: it is not such an amount.

    Example:
        >>> parse_cpus("250m")
        0.25
    """
    if text.endswith("m") and text[:-1].isdecimal():
        return int(text[:-1]) / 1000
    return float(text)


def render_bytes(size: int) -> str:
    """Return `size` for people, in the largest binary unit that leaves it at least 1.

    Example:
        >>> render_bytes(2_254_857_830)
        '2.1 GiB'
    """
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
