"""The target `process`: this machine, through its agent.

Belongs here: the port's contract on top of the agent's client. Never here: what the agent does.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from fairway.agent.api.client import AgentClient
from fairway.agent.order import Order
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest
from fairway.kits.errors import Unavailable
from fairway.ports.target import LogLine, Target, WorkloadSpec, WorkloadStatus


class ProcessTarget(Target):
    """Runs workloads as processes.

    `unpack` gives the folder of an artifact (`app/`, `deps/`), `python` is the interpreter that
    artifacts are built for. A file's or volume's relative path is below the working directory;
    an absolute one is shown to the workload alone, where the machine permits that.
    """

    def __init__(
        self, agent: AgentClient, *, unpack: Callable[[Digest], Path], python: Path
    ) -> None:
        self._agent, self._unpack, self._python = agent, unpack, python

    def get_config_schema(self) -> JsonObject:
        """Return the schema of an empty object: there is one machine, and it is this one."""
        return {"type": "object", "additionalProperties": False, "properties": {}}

    def apply(self, spec: WorkloadSpec) -> None:
        """Hand the spec to the agent; it is durable there on return."""
        tree = self._unpack(Digest(spec.artifact))
        self._agent.put_workload(Order(spec=spec, tree=tree, python=self._python))

    def observe(self, environment: str, component: str) -> WorkloadStatus:
        """Return the agent's view."""
        return self._agent.get_workload(environment, component)

    def delete(self, environment: str, component: str) -> None:
        """Want nothing; `observe` says `absent` once all is stopped."""
        self._agent.delete_workload(environment, component)

    def read_logs(
        self,
        environment: str,
        component: str,
        *,
        is_following: bool = False,
        tail: int | None = None,
        release: int | None = None,
        after: str | None = None,
    ) -> Iterator[LogLine | None]:
        """Yield lines; following outlives the agent and ends when the workload is gone."""
        query = {} if release is None else {"release": str(release)}
        if is_following:
            query["follow"] = "1"
        if tail is not None:
            query["tail"] = str(tail)
        while True:
            if after is not None:
                query["after"] = after
            try:
                for line in self._agent.read_logs(environment, component, query):
                    if line is not None:
                        after = line.cursor
                        query.pop("tail", None)
                    yield line
            except Unavailable:
                if not is_following:
                    raise
            if not is_following or self.observe(environment, component).phase == "absent":
                return

    def watch(self) -> Iterator[tuple[str, str] | None]:
        """Yield environment and component of each workload whose status changed.

        None comes whenever listening begins, also anew after the agent was killed: look at
        everything then.
        """
        while True:
            try:
                yield from self._agent.watch()
            except Unavailable:
                self._agent.get_health()

    def describe_capabilities(self) -> JsonObject:
        """Return one sentence for each thing that this machine permits, or does not."""
        found = self._agent.get_health()["capabilities"]
        return found if isinstance(found, dict) else {}
