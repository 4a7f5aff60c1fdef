"""Takes of the lines of finished outputs: further ones are kept, and one of each line is heard."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from shared.audio import flac, pcm
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import (
    Conflict,
    InvalidRequest,
    RecordDamaged,
    UnknownFile,
    UnknownLine,
    UnknownOutput,
)
from shared.plans.plan import Plan
from shared.plans.table import LINES, PLAN, LineTable, Take, take_name
from shared.requests import CONTRACTS
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.stores import disk, master
from shared.stores.facts import fact_of
from shared.stores.outputs import METADATA, OutputStore
from shared.stores.recipe import Recipe

Record = TypeVar("Record", Plan, LineTable)

_WHOLE = 1 << 30
"""More bytes than a plan, a table or a take has."""


@dataclass(frozen=True)
class Spoken:
    """What a job has made of a line."""

    job: str
    seed: int
    text: str
    """As it is written."""
    said: str
    """As it was spoken."""
    role: Role
    """Who spoke, and how."""
    finish_reason: str = "stop"


def plan_of(store: OutputStore, run: str) -> Plan:
    """The plan of an output. Raises UnknownOutput, Conflict for one without, and RecordDamaged."""
    return _opened(store, run, PLAN, Plan)


def table_of(store: OutputStore, run: str) -> LineTable:
    """The lines of an output. Raises UnknownOutput, Conflict for one without, and RecordDamaged."""
    return _opened(store, run, LINES, LineTable)


def request_of(recipe: Recipe) -> Pipeline:
    """What an output was asked for as. Raises Conflict where no pipeline of today made it."""
    declared = CONTRACTS.get(recipe.task)
    if declared is None or not issubclass(declared, Pipeline):
        raise without_lines()
    try:
        return declared.parse(recipe.request)
    except InvalidRequest as error:
        raise Conflict(
            f"Another version of the service made this output: {error.message}",
            param="id",
            hint="Send its document again: lines that have not changed are taken over.",
        ) from error


def adopt(store: OutputStore, output: str, number: int, spoken: Spoken) -> Take:
    """Add the sound of a finished job to the takes of a line; it is heard once it is chosen.

    A job that was adopted before is not adopted twice. Raises UnknownOutput, UnknownLine, Conflict,
    RecordDamaged and StoreUnavailable.
    """
    samples = pcm.decode(master.read(store, spoken.job, 0, _WHOLE // pcm.SAMPLE_BYTES))
    with store.amend(output) as folder:
        table = _read(folder, output)
        row = table.row(number)
        known = next((take for take in row.takes if take.job == spoken.job), None)
        if known:
            return known
        count = 1 + max((take.number for take in row.takes), default=0)
        take = Take(
            number=count,
            file=take_name(number, count),
            seed=spoken.seed,
            seconds=len(samples) / SAMPLE_RATE,
            text=spoken.text,
            said=spoken.said,
            role=spoken.role,
            finish_reason=spoken.finish_reason,
            made_at=time.time(),
            job=spoken.job,
        )
        row.takes.append(take)
        disk.write(folder / take.file, flac.dumps(samples))
        _write(folder, table, [folder / take.file])
    return take


def choose(store: OutputStore, output: str, number: int, take: int) -> LineTable:
    """Let another take of a line be heard, once the recording is assembled anew.

    Raises UnknownOutput, UnknownLine, Conflict, RecordDamaged and StoreUnavailable.
    """
    with store.amend(output) as folder:
        table = _read(folder, output)
        row = table.row(number)
        if take not in {it.number for it in row.takes}:
            raise UnknownLine(f"Line {number} has no take {take}.", param="take")
        if row.chosen != take or row.state != "spoken":
            row.chosen, row.state, row.why = take, "spoken", ""
            table.revision += 1
            _write(folder, table, [])
    return table


def _opened(store: OutputStore, run: str, name: str, record: type[Record]) -> Record:
    try:
        data = store.read(run, name, 0, _WHOLE)
    except UnknownFile as error:
        if not store.finished(run):
            raise UnknownOutput("There is no such output.", param="id") from error
        raise without_lines() from error
    return _parsed(record, data, run, name)


def _read(folder: Path, run: str) -> LineTable:
    try:
        return _parsed(LineTable, (folder / LINES).read_bytes(), run, LINES)
    except FileNotFoundError as error:
        raise without_lines() from error


def _parsed(record: type[Record], data: bytes, run: str, name: str) -> Record:
    try:
        return record.model_validate_json(data)
    except ValueError as error:
        raise RecordDamaged(f"{run}/{name} cannot be understood.") from error


def without_lines() -> Conflict:
    """What to say of an output that no pipeline has made, or whose text was not kept."""
    return Conflict(
        "This output has no lines that could be spoken again.",
        param="id",
        hint="Pipelines keep theirs, unless STORE_TEXT is off.",
    )


def _write(folder: Path, table: LineTable, files: list[Path]) -> None:
    """The table, and what the metadata say of it and of `files`."""
    disk.write(folder / LINES, table.model_dump_json(indent=1).encode())
    recipe = Recipe.model_validate_json((folder / METADATA).read_bytes())
    for path in (*files, folder / LINES):
        recipe.files[path.name] = fact_of(path)
    disk.write(folder / METADATA, recipe.model_dump_json(indent=1).encode())
