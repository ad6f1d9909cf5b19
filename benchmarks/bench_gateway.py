"""The gateway beside direct access to the same instance, on kept-alive connections.

A service that answers 1 KiB as fast as plain Python can is deployed to a platform; wrk asks it
through its route and directly, in turns. Without wrk, a client of the standard library does,
which itself takes a good part of the time.
"""

import http.client
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from tests.running import RunningPlatform, start_platform, write_service

HOST = "hello.dev.localhost"
SECONDS = 2
REPEAT = 4
CONNECTIONS = (1, 32)
SERVER = """
import asyncio, os

BODY = os.environ["PORT"].encode().ljust(1024)
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(BODY), BODY)

class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.known = transport, b""

    def data_received(self, data):
        *heads, self.known = (self.known + data).split(b"\\r\\n\\r\\n")
        for _ in heads:
            self.transport.write(ANSWER)

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", int(os.environ["PORT"]), backlog=256)
    await server.serve_forever()

asyncio.run(main())
"""
_LATENCY = re.compile(r"50%\s+([\d.]+)(us|ms|s)\b")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a client saw."""

    per_second: float
    median_milliseconds: float


def ask_with_wrk(port: int, connections: int) -> Answers:
    """Ask for some seconds with `wrk`."""
    command = ["wrk", "--latency", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{SECONDS}s", "--header", f"Host: {HOST}"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], check=True, capture_output=True, text=True
    )
    latency, rate = _LATENCY.search(done.stdout), _RATE.search(done.stdout)
    if latency is None or rate is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return Answers(
        per_second=float(rate[1]),
        median_milliseconds=float(latency[1]) * _MILLISECONDS[latency[2]],
    )


def ask_with_python(port: int, connections: int) -> Answers:
    """Ask for some seconds, each connection from a thread."""
    seconds: list[float] = []
    deadline = time.monotonic() + SECONDS

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < deadline:
            began = time.perf_counter()
            connection.request("GET", "/", headers={"Host": HOST})
            connection.getresponse().read()
            seconds.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Answers(
        per_second=len(seconds) / SECONDS, median_milliseconds=statistics.median(seconds) * 1000
    )


def run(platform: RunningPlatform, connections: int) -> None:
    """Print the figures for so many connections at once."""
    ask = ask_with_wrk if shutil.which("wrk") else ask_with_python
    (gateway,) = measure.find_processes("fairway.gateway", str(platform.home))
    direct_port = int(platform.fetch(HOST)[1])
    through, direct, cpu = [], [], []
    for _ in range(REPEAT):
        before = measure.read_cpu_seconds(gateway)
        through.append(ask(platform.gateway_port, connections))
        used = measure.read_cpu_seconds(gateway) - before
        cpu.append(used / through[-1].per_second / SECONDS * 1000)
        direct.append(ask(direct_port, connections))
    plural = "s" if connections > 1 else ""
    measure.show_title(f"{connections} connection{plural}, by {ask.__name__[9:]}")
    for name, unit in (("median_milliseconds", "ms"), ("per_second", "/s")):
        ours, theirs = (
            statistics.median(getattr(item, name) for item in items) for items in (through, direct)
        )
        what = "latency, p50" if unit == "ms" else "requests"
        measure.show(f"{what}, through the gateway", ours, unit, peer=("direct", theirs))
    measure.show("CPU of a request in the gateway", statistics.median(cpu), "CPU-ms")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with start_platform(folder) as platform:
            service = write_service(folder / "hello")
            (service / "server.py").write_text(SERVER)
            platform.must("deploy", str(service), "--env", "dev")
            for connections in CONNECTIONS:
                run(platform, connections)


if __name__ == "__main__":
    main()
