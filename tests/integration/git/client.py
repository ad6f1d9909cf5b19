"""The stock git client, alone with its own configuration and a token."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a git command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Client:
    """Git for one user of the platform on `port`, working below `folder`."""

    folder: Path
    port: int
    token: str

    def url(self, repository: str) -> str:
        return f"http://any:{self.token}@127.0.0.1:{self.port}/git/{repository}.git"

    def run(self, *arguments: str, at: str = ".", stdin: str = "") -> Outcome:
        """Run git in the folder `at` to its end."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder / at,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **{
                f"GIT_{role}_{part}": value
                for role in ("AUTHOR", "COMMITTER")
                for part, value in (("NAME", "Ana"), ("EMAIL", "ana@example.com"))
            },
        }

    def must(self, *arguments: str, at: str = ".", stdin: str = "") -> str:
        """Run git, which has to succeed, and return its output."""
        outcome = self.run(*arguments, at=at, stdin=stdin)
        assert outcome.code == 0, f"git {arguments}: {outcome.out}\n{outcome.err}"
        return outcome.out

    def clone(self, repository: str, at: str, *options: str) -> Path:
        """Clone into the folder `at` and return it."""
        self.must("clone", "--quiet", *options, self.url(repository), at)
        return self.folder / at

    def commit(self, at: str, message: str = "Change", **files: str) -> str:
        """Write files, commit them and return the commit's id; `__` in a name is a dot."""
        for name, content in files.items():
            (self.folder / at / name.replace("__", ".")).write_text(content)
        self.must("add", "--all", at=at)
        self.must("commit", "--quiet", "--allow-empty", "-m", message, at=at)
        return self.must("rev-parse", "HEAD", at=at).strip()
