"""What an environment may set about the way a workload runs.

Belongs here: the settings of the process target with their defaults. Never here:
what the platform's own settings are.
"""

import math
from dataclasses import dataclass

from fairway.kits import quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """How often and how patiently a container is asked."""

    period_seconds: float = 1.0
    timeout_seconds: float = 2.0
    failure_threshold: int = 3
    initial_delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a workload is started, watched and stopped. Read from `WorkloadSpec.settings`."""

    stop_seconds: float = 10.0
    drain_seconds: float = 10.0
    progress_deadline_seconds: float = 60.0
    crash_limit: int = 3
    stable_seconds: float = 10.0
    min_ready_seconds: float = 1.0
    backoff_seconds: float = 0.5
    backoff_max_seconds: float = 30.0
    log_bytes: int = 10 * 1024**2
    log_files: int = 3
    readiness: ProbeSettings = ProbeSettings()
    liveness: ProbeSettings = ProbeSettings(initial_delay_seconds=1.0)


def parse_settings(values: JsonObject) -> Settings:
    """Return the settings that `values` holds, defaults for the rest; unknown names are ignored:

    they belong to other targets. Names are `stopSeconds`, `drainSeconds`,
    `progressDeadlineSeconds`, `crashLimit`, `stableSeconds`,
    `minReadySeconds` (how long a container without a probe must stay up), `backoffSeconds`,
    `backoffMaxSeconds`, `logSize` (`10Mi`), `logFiles`, and for probes
    `readinessPeriodSeconds`, `readinessTimeoutSeconds`, `readinessFailureThreshold`,
    `readinessInitialDelaySeconds`, and the same with `liveness`.

    Raises:
        Refused: SETTING-INVALID.
    """
    defaults = Settings()
    return Settings(
        stop_seconds=_read(values, "stopSeconds", defaults.stop_seconds),
        drain_seconds=_read(values, "drainSeconds", defaults.drain_seconds),
        progress_deadline_seconds=_read(
            values, "progressDeadlineSeconds", defaults.progress_deadline_seconds
        ),
        crash_limit=max(1, int(_read(values, "crashLimit", defaults.crash_limit))),
        stable_seconds=_read(values, "stableSeconds", defaults.stable_seconds),
        min_ready_seconds=_read(values, "minReadySeconds", defaults.min_ready_seconds),
        backoff_seconds=_read(values, "backoffSeconds", defaults.backoff_seconds),
        backoff_max_seconds=_read(values, "backoffMaxSeconds", defaults.backoff_max_seconds),
        log_bytes=_read_bytes(values, "logSize", defaults.log_bytes),
        log_files=max(1, int(_read(values, "logFiles", defaults.log_files))),
        readiness=_parse_probe(values, "readiness", defaults.readiness),
        liveness=_parse_probe(values, "liveness", defaults.liveness),
    )


def _parse_probe(values: JsonObject, name: str, defaults: ProbeSettings) -> ProbeSettings:
    return ProbeSettings(
        period_seconds=max(0.05, _read(values, f"{name}PeriodSeconds", defaults.period_seconds)),
        timeout_seconds=max(0.05, _read(values, f"{name}TimeoutSeconds", defaults.timeout_seconds)),
        failure_threshold=max(
            1, int(_read(values, f"{name}FailureThreshold", defaults.failure_threshold))
        ),
        initial_delay_seconds=_read(
            values, f"{name}InitialDelaySeconds", defaults.initial_delay_seconds
        ),
    )


def _read_bytes(values: JsonObject, name: str, default: int) -> int:
    if (value := values.get(name)) is None:
        return default
    try:
        return quantity.parse_bytes(str(value))
    except ValueError as error:
        raise Refused(
            "SETTING-INVALID",
            what=f"cannot read setting '{name}'",
            why=str(error),
            fix=f"set '{name}' to an amount such as 10Mi in the environment's defaults",
        ) from error


def _read(values: JsonObject, name: str, default: float) -> float:
    value = values.get(name)
    if value is None:
        return default
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(number := float(str(value))) or number < 0:
        raise Refused(
            "SETTING-INVALID",
            what=f"cannot read setting '{name}'",
            why=f"{value!r} is not a number from 0",
            fix=f"set '{name}' to a number in the environment's defaults",
        )
    return number
