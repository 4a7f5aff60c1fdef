"""What the pipelines take besides the engine: seconds of a core for a minute of finished audio.

The whole is what the processes of a service spend on one job; espeak-ng, which stands in for the
engine, speaks in a child of the worker and is left out. Its parts are measured by themselves.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from shared import connection
from shared.assembly.assembling import Materials, assemble
from shared.assembly.renewing import sounds_of
from shared.audio import flac, seams, soundcheck
from shared.audio.pcm import Samples
from shared.client import Client
from shared.plans.directory import Directory, Known
from shared.plans.planning import Document, plan
from shared.requests import CONTRACTS
from shared.requests.pipeline import Pipeline
from shared.speakers import SPEAKERS
from shared.stores import takes
from shared.stores.folder import FolderOutputs
from tools.bench import service, texts
from tools.bench.service import Service

WHOLE = "**the pipeline's own time**"
WARM_UP = 0.2
"""Minutes of a recording that is not counted."""
FORMATS = ("m4b", "mp3")
"""Of a narration, besides the one that it has unless told otherwise."""

_PRESETS = Directory(
    {it.id: Known(it.id, it.name, "preset", it.language) for it in SPEAKERS.values()}
)

Figures = dict[str, float]
"""What was done → seconds of a core for a minute of finished audio."""


def measure(where: Service, task: str, minutes: float) -> Figures:
    """One job of a pipeline, of about that length. Raises JobFailed."""
    asked = texts.request(texts.DOCUMENTS[task](minutes))
    with Client(where.url) as client:
        before = _spent(where)
        job, result = service.done(client, task, asked)
        spent = {name: after - before[name] for name, after in _spent(where).items()}
    spent = {WHOLE: sum(spent.values()), **spent, **dict(_parts(where, job, task, asked))}
    return {what: seconds / result["duration_seconds"] * 60 for what, seconds in spent.items()}


def _spent(where: Service) -> Figures:
    """Seconds of a core that each process has used so far."""
    api, worker = (psutil.Process(where.pids[name]) for name in ("api", "worker"))
    # Plans are made by a child that stays.
    planning = [api, *api.children(recursive=True)]
    with connection.patient(where.redis_url) as redis:
        told = redis.info("cpu")
    return {
        "… of the worker": _used(worker),
        "… of the API, which plans": sum(map(_used, planning)),
        "… of Redis": told["used_cpu_user"] + told["used_cpu_sys"],
    }


def _used(process: psutil.Process) -> float:
    """Without its children."""
    times = process.cpu_times()
    return times.user + times.system


def _parts(
    where: Service, job: str, task: str, asked: dict[str, Any]
) -> Iterator[tuple[str, float]]:
    """Each part done once more in this process, with what the job has left."""
    request = CONTRACTS[task].parse(asked)
    assert isinstance(request, Pipeline)
    document = Document(str(request.text).encode())
    yield "planning", _seconds(lambda: plan(request, document, _PRESETS))
    store = FolderOutputs(where.outputs_dir)
    made = takes.plan_of(store, job)
    sounds = sounds_of(made, takes.table_of(store, job), where.outputs_dir / job)
    kept = [(sound.taken(), made.by_number[number].seconds) for number, sound in sounds.items()]
    yield "checking, trimming and keeping the lines", _seconds(lambda: _keep(kept))
    for format in (request.format, *(FORMATS if task == "narration" else ())):
        changed = request.model_copy(update={"format": format})
        with TemporaryDirectory() as folder:
            materials = Materials(changed, made, sounds, Path(folder), job)
            yield f"assembly, {format}", _seconds(partial(assemble, materials))


def _keep(lines: Sequence[tuple[Samples, float]]) -> None:
    """What becomes of a take before the next one."""
    for samples, expected in lines:
        soundcheck.faults(samples, expected)
        flac.dumps(samples)
        seams.dress(samples)


def _seconds(work: Callable[[], object]) -> float:
    """Of a core, in all threads of this process."""
    before = time.process_time()
    work()
    return time.process_time() - before
