"""Git's own server, `git http-backend`.

Belongs here: its environment. Never here: starting it (`fairway.api.git`).
"""

from collections.abc import Mapping

from fairway.drivers.git.command import MARK, make_environment
from fairway.drivers.git.hook_server import HookGate
from fairway.ports.git_server import GitCommand, GitRequest, GitServer
from fairway.ports.source_control import SourceControl

# What git calls the headers that it reads. Not the body's length: its end says enough, and
# git waits for ever, at work, for the rest of a body whose sender has gone.
_VARIABLES = {
    "content-type": "CONTENT_TYPE",
    "content-encoding": "HTTP_CONTENT_ENCODING",
    "git-protocol": "GIT_PROTOCOL",
}


class GitHttpBackend(GitServer):
    """Serves the repositories of `source_control`; pushes pass through `gate`."""

    def __init__(
        self, source_control: SourceControl, gate: HookGate, *, max_push_bytes: int
    ) -> None:
        self.max_push_bytes = max_push_bytes
        self._source_control = source_control
        self._gate = gate
        self._settings: Mapping[str, str] = {
            "core.hooksPath": str(gate.folder),
            # Who moved a ref is told by its log, even when nobody was there to note it.
            "core.logAllRefUpdates": "always",
            "http.getanyfile": "false",
            "http.receivepack": "true",
            "receive.advertisePushOptions": "false",
            "receive.maxInputSize": str(max_push_bytes),
            "transfer.hideRefs": "refs/fairway",
        }

    def make_command(self, request: GitRequest) -> GitCommand:
        folder = self._source_control.get_path(request.repository)
        rest = "/info/refs" if request.is_advertisement else f"/{request.service}"
        environment = {
            **make_environment(self._settings),
            **self._gate.make_environment(request.repository),
            MARK: str(folder.parent),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_TRANSLATED": f"{folder}{rest}",
            "PATH_INFO": rest,
            "QUERY_STRING": f"service={request.service}" if request.is_advertisement else "",
            "REMOTE_USER": request.actor,
            "REMOTE_ADDR": "localhost",
            "REQUEST_METHOD": "GET" if request.is_advertisement else "POST",
            **{
                variable: request.headers[name]
                for name, variable in _VARIABLES.items()
                if name in request.headers
            },
        }
        return GitCommand(arguments=("git", "http-backend"), environment=environment)
