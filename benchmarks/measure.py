"""Measuring and printing, alike in every benchmark.

Belongs here: clocks, repetition, peaks of memory, the one form of a line. Never here: what is
measured, and no judgement: a benchmark prints figures and fails on none. What is compared is
measured in turns, so that a noisy neighbour hits both sides. Start at `compare`.
"""

import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

Task = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What something took."""

    wall_seconds: float
    cpu_seconds: float


def measure(task: Task) -> Cost:
    """Run `task` once, in this process alone."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return Cost(
        cpu_seconds=time.process_time() - cpu,
        wall_seconds=time.perf_counter() - wall,
    )


def compare(tasks: Mapping[str, Task], *, repeat: int) -> Mapping[str, Cost]:
    """Run the tasks in turns, `repeat` times each, and return the median cost of each."""
    costs: dict[str, list[Cost]] = {name: [] for name in tasks}
    for _ in range(repeat):
        for name, task in tasks.items():
            costs[name].append(measure(task))
    return {name: make_median(found) for name, found in costs.items()}


def make_median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each clock."""
    return Cost(
        wall_seconds=statistics.median(cost.wall_seconds for cost in costs),
        cpu_seconds=statistics.median(cost.cpu_seconds for cost in costs),
    )


def get_percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of `values` do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def measure_command(
    command: Sequence[str | Path], *, environment: Mapping[str, str], codes: Sequence[int] = (0,)
) -> Cost:
    """Run a command to its end; its ended children count as its own.

    Raises:
        RuntimeError: it ended with another code than one of `codes`.
    """
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            output.seek(0)
            raise RuntimeError(f"{command}: {output.read().decode()}")
    return Cost(wall_seconds=wall, cpu_seconds=usage.ru_utime + usage.ru_stime)


def time_processes(task: Callable[[str, Task], None], arguments: Sequence[str]) -> float:
    """Return the wall seconds that `task` takes in as many processes at once as `arguments`.

    The task gets its argument and a function to call when its preparation is done: the clock
    starts when every process did.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__"])
    barrier = context.Barrier(len(arguments) + 1, timeout=60)
    processes = [
        context.Process(target=_run_between, args=(barrier, task, argument))
        for argument in arguments
    ]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    return seconds


def _run_between(barrier: Barrier, task: Callable[[str, Task], None], argument: str) -> None:
    task(argument, barrier.wait)
    barrier.wait()


def measure_peak_bytes(task: Callable[[int], int], argument: int) -> int:
    """Return by how much memory grew at most while `task`, in a process of its own, ran.

    The task gets `argument`; it is a function of a module, and returns the size of its process
    when its preparation was done (`read_process`), for that is not counted.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_run_and_read_peak, task, argument).result()


def _run_and_read_peak(task: Callable[[int], int], argument: int) -> int:
    before = task(argument)
    return read_process("self", "VmHWM") - before


def read_process(pid: int | str, field: str = "VmRSS") -> int:
    """Return a field of a process's status in bytes: VmRSS, or VmHWM for its highest ever."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.removesuffix("kB")) * 1024
    raise LookupError(f"process {pid} has no {field}")


def read_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process and its ended children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def find_processes(*words: str) -> list[int]:
    """Return the processes whose command has each of `words` as an argument or within one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            arguments = path.read_bytes().decode(errors="replace").split("\0")
            if all(any(word in argument for argument in arguments) for word in words):
                found.append(int(path.parent.name))
    return found


def show_title(title: str) -> None:
    """Print what the lines that follow are about."""
    print(f"\n{title}", flush=True)


def show(what: str, figure: float, unit: str, *, peer: tuple[str, float] | None = None) -> None:
    """Print a figure, and its ratio to a peer: a name, and the peer's figure in the same unit."""
    line = f"  {what:<44} {_round(figure):>9} {unit:<10}"
    if peer is not None:
        name, value = peer
        line += f" {_round(figure / value):>7} × {name} ({_round(value)} {unit})"
    print(line.rstrip(), flush=True)


def _round(figure: float) -> str:
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}" if figure >= 1 else f"{figure:.3f}"
