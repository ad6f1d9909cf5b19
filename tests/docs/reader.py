"""A reader who does what a page says, on a platform of their own.

Belongs here: the folder, the shell and the platform that a page's blocks see. Files named by a
block's title are written, console blocks are run in order. Start at `Reader.follow`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.page import ROOT, Block, Page
from tests.docs.transcript import Exchange, matches, parse_transcript, render_transcript
from tests.running import RunningPlatform, find_free_port

BIN = Path(sys.executable).parent
HOME = "~/.local/share/fairway"
READER = "ana"
_SECONDS = 180
_END_SECONDS = 60


@dataclass(slots=True)
class DocumentedPlatform(RunningPlatform):
    """A platform whose owner is `READER`; `ready` is what `fairway up` printed."""

    extra: dict[str, str] = field(default_factory=dict)
    ready: str = ""

    @property
    def environment(self) -> dict[str, str]:
        inherited = RunningPlatform.environment.fget(self)  # type: ignore[attr-defined]  # a property
        person = {"NAME": READER.title(), "EMAIL": f"{READER}@example.com"}
        git = {f"GIT_{who}_{key}": person[key] for who in ("AUTHOR", "COMMITTER") for key in person}
        return {**inherited, "LOGNAME": READER, **git, **self.extra}

    def up(self) -> None:
        """Start the control plane and keep the line by which it says that it is ready."""
        with (self.folder / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                [BIN / "fairway", "up"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline().rstrip()
        assert "is ready" in self.ready, (self.folder / "up.log").read_text()

    def wait_for_end(self) -> None:
        """Return when the control plane, which was told to, has ended."""
        assert self.process is not None
        self.process.wait(_END_SECONDS)
        self._forget()


@dataclass(slots=True)
class Reader:
    """Follows one page in `folder`; `aliases` are real addresses by the documented ones."""

    platform: DocumentedPlatform
    folder: Path
    aliases: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.aliases |= {
            "127.0.0.1:7480": f"127.0.0.1:{self.platform.port}",
            "localhost:7481": f"localhost:{self.platform.gateway_port}",
        }
        environment = self.platform.environment
        path = f"{BIN}:{environment.get('PATH', '')}"
        self.variables = {**environment, "PATH": path, "COLUMNS": "100", **self.variables}

    def follow(self, page: Page) -> str:
        """Do what `page` says; return it with what was printed where that was another thing."""
        text, shift = page.text, 0
        for block in page.blocks:
            if block.title:
                self._write(block)
            elif block.language == "console":
                said = self._run_block(block)
                text = f"{text[: block.start + shift]}{said}{text[block.end + shift :]}"
                shift += len(said) - len(block.text)
        return text

    def _write(self, block: Block) -> None:
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._localise(block.text))

    def _run_block(self, block: Block) -> str:
        exchanges = parse_transcript(block.text)
        done = []
        for index, exchange in enumerate(exchanges):
            code, output = self._run(exchange.command)
            expected = block.exits if index == len(exchanges) - 1 else 0
            assert code == expected, f"line {block.line}: {exchange.command}: {code}\n{output}"
            lines = tuple(self._globalise(output).splitlines())
            is_same = matches(exchange.output, lines)
            done.append(exchange if is_same else Exchange(command=exchange.command, output=lines))
        return render_transcript(tuple(done))

    def _run(self, command: str) -> tuple[int, str]:
        if command == "fairway up":
            if self.platform.process is None:
                ours = {k: v for k, v in self.variables.items() if k.startswith("FAIRWAY_")}
                self.platform.extra |= ours
                self.platform.up()
            return 0, self.platform.ready
        after = self.folder / ".after"
        script = f'{self._localise(command)}\ncode=$?; env -0 >"{after}"; exit $code'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.variables.get("PWD_AFTER", self.folder),
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if after.exists():
            pairs = (item.partition("=") for item in after.read_text().split("\0") if item)
            self.variables = {name: value for name, _, value in pairs}
            self.variables["PWD_AFTER"] = self.variables["PWD"]
            after.unlink()
        if command == "fairway down":
            self.platform.wait_for_end()
        return done.returncode, done.stdout

    def _localise(self, text: str) -> str:
        for documented, real in self.aliases.items():
            text = text.replace(documented, real)
        return text

    def _globalise(self, text: str) -> str:
        text = text.replace(str(self.platform.home), HOME)
        for documented, real in self.aliases.items():
            text = text.replace(real, documented)
        return text


def lay_out_example(folder: Path) -> None:
    """Put the example service into `folder` as a clone of the repository has it."""
    shutil.copytree(ROOT / "examples" / "orders", folder / "examples" / "orders")
    git = ["git", "-c", "user.name=ana", "-c", "user.email=ana@example.com"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Add orders"]):
        subprocess.run([*git, *command], cwd=folder, check=True, capture_output=True)


@contextmanager
def start_documented_platform(folder: Path, extra: dict[str, str]) -> Iterator[DocumentedPlatform]:
    """Run a platform in `folder` until the block ends; nothing of it runs afterwards."""
    folder.mkdir()
    running = DocumentedPlatform(folder, find_free_port(), find_free_port(), extra=extra)
    running.up()
    try:
        yield running
    finally:
        if running.process is not None:
            running.down()
        shutil.rmtree(running.data_root, ignore_errors=True)
