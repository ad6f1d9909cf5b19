"""Reading logs: whole, the tail, from a cursor on, following, by release."""

from dataclasses import replace
from itertools import islice

from tests.contract.target import program
from tests.contract.target.stage import Stage, make_spec, read_lines, read_texts, run
from tests.deadline import wait_until


def test_lines_come_in_order_with_their_stream(stage: Stage) -> None:
    spec = make_spec(
        stage,
        "import sys, time\nprint('one')\nprint('two', file=sys.stderr)\ntime.sleep(99)",
    )
    run(stage, spec)
    wait_until(lambda: len(read_texts(stage, spec)) == 2)
    lines = list(read_lines(stage, spec.environment, spec.component))
    assert sorted((line.stream, line.text) for line in lines) == [
        ("stderr", "two"),
        ("stdout", "one"),
    ]
    assert [line.at for line in lines] == sorted(line.at for line in lines)


def test_tail_and_cursor_select(stage: Stage) -> None:
    spec = make_spec(stage, program.COUNTER, "50", "0")
    run(stage, spec)
    wait_until(lambda: len(read_texts(stage, spec)) == 50)
    where = (spec.environment, spec.component)
    tail = list(read_lines(stage, *where, tail=3))
    assert [line.text for line in tail] == ["line 47", "line 48", "line 49"]
    everything = list(read_lines(stage, *where))
    rest = read_lines(stage, *where, after=everything[9].cursor)
    assert [line.text for line in rest] == [f"line {number}" for number in range(10, 50)]
    assert list(read_lines(stage, *where, after=tail[-1].cursor)) == []


def test_following_gives_lines_as_they_come(stage: Stage) -> None:
    spec = make_spec(stage, program.COUNTER, "100000", "0.05")
    run(stage, spec)
    lines = read_lines(stage, spec.environment, spec.component, is_following=True)
    texts = [line.text for line in islice(lines, 20)]
    assert texts == [f"line {number}" for number in range(20)]


def test_following_ends_with_the_workload(stage: Stage) -> None:
    spec = make_spec(stage, program.SLEEPER)
    run(stage, spec)
    lines = read_lines(stage, spec.environment, spec.component, is_following=True)
    assert next(lines).text == "asleep"
    stage.target.delete(spec.environment, spec.component)
    assert list(lines) == []


def test_the_lines_of_a_release_can_be_read_after_it_is_gone(stage: Stage) -> None:
    spec = make_spec(stage, "import time\nprint('first', flush=True)\ntime.sleep(99)")
    run(stage, spec)
    wait_until(lambda: read_texts(stage, spec) == ["first"])
    run(stage, replace(spec, release=2, generation="second"))
    old = read_lines(stage, spec.environment, spec.component, release=1)
    assert [line.text for line in old] == ["first"]


def test_two_replicas_are_told_apart_and_resumed_exactly(stage: Stage) -> None:
    spec = make_spec(stage, program.COUNTER, "30", "0.01", replicas=2)
    run(stage, spec)
    wait_until(lambda: len(read_texts(stage, spec)) == 60)
    where = (spec.environment, spec.component)
    everything = list(read_lines(stage, *where))
    assert len({line.instance for line in everything}) == 2
    for cut in (0, 17, 58):
        rest = list(read_lines(stage, *where, after=everything[cut].cursor))
        assert rest == everything[cut + 1 :]


def test_logs_stay_within_their_size(stage: Stage) -> None:
    spec = make_spec(
        stage, program.COUNTER, "5000", "0", settings={"logSize": "20Ki", "logFiles": 2}
    )
    run(stage, spec)
    wait_until(lambda: read_texts(stage, spec)[-1:] == ["line 4999"])
    texts = read_texts(stage, spec)
    first = int(texts[0].split()[1])
    assert first > 0
    assert texts == [f"line {number}" for number in range(first, 5000)]
