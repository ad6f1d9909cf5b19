"""Asking a container how it is.

Belongs here: one http, exec or connection check, each with a sentence about what was wrong.
Never here: how often to ask and what follows (`container`).
"""

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fairway.core.workload.workload import HttpGet

LAUNCH = Path(__file__).with_name("shim") / "launch.py"
_UNVERIFIED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE


async def check_http(probe: HttpGet, port: int, timeout_seconds: float) -> str:
    """Return why the http probe fails, or nothing; `port` is where the container listens."""
    host = probe.host or "127.0.0.1"
    what = f"GET {probe.scheme.lower()}://{host}:{port}{probe.path}"
    try:
        async with asyncio.timeout(timeout_seconds):
            status = await _get_status(probe, host, port)
    except TimeoutError:
        return f"{what} took longer than {timeout_seconds:g} s"
    except (OSError, ValueError, IndexError) as error:
        return f"{what}: {_explain(error)}"
    return "" if 200 <= status < 400 else f"{what} answered {status}"


async def _get_status(probe: HttpGet, host: str, port: int) -> int:
    context = _UNVERIFIED if probe.scheme == "HTTPS" else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        headers = {"Host": f"{host}:{port}", "User-Agent": "fairway-probe", "Connection": "close"}
        headers.update(probe.headers)
        lines = [f"GET {probe.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1"))
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def check_connection(port: int, timeout_seconds: float) -> str:
    """Return why nothing answers on a loopback port, or nothing."""
    try:
        async with asyncio.timeout(timeout_seconds):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError) as error:
        return f"nothing listens on 127.0.0.1:{port} ({_explain(error)}); listen on $PORT"
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return ""


async def check_exec(
    argv: tuple[str, ...], launch: Mapping[str, object], timeout_seconds: float
) -> str:
    """Return why a command fails in the container's surroundings, or nothing.

    `launch` is what `launch.become` takes. The command dies with the agent and at its timeout.
    """
    what = f"exec {argv[0]}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(LAUNCH)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    request = json.dumps({**launch, "argv": argv}).encode()
    try:
        async with asyncio.timeout(timeout_seconds):
            output, _ = await process.communicate(request)
    except TimeoutError:
        return f"{what} took longer than {timeout_seconds:g} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode == 0:
        return ""
    last = output.decode(errors="replace").strip().rpartition("\n")[2]
    return f"{what} exited {process.returncode}" + (f": {last[:200]}" if last else "")


def _explain(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ValueError | IndexError):
        return "the answer is not HTTP"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
