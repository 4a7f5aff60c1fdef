"""The recording of a finished output, assembled anew after another take of a line was chosen."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from shared.assembly.assembling import Assembled, Materials, Sound, assemble
from shared.errors import Conflict, UnknownFile
from shared.plans.plan import Plan
from shared.plans.table import LINES, LineTable, Take
from shared.stores import disk, takes
from shared.stores.facts import fact_of
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA, OutputStore
from shared.stores.recipe import LineCount, Recipe, Segment

_WHOLE = 1 << 30
_DIGITS = 6
"""Of seconds: microseconds, finer than a sample."""
_ASSEMBLING = ".assembling"
_PATIENCE = 3_600.0
"""Seconds that an assembly waits for another one of the same output."""
_LANE = 2
"""Digits at the end of an id that decide which assemblies wait for one another."""
_COVERS = ("cover.jpg", "cover.png")
"""What a run may keep as its cover."""


def sounds_of(plan: Plan, table: LineTable, folder: Path) -> dict[int, Sound]:
    """What is to be heard of each line: the takes that are chosen, as they lie in `folder`."""
    return {
        row.number: Sound(
            folder / take.file,
            take.text,
            take.role.speed,
            take.seed,
            tuple(take.faults),
        )
        for row in table.lines
        if (take := row.take)
    }


def segments_of(plan: Plan, table: LineTable, assembled: Assembled) -> list[Segment]:
    """Where each line is heard; the rows of the table learn it too."""
    rows = {row.number: row for row in table.lines}
    segments: list[Segment] = []
    for placed in assembled.placed:
        row, line = rows[placed.number], plan.by_number[placed.number]
        start, end = round(placed.start, _DIGITS), round(placed.end, _DIGITS)
        row.start, row.end = start, end
        take = row.take
        segments.append(
            Segment(
                start=start,
                end=end,
                text=take.text if take else line.text,
                similarity=take.similarity if take else None,
                line=line.number,
                speaker=line.speaker,
            )
        )
    return segments


def renew(store: OutputStore, run: str, work: Path) -> None:
    """Assemble an output anew in the empty folder `work`, and put what was made in its place.

    Nothing is done where the recording is of the present choices. Raises UnknownOutput, Conflict,
    RecordDamaged and StoreUnavailable.
    """
    while (table := takes.table_of(store, run)).assembled != table.revision:
        _renew(store, run, table, work)


def _renew(store: OutputStore, run: str, table: LineTable, work: Path) -> None:
    plan = takes.plan_of(store, run)
    recipe = Recipe.model_validate(store.metadata(run))
    request = takes.request_of(recipe)
    with disk.explained(work, disk.unmade(work)):
        fetched, made = work / "takes", work / "made"
        for folder in (fetched, made):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        chosen = [take for row in table.lines if (take := row.take)]
        _fetch(store, run, chosen, fetched)
        materials = Materials(
            request=request,
            plan=plan,
            sounds=sounds_of(plan, table, fetched),
            folder=made,
            run=run,
            cover=_cover(store, run),
            engine=table.engine,
        )
        assembled = assemble(materials)
    with store.amend(run) as folder:
        _put_in_place(folder, assembled, plan, table.revision)


def _fetch(store: OutputStore, run: str, chosen: Iterable[Take], folder: Path) -> None:
    for take in chosen:
        path = folder / take.file
        if not path.exists():
            path.write_bytes(store.read(run, take.file, 0, _WHOLE))


def _cover(store: OutputStore, run: str) -> bytes | None:
    for name in _COVERS:
        try:
            return store.read(run, name, 0, _WHOLE)
        except UnknownFile:
            continue
    return None


def _put_in_place(folder: Path, assembled: Assembled, plan: Plan, revision: int) -> None:
    """Choices that were made meanwhile stay, and are seen by the next turn."""
    recipe = Recipe.model_validate_json((folder / METADATA).read_bytes())
    table = LineTable.model_validate_json((folder / LINES).read_bytes())
    if table.assembled > revision:
        raise Conflict("A later choice has been assembled already.")
    for path in assembled.files:
        os.replace(path, folder / path.name)
        recipe.files[path.name] = fact_of(folder / path.name)
    table.assembled = revision
    segments = segments_of(plan, table, assembled)
    disk.write(folder / LINES, table.model_dump_json(indent=1).encode())
    recipe.files[LINES] = fact_of(folder / LINES)
    renewed = recipe.model_copy(
        update={
            "lines": _counted(recipe.lines, table),
            "segments": segments,
            "audio": assembled.audio,
            "sample_rate": assembled.sample_rate,
            "audio_samples": assembled.samples,
            "duration_seconds": assembled.samples / assembled.sample_rate,
        }
    )
    disk.write(folder / METADATA, renewed.model_dump_json(indent=1).encode())


def _counted(lines: LineCount | None, table: LineTable) -> LineCount | None:
    """A line that had failed may be heard now."""
    if lines is None:
        return None
    spoken = sum(1 for row in table.lines if row.state == "spoken")
    return lines.model_copy(update={"spoken": spoken, "failed": len(table.lines) - spoken})


def renew_in(root: Path, run: str) -> None:
    """The same for outputs in a folder, in a process of its own; one at a time for each output.

    What is locked is not the folder of the work, which goes when the work is done: outputs whose
    ids end alike wait for one another.
    """
    work = root / _ASSEMBLING / run
    with disk.alone(disk.lock(root / _ASSEMBLING / "lanes" / run[-_LANE:]), _PATIENCE):
        try:
            renew(FolderOutputs(root), run, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
