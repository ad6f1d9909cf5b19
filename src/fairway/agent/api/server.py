"""What each request to the agent does.

Belongs here: the table of requests, from their parts to calls of the agent and back to JSON.
Never here: HTTP itself (`http`), running anything (`fairway.agent.agent`).

    GET    /health
    GET    /workloads                                 one status each
    PUT    /workloads/{environment}/{component}       an order; answers {"is_changed": …}
    GET    /workloads/{environment}/{component}       its status
    DELETE /workloads/{environment}/{component}
    GET    /workloads/{environment}/{component}/logs  NDJSON; follow, tail, release, after;
                                                      null is a sign of life
    GET    /events                                    NDJSON; {"environment", "component"} each
    GET    /routes
    PUT    /routes/{environment}/{name}               {"host", "path", "workload", "port"}
    GET    /routes/{environment}/{name}
    DELETE /routes/{environment}/{name}
    PUT    /services/{environment}/{name}             {"workload", "port"}; answers "listen"
    GET    /services/{environment}/{name}
    DELETE /services/{environment}/{name}
    PUT    /volumes/{environment}/{name}              {"size_bytes"}
    GET    /volumes/{environment}/{name}
    DELETE /volumes/{environment}/{name}
    POST   /shutdown                                  {"is_stopping_workloads": …}
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, replace

import msgspec

from fairway.agent.agent import Agent
from fairway.agent.api.http import Answer, Request
from fairway.agent.log import LogReader
from fairway.agent.machine.volume import Volume
from fairway.agent.order import parse_order
from fairway.agent.traffic import Route
from fairway.kits.errors import Refused
from fairway.ports.target import LogLine, WorkloadStatus

ABSENT = WorkloadStatus(generation="", release=0, phase="absent", desired=0, ready=0)
_LOG_POLL_SECONDS = 0.1
_LOG_PULSE_SECONDS = 5.0
# Names become file names.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#@+-]{0,127}")
_OK = b"{}"
_NOTHING = b"null"


class Server:
    """Answers requests on behalf of an agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def answer(self, request: Request) -> Answer:  # noqa: PLR0911  # one for each kind
        """Return the answer to a request.

        Raises:
            Problem: as the agent does; REQUEST-UNKNOWN.
        """
        kind, *names = request.path
        if not all(_NAME.fullmatch(name) for name in names):
            raise _unknown(request)
        match kind, names:
            case ("workloads", _):
                return await self._answer_workloads(request, names)
            case ("routes", _):
                return await self._answer_route(request, names)
            case ("volumes", [environment, name]):
                return await self._answer_volume(request, environment, name)
            case ("services", [environment, name]):
                return await self._answer_service(request, environment, name)
            case ("health", []):
                return _render(await self._agent.describe())
            case ("events", []):
                return self._stream_events()
            case ("shutdown", []) if request.method == "POST":
                is_stopping = bool(_parse(request).get("is_stopping_workloads"))
                self._agent.ask_to_end(is_stopping_workloads=is_stopping)
                return _OK
        raise _unknown(request)

    async def _answer_workloads(self, request: Request, names: list[str]) -> Answer:
        match names:
            case []:
                return _render(await self._list_workloads())
            case [environment, component]:
                return await self._answer_workload(request, environment, component)
            case [environment, component, "logs"]:
                return self._answer_logs(request, environment, component)
        raise _unknown(request)

    async def _list_workloads(self) -> list[dict[str, object]]:
        found = []
        for (environment, component), supervisor in sorted(self._agent.supervisors.items()):
            status = await asyncio.to_thread(supervisor.make_status)
            found.append({"environment": environment, "component": component, "status": status})
        return found

    async def _answer_workload(self, request: Request, environment: str, component: str) -> bytes:
        key = (environment, component)
        match request.method:
            case "PUT":
                is_changed = await self._agent.put_workload(parse_order(request.body))
                return _render({"is_changed": is_changed})
            case "DELETE":
                await self._agent.delete_workload(key)
                return _OK
            case "GET":
                supervisor = self._agent.supervisors.get(key)
                if supervisor is None:
                    return _render(ABSENT)
                status = await asyncio.to_thread(supervisor.make_status)
                if status.phase == "absent":
                    # Its logs and records are being removed: not before they are gone is it.
                    status = replace(status, phase="progressing")
                return _render(status)
        raise _unknown(request)

    def _answer_logs(
        self, request: Request, environment: str, component: str
    ) -> AsyncIterator[bytes]:
        query = request.query
        reader = LogReader(
            self._agent.find_folder(environment, component),
            release=int(query["release"]) if "release" in query else None,
            after=query.get("after"),
        )
        tail = int(query["tail"]) if "tail" in query else None
        key = (environment, component) if query.get("follow") == "1" else None
        return self._stream_logs(reader, tail, key)

    async def _stream_logs(
        self, reader: LogReader, tail: int | None, followed: tuple[str, str] | None
    ) -> AsyncIterator[bytes]:
        for line in await asyncio.to_thread(_read_lines, reader, tail):
            yield line
        quiet_seconds = 0.0
        while followed is not None:
            is_last = followed not in self._agent.supervisors
            lines = await asyncio.to_thread(_read_lines, reader, None)
            for line in lines:
                yield line
            if is_last:
                return
            quiet_seconds = 0.0 if lines else quiet_seconds + _LOG_POLL_SECONDS
            if quiet_seconds >= _LOG_PULSE_SECONDS:
                quiet_seconds = 0.0
                yield _NOTHING
            if not lines:
                await asyncio.sleep(_LOG_POLL_SECONDS)

    async def _stream_events(self) -> AsyncIterator[bytes]:
        with self._agent.subscribe() as queue:
            yield _OK
            while True:
                environment, component = await queue.get()
                yield json.dumps({"environment": environment, "component": component}).encode()

    async def _answer_route(self, request: Request, rest: list[str]) -> bytes:
        traffic = self._agent.traffic
        match request.method, rest:
            case "GET", []:
                return _render([asdict(route) for _, route in sorted(traffic.routes.items())])
            case "GET", [environment, name]:
                found = traffic.routes.get(f"{environment}/{name}")
                return _render(None if found is None else asdict(found))
            case "PUT", [environment, name]:
                body = {key: str(value) for key, value in _parse(request).items()}
                await traffic.put(Route(environment=environment, name=name, **body))
                return _OK
            case "DELETE", [environment, name]:
                await traffic.delete(environment, name)
                return _OK
        raise _unknown(request)

    async def _answer_service(self, request: Request, environment: str, name: str) -> bytes:
        services = self._agent.services
        match request.method:
            case "PUT":
                body = {key: str(value) for key, value in _parse(request).items()}
                listen = await services.put(environment, name, **body)
                return _render({"listen": listen})
            case "GET":
                found = services.find(environment, name)
                return _render(None if found is None else asdict(found))
            case "DELETE":
                await services.delete(environment, name)
                return _OK
        raise _unknown(request)

    async def _answer_volume(self, request: Request, environment: str, name: str) -> bytes:
        volumes = self._agent.volumes
        match request.method:
            case "PUT":
                size = int(str(_parse(request)["size_bytes"]))
                found = await asyncio.to_thread(volumes.put, environment, name, size)
                return _render(_describe_volume(found))
            case "GET":
                seen = await asyncio.to_thread(volumes.find, environment, name)
                return _render(None if seen is None else _describe_volume(seen))
            case "DELETE":
                self._agent.check_volume_is_free(environment, name)
                await asyncio.to_thread(volumes.delete, environment, name)
                return _OK
        raise _unknown(request)


def _describe_volume(volume: Volume) -> dict[str, object]:
    return {**asdict(volume), "source": str(volume.source)}


def _read_lines(reader: LogReader, tail: int | None) -> list[bytes]:
    return [render_line(line) for line in reader.read(tail)]


def render_line(line: LogLine) -> bytes:
    """Return a log line as JSON."""
    return msgspec.json.encode(line)


def _render(value: object) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


def _parse(request: Request) -> dict[str, object]:
    try:
        body: object = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(
            "REQUEST-INVALID",
            what=f"cannot {request.method} '/{'/'.join(request.path)}'",
            why="its body is not a JSON object",
            fix="send a JSON object",
            status=400,
        )
    return body


def _unknown(request: Request) -> Refused:
    return Refused(
        "REQUEST-UNKNOWN",
        what=f"cannot {request.method} '/{'/'.join(request.path)}'",
        why="the agent knows no such request",
        fix="use the client of the same version of Fairway as the agent",
        status=404,
    )
