"""Clone and push through the platform beside bare `git http-backend`.

A repository with 5,000 files is cloned, whole and shallow, and pushed to an empty one, by the
stock client. The peer is the simplest server there can be: a thread per request that starts
`git http-backend` and copies bytes. It knows no users, checks nothing and records nothing.
"""

import os
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import measure
from tests.running import RunningPlatform, start_platform

FILES = 5000
REPEAT = 4
# The body has a length then, which is all that the peer understands.
WHOLE = ("-c", "http.postBuffer=500000000")


class Bare(BaseHTTPRequestHandler):
    """Starts `git http-backend` for each request."""

    protocol_version = "HTTP/1.0"
    root = ""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        length = int(self.headers.get("Content-Length", 0))
        with subprocess.Popen(
            ["git", "http-backend"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            while length > 0:
                content = self.rfile.read(min(length, 1 << 18))
                process.stdin.write(content)
                length -= len(content)
            process.stdin.close()
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            shutil.copyfileobj(process.stdout, self.wfile, 1 << 18)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def serve_bare(root: Path) -> Iterator[int]:
    """Serve the repositories below `root` and give the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Served", (Bare,), {"root": str(root)}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_work(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return a working copy with one commit of many files."""
    work = folder / "work"
    chance = random.Random(0)
    words = [f"word{number}" for number in range(2000)]
    for number in range(FILES):
        path = work / f"part{number % 50}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(chance.choices(words, k=300)))
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(["git", *command], cwd=work, env=environment, check=True)
    return work


def make_repository(platform: RunningPlatform, bare: Path, name: str) -> None:
    """Make an empty repository on both sides."""
    platform.must("repo", "create", name, "--owner", "platform")
    folder = bare / f"{name}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(folder)], check=True)
    subprocess.run(["git", f"--git-dir={folder}", "config", "http.receivepack", "true"], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        bare = folder / "bare"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": text,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{role}_NAME": "Ana" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": "ana@example.com" for role in ("AUTHOR", "COMMITTER")},
        }
        work = make_work(folder, environment)
        with start_platform(folder) as platform, serve_bare(bare) as port:
            token = (platform.home / "token").read_text().strip()
            sides = {
                "through Fairway": f"http://x:{token}@127.0.0.1:{platform.port}/git",
                "bare": f"http://127.0.0.1:{port}",
            }
            run(platform, bare, work, sides=sides, environment=environment)


def run(
    platform: RunningPlatform,
    bare: Path,
    work: Path,
    *,
    sides: Mapping[str, str],
    environment: Mapping[str, str],
) -> None:
    """Print the figures of each kind of request."""
    found: dict[tuple[str, str], list[float]] = {}

    def take(what: str, side: str, *arguments: str) -> None:
        cost = measure.measure_command(["git", *WHOLE, *arguments], environment=environment)
        found.setdefault((what, side), []).append(cost.wall_seconds)

    measure.show_title(f"{FILES} files")
    for number in range(REPEAT):
        name = f"many-{number}"
        make_repository(platform, bare, name)
        # Whoever comes first meets what the one before has left to write.
        for side in sorted(sides, reverse=number % 2 == 0):
            at = f"{sides[side]}/{name}.git"
            take("push", side, "-C", str(work), "push", "--quiet", at, "main")
            for what, options in (("clone", ()), ("shallow clone", ("--depth", "1"))):
                target = str(work.parent / "clone")
                take(what, side, "clone", "--quiet", *options, at, target)
                shutil.rmtree(target)
            take("nothing to fetch", side, "-C", str(work), "ls-remote", at)
    ours, theirs = sides
    for what, side in found:
        if side == ours:
            measure.show(
                f"{what}, {ours}",
                statistics.median(found[what, ours]),
                "s",
                peer=(theirs, statistics.median(found[what, theirs])),
            )


if __name__ == "__main__":
    main()
