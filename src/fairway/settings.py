"""Fairway's settings: read once from the environment, at the edge, and passed on.

Belongs here: each variable, its default and what is wrong with a value. Never here: settings of
an environment or a driver, which are definitions. Start at `read_settings`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 7480
DEFAULT_GATEWAY_PORT = 7481
LOG_LEVELS = ("debug", "info", "warning", "error")
_BUILD_LIMITS = {
    "FAIRWAY_BUILD_MEMORY_BYTES": "memory_bytes",
    "FAIRWAY_BUILD_CPU_SECONDS": "cpu_seconds",
    "FAIRWAY_BUILD_WALL_SECONDS": "wall_seconds",
    "FAIRWAY_BUILD_PROCESSES": "processes",
    "FAIRWAY_BUILD_DISK_BYTES": "disk_bytes",
}
DEFAULT_PUSH_MAX_BYTES = 512 * 1024**2
DEFAULT_POLL_SECONDS = 60
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingError(ValueError):
    """A variable has a value that cannot be used; `fix` is an imperative."""

    def __init__(self, name: str, why: str, fix: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why
        self.fix = fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says.

    `home` holds the state. `url` and `token` are what a client uses; `token` is empty when
    none is known. `port` and `gateway_port` are where `fairway up` listens, on loopback.
    `cache` holds what can be fetched again; it is shared by all homes of one person.
    `data_root` is where servers that run under another account keep their data, if not at home.
    `push_max_bytes` is the most that a push may bring. `poll_seconds` is how often origins of
    repositories on other servers are asked.
    `build_limits` are those that are not the builder's own, by name. `public_url` is where people
    reach the API, if not on this machine; it stands in links, such as those of the catalog.
    """

    home: Path
    database_url: str = field(repr=False)
    url: str
    token: str = field(default="", repr=False)
    port: int = DEFAULT_PORT
    gateway_port: int = DEFAULT_GATEWAY_PORT
    log_level: str = "info"
    cache: Path
    data_root: Path | None = None
    push_max_bytes: int = DEFAULT_PUSH_MAX_BYTES
    poll_seconds: int = DEFAULT_POLL_SECONDS
    build_limits: Mapping[str, int] = field(default_factory=dict)
    public_url: str = ""

    @property
    def endpoint_path(self) -> Path:
        """Where a running control plane writes `{"url": …}`."""
        return get_endpoint_path(self.home)

    @property
    def token_path(self) -> Path:
        """Where the first start puts the owner's token, readable by nobody else."""
        return get_token_path(self.home)


def get_endpoint_path(home: Path) -> Path:
    return home / "endpoint.json"


def get_token_path(home: Path) -> Path:
    return home / "token"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` and the files of the state folder give.

    The token in the state folder is shown only to a control plane on this machine.

    Raises:
        SettingError: a value cannot be used.
    """
    home = _read_home(environ)
    port = _read_port(environ, "FAIRWAY_PORT", DEFAULT_PORT)
    url = _read_url(environ, home, port)
    return Settings(
        home=home,
        database_url=environ.get("FAIRWAY_DATABASE_URL") or f"sqlite:///{home / 'fairway.db'}",
        url=url,
        token=environ.get("FAIRWAY_TOKEN", "").strip() or _read_token(home, url),
        port=port,
        gateway_port=_read_port(environ, "FAIRWAY_GATEWAY_PORT", DEFAULT_GATEWAY_PORT),
        log_level=_read_log_level(environ),
        cache=_read_folder(environ, "FAIRWAY_CACHE") or _get_cache(environ),
        data_root=_read_folder(environ, "FAIRWAY_DATA_ROOT"),
        push_max_bytes=_read_limit(environ, "FAIRWAY_PUSH_MAX_BYTES", DEFAULT_PUSH_MAX_BYTES),
        poll_seconds=_read_limit(environ, "FAIRWAY_POLL_SECONDS", DEFAULT_POLL_SECONDS),
        build_limits={
            name: _read_limit(environ, variable, 0)
            for variable, name in _BUILD_LIMITS.items()
            if environ.get(variable)
        },
        public_url=_read_address(environ, "FAIRWAY_PUBLIC_URL"),
    )


def _read_limit(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**53):
        raise SettingError(name, f"'{text}' is no limit", "set it to a whole number, or unset it")
    return int(text)


def _read_folder(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name, "")
    return Path(text).expanduser().absolute() if text else None


def _get_cache(environ: Mapping[str, str]) -> Path:
    text = environ.get("XDG_CACHE_HOME", "")
    base = Path(text) if text.startswith("/") else Path.home() / ".cache"
    return base / "fairway"


def _read_home(environ: Mapping[str, str]) -> Path:
    home = _read_folder(environ, "FAIRWAY_HOME")
    if home is not None:
        return home
    data = environ.get("XDG_DATA_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "fairway"


def _read_port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise SettingError(
            name, f"'{text}' is no port", f"set it to 0 to 65535, or unset it for {default}"
        )
    return int(text)


def _read_url(environ: Mapping[str, str], home: Path, port: int) -> str:
    given = _read_address(environ, "FAIRWAY_URL")
    return given or _read_endpoint(home) or f"http://127.0.0.1:{port}"


def _read_address(environ: Mapping[str, str], name: str) -> str:
    text = environ.get(name, "").rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingError(
            name, f"'{text}' is no HTTP address", "set it like http://127.0.0.1:7480"
        )
    return text


def _read_endpoint(home: Path) -> str:
    """Return the address of the control plane that was started last, empty for none."""
    try:
        document = json.loads(get_endpoint_path(home).read_bytes())
    except (OSError, ValueError):
        return ""
    url = document.get("url") if isinstance(document, dict) else None
    return url.rstrip("/") if isinstance(url, str) else ""


def _read_token(home: Path, url: str) -> str:
    if urlsplit(url).hostname not in _LOOPBACK:
        return ""
    try:
        return get_token_path(home).read_text().strip()
    except (OSError, ValueError):
        return ""


def _read_log_level(environ: Mapping[str, str]) -> str:
    level = (environ.get("FAIRWAY_LOG_LEVEL") or "info").lower()
    if level not in LOG_LEVELS:
        raise SettingError(
            "FAIRWAY_LOG_LEVEL", f"'{level}' is no level", f"use one of {', '.join(LOG_LEVELS)}"
        )
    return level
