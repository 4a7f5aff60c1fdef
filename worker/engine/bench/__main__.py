"""`python -m worker.engine.bench`: engines side by side on a random checkpoint, as JSON.

It needs nothing but the engine's own packages, so that it runs on a machine lent for an hour.
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from worker.engine import device as devices
from worker.engine.bench import rounds, surroundings
from worker.engine.bench.comparison import ratios
from worker.engine.bench.job import Job
from worker.engine.bench.report import Contender, Document, EngineName, Form, SizeName
from worker.engine.bench.rounds import Plan
from worker.engine.random_checkpoint import write

BATCHES = (1, 8, 4, 32, 16)
"""The most important first: time may not be enough for all."""
CHUNKS = {"cpu": 4, "cuda": 12}
"""Between harvests, in one call: 26 and 122 frames."""
_ON_CPU: tuple[tuple[EngineName, Form], ...] = (
    ("package", "fp32"),
    ("package", "bf16"),
    ("ours", "fp32"),
    ("ours", "bf16"),
    ("ours", "int8"),
    ("faster", "bf16"),
)
_ON_GPU: tuple[Form, ...] = ("fp32", "bf16", "fp16")
ENDURANCE = (200, 1000)
"""Generations after which memory is looked at."""


def main(arguments: Sequence[str]) -> None:
    """Measure and write the document; progress goes to stderr."""
    asked = _parser().parse_args(arguments)
    device = devices.resolve(asked.device)
    command = shlex.join(["python", "-m", "worker.engine.bench", *arguments])
    text = ""
    with tempfile.TemporaryDirectory() as scratch:
        for document in documents(asked, device, Path(scratch), command):
            text = f"{document.model_dump_json(indent=2)}\n"
            if asked.json:
                # Written again and again: whoever is stopped half-way keeps what was measured.
                asked.json.write_text(text, encoding="utf-8")
    if not asked.json:
        sys.stdout.write(text)


def documents(
    asked: argparse.Namespace, device: torch.device, scratch: Path, command: str
) -> Iterator[Document]:
    """All that is known, after each process."""
    plan = _plan(asked, device, scratch)
    document = Document(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=asked.commit,
        command=command,
        machine=surroundings.machine(device, plan.threads),
        versions=surroundings.versions(plan.extra),
        size=asked.size,
        rounds=asked.rounds,
        minutes=asked.minutes,
        results=(),
    )
    for found in _found(asked, plan, scratch):
        document = document.model_copy(update=found)
        yield document.model_copy(update={"ratios": ratios(document)})


def _found(asked: argparse.Namespace, plan: Plan, scratch: Path) -> Iterator[dict[str, Any]]:
    """Fields of the document, as they become known."""
    if not asked.only_endurance:
        for results in rounds.measure(plan, scratch):
            yield {"results": tuple(results)}
        _tell("agreement of our formats with fp32")
        told = rounds.run(plan, _job("agreement", plan, scratch))
        yield {"agreement": tuple(told.agreement)}
    if asked.endurance or asked.only_endurance:
        _tell("memory over many generations")
        told = rounds.run(plan, _job("endurance", plan, scratch, tuple(asked.generations)))
        yield {"endurance": told.endurance}


def contenders(device: torch.device) -> tuple[Contender, ...]:
    """Every engine in every format that the device has, the slowest first."""
    if device.type == "cpu":
        return tuple(Contender(engine=engine, form=form) for engine, form in _ON_CPU)
    shipped = [Contender(engine="package", form=form) for form in _ON_GPU]
    ours = [
        Contender(engine="ours", form=form, graphs=graphs)
        for form in _ON_GPU
        for graphs in (True, False)
    ]
    return (*shipped, *ours, Contender(engine="faster", form="bf16", graphs=True))


def _plan(asked: argparse.Namespace, device: torch.device, scratch: Path) -> Plan:
    _tell(f"writing a random checkpoint of size {asked.size}")
    return Plan(
        folder=write(scratch / "checkpoint", asked.size, "custom_voice", ends=False),
        device=str(device),
        threads=asked.threads or surroundings.cores(),
        contenders=tuple(it for it in contenders(device) if it.engine in asked.engines),
        batches=tuple(rows for rows in BATCHES if rows <= asked.most_rows),
        chunks=asked.chunks or CHUNKS[device.type],
        rounds=asked.rounds,
        seconds=60 * asked.minutes,
        tell=_tell,
        extra=asked.faster_path,
    )


def _job(
    task: Literal["agreement", "endurance"],
    plan: Plan,
    scratch: Path,
    generations: tuple[int, ...] = (),
) -> Job:
    """What is measured of our engine alone: in fp32, or as a GPU usually speaks."""
    usual = task == "endurance" and torch.device(plan.device).type == "cuda"
    return Job(
        task=task,
        contender=Contender(engine="ours", form="bf16" if usual else "fp32", graphs=usual),
        folder=plan.folder,
        out=scratch / "told.json",
        device=plan.device,
        threads=plan.threads,
        chunks=plan.chunks,
        seconds=plan.seconds,
        generations=generations,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.engine.bench", description=__doc__)
    add = parser.add_argument
    add("--size", choices=get_args(SizeName), default="0.6B")
    add("--json", type=Path, help="file for the document instead of standard output")
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--engines", nargs="+", choices=get_args(EngineName), default=get_args(EngineName))
    add("--most-rows", type=int, default=max(BATCHES), help="the largest batch")
    add("--rounds", type=int, default=3, help="the document holds the medians")
    add("--minutes", type=float, default=7.0, help="for all speeds; what does not fit is left out")
    add("--chunks", type=int, default=0, help="length of a call; 0: by the device")
    add("--threads", type=int, default=0, help="of the CPU; 0: one for each core")
    add("--endurance", action="store_true", help="look at memory over many generations as well")
    add("--only-endurance", action="store_true", help="look at nothing else")
    add("--generations", type=int, nargs="+", default=ENDURANCE)
    add("--faster-path", type=Path, help="folder in which faster-qwen3-tts is installed")
    add("--commit", default="unknown", help="of the code that is measured")
    return parser


def _tell(text: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
