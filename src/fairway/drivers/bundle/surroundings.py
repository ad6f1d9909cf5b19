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
        "NODE_EXTRA_CA_CERTS",
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
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# npm's settings that say where packages come from; `//HOST/:…` and `@SCOPE:registry` are others.
_REGISTRY = frozenset(
    ("ca", "cafile", "https_proxy", "noproxy", "proxy", "registry", "strict_ssl", "userconfig")
)
_NPM_PREFIX = "npm_config_"
# npm is to install what is asked for, and no more.
NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_engine_strict": "true",
    "npm_config_fund": "false",
    "npm_config_loglevel": "error",
    "npm_config_logs_max": "0",
    "npm_config_progress": "false",
    "npm_config_update_notifier": "false",
}


def make_environment(scratch: Path) -> dict[str, str]:
    """Return the variables of every build command; its home and temporary files are in scratch."""
    for name in ("home", "tmp"):
        (scratch / name).mkdir(exist_ok=True)
    return {
        "HOME": str(scratch / "home"),
        "LANG": "C.UTF-8",
        "PATH": SYSTEM_PATH,
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


def make_registry_environment() -> dict[str, str]:
    """Return what npm needs besides to reach the operator's package registry."""
    return choose_registry_settings(os.environ)


def choose_registry_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return those of the platform's variables that say where npm's packages come from.

    The operator's own .npmrc goes along, since HOME is another during a build; a token that it
    takes from a variable is looked for in NPM_TOKEN.
    """
    chosen = {}
    for name, value in variables.items():
        setting = name[len(_NPM_PREFIX) :]
        is_npms = name.lower().startswith(_NPM_PREFIX)
        is_scoped = setting.startswith(("//", "@"))
        if is_npms and (is_scoped or setting.lower() in _REGISTRY):
            chosen[_NPM_PREFIX + (setting if is_scoped else setting.lower())] = value
    if "NPM_TOKEN" in variables:
        chosen["NPM_TOKEN"] = variables["NPM_TOKEN"]
    if "HOME" in variables:
        chosen.setdefault("npm_config_userconfig", str(Path(variables["HOME"]) / ".npmrc"))
    return chosen


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
