"""The control plane and its git processes are killed while pushes are under way.

FAIRWAY_GIT_KILLS sets how often.
"""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fairway.usecases.source import receive_push
from tests.deadline import wait_until
from tests.integration.git.client import Client
from tests.integration.git.hosting import Hosting, fsck, open_platform, prepare
from tests.running import find_free_port

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("FAIRWAY_GIT_KILLS", "50"))
REPOSITORY = "orders"
BRANCHES = ("main", "topic", "other")


def test_a_repository_survives_kills_in_mid_push(tmp_path: Path) -> None:
    home, seed = tmp_path / "home", random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ana = Client(tmp_path, find_free_port(), prepare(home, REPOSITORY))
    ana.must("init", "--quiet", "--initial-branch=main", "work")
    ana.must("remote", "add", "origin", ana.url(REPOSITORY), at="work")
    with Hosting(home, ana.port) as hosting:
        hosting.start()
        seconds = push(ana, chance, number=0)
        for number in range(1, KILLS + 1):
            kill_in_mid_push(ana, hosting, chance, number=number, seconds=seconds)
            hosting.start()
            push(ana, chance, number=0)  # the same again, which nothing may block
            if number % 10 == 0:
                fsck(home, REPOSITORY)
    fsck(home, REPOSITORY)
    assert not list((home / "repositories").rglob("tmp_objdir-*"))
    with open_platform(home) as platform:
        receive_push.find_missed(platform, REPOSITORY)
        assert receive_push.find_missed(platform, REPOSITORY) == ()
        heads = platform.source_control.list_refs(REPOSITORY)
        with platform.store.read() as tx:
            for ref, commit in heads.items():
                last = tx.repositories.find_last_push(REPOSITORY, ref.removeprefix("refs/heads/"))
                assert last is not None
                assert (last.after, last.actor) == (commit, "ana")
    assert len(heads) == len(BRANCHES)


def kill_in_mid_push(
    ana: Client, hosting: Hosting, chance: random.Random, *, number: int, seconds: float
) -> None:
    """Push something new, and kill all at some instant from git's start to its usual end."""
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(commit_and_push, ana, chance, number=number)
        wait_until(lambda: hosting.list_children() or pushing.done())
        time.sleep(chance.uniform(0, seconds))
        hosting.kill()
        pushing.result()


def push(ana: Client, chance: random.Random, *, number: int) -> float:
    """Push what there is, which has to succeed; return how long that took."""
    began = time.monotonic()
    assert commit_and_push(ana, chance, number=number)
    return time.monotonic() - began


def commit_and_push(ana: Client, chance: random.Random, *, number: int) -> bool:
    """Push to several branches at once; with a number, something new."""
    if number or not (ana.folder / "work" / "0").exists():
        for file in range(30):
            (ana.folder / "work" / str(file)).write_bytes(chance.randbytes(2000))
        ana.commit("work", f"Change {number}")
    outcome = ana.run(
        "push", "--atomic", "origin", *(f"HEAD:{name}" for name in BRANCHES), at="work"
    )
    return outcome.code == 0
