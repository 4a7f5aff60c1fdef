"""Contenders in turn, each in a process of its own, in one order and then in the other."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from shared.settings import ROOT, Settings
from worker.engine.bench.comparison import REFERENCE, Codes, equal
from worker.engine.bench.job import Job, Told
from worker.engine.bench.report import Contender, Result, Speed

FIRST_ROUND = 0.6
"""Share of the time that the first round has, in which every batch is measured."""
AGAIN = (1, 8, 32)
"""Batches that are measured again: those that ratios are made of."""
GRACE = 600.0
"""Seconds that a process may take beyond its time: for loading, and for what it has begun."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how long that may take."""

    folder: Path
    """The checkpoint."""
    device: str
    threads: int
    contenders: tuple[Contender, ...]
    batches: tuple[int, ...]
    """The most important first."""
    chunks: int
    rounds: int
    seconds: float
    tell: Tell
    extra: Path | None = None
    """A folder that faster-qwen3-tts and what only it needs are installed in."""


def measure(plan: Plan, scratch: Path) -> Iterator[list[Result]]:
    """Every contender's figures so far, in the order of the plan, after each process."""
    told: dict[Contender, list[Told]] = {contender: [] for contender in plan.contenders}
    began, left = time.monotonic(), list(_turns(plan))
    for number, (turn, contender) in enumerate(left):
        if any(it.failure for it in told[contender]):
            continue
        share = 1.0 if plan.rounds == 1 else FIRST_ROUND
        end = began + plan.seconds * (share if turn == 0 else 1.0)
        same = sum(other == turn for other, _ in left[number:])
        seconds = max(0.0, end - time.monotonic()) / same
        plan.tell(f"round {turn + 1} of {plan.rounds}: {contender.name}")
        told[contender].append(run(plan, _job(plan, turn, contender, seconds, scratch)))
        codes = told[REFERENCE][0].codes if told.get(REFERENCE) else {}
        yield [_result(contender, parts, codes) for contender, parts in told.items()]


def run(plan: Plan, job: Job) -> Told:
    """What a process tells of a job; where it died, what it had told, and its last words."""
    log = job.out.with_suffix(".log")
    with log.open("w", encoding="utf-8") as words:
        try:
            status = subprocess.run(
                [sys.executable, "-m", "worker.engine.bench.child", job.model_dump_json()],
                cwd=ROOT,
                env=_environment(plan, job),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                timeout=job.seconds + GRACE,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status, ending = 1, "It took too long."
        else:
            ending = _last_words(log)
    told = Told.model_validate_json(job.out.read_bytes()) if job.out.is_file() else Told()
    job.out.unlink(missing_ok=True)
    if status:
        plan.tell(log.read_text(encoding="utf-8", errors="replace"))
        told.failure = ending
    return told


def _turns(plan: Plan) -> Iterator[tuple[int, Contender]]:
    """Rounds in alternating order, so that a machine that slows down slows all alike.

    The last ones, which are faster, begin: the time that they leave goes to the first ones.
    """
    for turn in range(plan.rounds):
        ordered = plan.contenders[::-1] if turn % 2 == 0 else plan.contenders
        yield from ((turn, contender) for contender in ordered)


def _job(plan: Plan, turn: int, contender: Contender, seconds: float, scratch: Path) -> Job:
    again = tuple(rows for rows in plan.batches if rows in AGAIN)
    return Job(
        task="speed",
        contender=contender,
        folder=plan.folder,
        out=scratch / "told.json",
        device=plan.device,
        threads=plan.threads,
        chunks=plan.chunks,
        batches=plan.batches if turn == 0 else again,
        seconds=seconds,
        count=turn == 0,
    )


def _environment(plan: Plan, job: Job) -> dict[str, str]:
    """Ours, less settings that a service may be given; the threads of every library alike."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in names}
    if job.contender.engine == "faster" and plan.extra:
        paths = [str(plan.extra), *filter(None, [kept.get("PYTHONPATH")])]
        kept["PYTHONPATH"] = os.pathsep.join(paths)
    return kept | {"OMP_NUM_THREADS": str(job.threads), "MKL_NUM_THREADS": str(job.threads)}


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "It died without a word."


def _result(contender: Contender, told: Sequence[Told], right: Codes) -> Result:
    speeds = tuple(_medians(told))
    loads = [it.load_seconds for it in told if it.load_seconds is not None]
    measured = {speed.rows for speed in speeds}
    return Result(
        contender=contender,
        load_seconds=median(loads) if loads else None,
        speeds=speeds,
        operations=next((it.operations for it in told if it.operations), None),
        equal=equal(told[0].codes, right) if told and contender != REFERENCE else (),
        skipped=tuple(sorted({rows for it in told for rows in it.skipped} - measured)),
        failure=next((it.failure for it in told if it.failure), ""),
    )


def _medians(told: Sequence[Told]) -> Iterator[Speed]:
    """Each batch once: the medians of what was timed in several rounds."""
    speeds = [speed for it in told for speed in it.speeds]
    for rows in sorted({speed.rows for speed in speeds}):
        alike = [speed for speed in speeds if speed.rows == rows]
        timed = [name for name in Speed.model_fields if name.endswith("_ms")]
        medians = {name: median(getattr(speed, name) for speed in alike) for name in timed}
        yield alike[0].model_copy(update=medians)
