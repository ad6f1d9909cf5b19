"""The environment variables of build commands, written out.

Belongs here: which of the platform's variables a build may see. Never here: anything secret of the
platform. Index settings are the operator's to give; tests do not get them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

# How to reach and trust the network.
_NETWORK = frozenset(
    (
        "ALL_PROXY",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    )
)
# Where packages come from, and credentials for it.
_INDEX_PREFIXES = ("PIP_", "UV_")
_INDEX = frozenset(("NETRC",))
# What would change what is installed, or where, behind the builder's back.
_NEVER = frozenset(
    (
        "PIP_PREFIX",
        "PIP_REQUIREMENT",
        "PIP_TARGET",
        "PIP_USER",
        "UV_CACHE_DIR",
        "UV_COMPILE_BYTECODE",
        "UV_LINK_MODE",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "UV_TARGET",
        "UV_WORKING_DIRECTORY",
    )
)


def make_environment(scratch: Path) -> dict[str, str]:
    """Return the variables of every build command; its home and temporary files are in scratch."""
    for name in ("home", "tmp"):
        (scratch / name).mkdir(exist_ok=True)
    return {
        "HOME": str(scratch / "home"),
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "SOURCE_DATE_EPOCH": "315532800",
        "TMPDIR": str(scratch / "tmp"),
        "TZ": "UTC",
        **choose_network_settings(os.environ),
    }


def make_index_environment(scratch: Path, cache: Path) -> dict[str, str]:
    """Return the variables of uv: as above, with the operator's package index and the cache."""
    return {
        **make_environment(scratch),
        **choose_index_settings(os.environ),
        "UV_CACHE_DIR": str(cache),
        "UV_LINK_MODE": "copy",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def choose_network_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return those of the platform's variables that say how to reach and trust the network."""
    return {name: value for name, value in variables.items() if name.upper() in _NETWORK}


def choose_index_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return those of the platform's variables that say where packages come from.

    Where the operator's own uv.toml is goes along, since HOME is another during a build.
    """
    chosen = {
        name: value
        for name, value in variables.items()
        if (name in _INDEX or name.startswith(_INDEX_PREFIXES)) and name not in _NEVER
    }
    folder = variables.get("XDG_CONFIG_HOME")
    if folder is None and "HOME" in variables:
        folder = str(Path(variables["HOME"]) / ".config")
    if folder is not None:
        chosen["XDG_CONFIG_HOME"] = folder
    return chosen
