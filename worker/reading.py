"""What all pipelines have in common: a plan is spoken line by line, heard in order, assembled.

Each line is a file as soon as it is spoken, so whatever breaks a job off costs the lines of one
group. A later attempt finds the others by what decides their sound.
"""

import logging
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from pydantic import ValidationError

from shared import languages
from shared.assembly.assembling import Materials, assemble
from shared.assembly.renewing import segments_of, sounds_of
from shared.audio import flac, pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.seams import dress
from shared.errors import EngineFailed, InvalidRequest, JobFailed, RecordDamaged, SpeechError
from shared.plans.plan import Line, Plan
from shared.plans.table import LINES, PLAN, LineTable, Take, sound_name
from shared.requests.declared import CheckpointKind
from shared.requests.pipeline import Pipeline
from shared.states import JobState
from worker import performing
from worker.booth import Booth, Made, Wanted, of_a_line
from worker.engine.protocol import Model
from worker.ledger import Ledger, Outcome
from worker.performing import (
    Artifact,
    Audio,
    Ended,
    Kept,
    Mastered,
    Piece,
    Remark,
    Stage,
    SteppedAside,
    Studio,
)
from worker.pulse import ENDING
from worker.schedule import Schedule
from worker.shelf import Predecessor, Shelf
from worker.troupe import Troupe

_SPEAKING = 0.95
"""Share of the work that is speaking; the rest is assembly."""
_MOST_REMARKS = 50
"""Warnings of a plan, and of single lines; the plan and the table have them all."""
MORE = "There is more to say of single lines: lines.json tells it of each."
MORE_OF_PLAN = "There are more warnings: plan.json has all of them."
_LONGEST_OPENING = 600.0
_LONGEST_FILM = 86_400.0
"""Seconds that a plan may ask for, whoever has written it."""
_PNG = b"\x89PNG"

log = logging.getLogger(__name__)


def read_plan(request: Pipeline, studio: Studio) -> Generator[Piece]:
    """The performer of every pipeline: speak the plan, and assemble what it is for.

    Raises SteppedAside between two groups of lines, UnknownUpload, RecordDamaged, InvalidRequest
    for a plan that cannot be spoken, and the first reason where not one line could be.
    """
    plan = _plan(request, studio)
    yield from _Reading(request, studio, plan).perform()


class _Reading:
    """One attempt at a plan."""

    def __init__(self, request: Pipeline, studio: Studio, plan: Plan) -> None:
        self._request = request
        self._studio = studio
        self._plan = plan
        self._ledger = Ledger(plan, request, studio.settings.store_text)
        self._shelf = Shelf(studio)
        self._predecessor = _predecessor(request, studio)
        self._troupe = Troupe(studio, request, plan, self._shelf, self._predecessor)
        self._booth = Booth(studio, request.retakes)
        self._stale: set[str] = set()
        """Keys of takes that are made anew: what was streamed of them is another sound."""
        self._turn = 0
        """How many lines were streamed."""
        self._shifted = False
        """Whether a line is left out that may have been streamed: nothing after it lies where it
        lay."""
        self._remarked = 0
        """Warnings of single lines, in earlier attempts too."""
        self._loaded: CheckpointKind | None = None

    def perform(self) -> Generator[Piece]:
        yield from map(Remark, self._plan.warnings[:_MOST_REMARKS])
        if len(self._plan.warnings) > _MOST_REMARKS:
            yield Remark(MORE_OF_PLAN)
        self._count()
        checkpoints = self._troupe.checkpoints(self._plan.lines)
        yield from self._recall()
        yield from self._stream()
        schedule = Schedule(self._ledger.open(), self._troupe.kind)
        while schedule:
            yield from self._speak(schedule)
            yield from self._stream()
            if schedule and (state := self._studio.between()) is not JobState.RUNNING:
                raise SteppedAside(state)
        self._ledger.require_some()
        yield from self._finish(", ".join([self._studio.engine, *checkpoints]))

    # --- what is there already -------------------------------------------------------------------

    def _recall(self) -> Iterator[Piece]:
        """Settle what this job, or the one that it continues, has spoken already."""
        for line in self._ledger.open():
            self._studio.pulse.watch()
            try:
                found = self._recalled(line)
            except SpeechError as error:
                if not of_a_line(error):
                    raise
                yield from self._fail(line, error)
                continue
            if found:
                self._settle(line, found)
                self._studio.typical = False
                self._remarked += bool(found.error or (found.take and found.take.faults))

    def _recalled(self, line: Line) -> Outcome | None:
        key = self._ledger.key(line)
        take = self._shelf.find(key)
        try:
            sounding = self._troupe.sounding(line)
        except SpeechError as error:
            if take and of_a_line(error):
                # Its voice is gone, and cannot have been changed.
                return Outcome(take, streamed=True)
            raise
        if take and sounding and take.sounding == sounding:
            return Outcome(take, streamed=True)
        if take:
            self._stale.add(key)
        if why := self._shelf.failure(key):
            self._shifted = self._shifted or take is not None
            return Outcome(None, JobFailed(why))
        return self._taken_over(line, sounding) if sounding else None

    def _taken_over(self, line: Line, sounding: str) -> Outcome | None:
        """A take of the predecessor becomes one of this job; None if there is none that is whole
        and would sound the same today."""
        if self._predecessor is None:
            return None
        take = self._predecessor.find(self._ledger.key(line))
        if take is None or take.sounding != sounding:
            return None
        origin = take.job or self._predecessor.run
        try:
            sound = self._predecessor.read(take.file) or b""
            return Outcome(self._kept(line, sound, take.model_copy(update={"job": origin})))
        except RecordDamaged as error:
            log.warning("A take of %s is not taken over: %s", origin, error.message)
            return None

    # --- speaking --------------------------------------------------------------------------------

    def _speak(self, schedule: Schedule) -> Iterator[Piece]:
        """Speak the next group of lines, or make the voices that are wanted first."""
        live = self._studio.live or self._studio.listened()
        kind = schedule.turn(live, self._loaded)
        if kind == "base" and (described := self._troupe.undesigned(schedule.left())):
            # All of them before any line: each swap of checkpoints takes as long as many lines.
            self._troupe.design(described)
            yield from map(Remark, self._troupe.told())
            yield Stage("speaking")
            return
        model = self._studio.model(kind, self._request.size)
        self._loaded = kind
        group = schedule.group(kind, live, model.report)
        if len(group) > model.report.live_batch:
            self._studio.typical = False
        wanted: dict[int, Wanted] = {}
        for line in group:
            try:
                wanted[line.number] = self._troupe.wanted(model, line, live)
            except SpeechError as error:
                if not of_a_line(error):
                    raise
                yield from self._fail(line, error)
        yield from self._made(model, [line for line in group if line.number in wanted], wanted)
        yield from map(Remark, self._troupe.told())
        yield Stage("speaking")

    def _made(
        self, model: Model, lines: Sequence[Line], wanted: Mapping[int, Wanted]
    ) -> Iterator[Piece]:
        takes = self._booth.speak(model, [wanted[line.number] for line in lines])
        for line, made in zip(lines, takes, strict=True):
            yield from map(Remark, made.notes)
            try:
                self._keep(line, made)
            except EngineFailed as error:
                yield from self._fail(line, error)
                continue
            if made.retaken:
                self._studio.typical = False
            if made.faults:
                yield from self._remark(f"{_named(line)}: {' '.join(made.faults)}")

    def _keep(self, line: Line, made: Made) -> None:
        """Raises EngineFailed where there is no sound, or none that can be kept."""
        if made.error:
            raise EngineFailed(made.error.message) from made.error
        take = Take(
            file=sound_name(self._ledger.key(line)),
            seed=made.seed,
            seconds=len(made.samples) / SAMPLE_RATE,
            text=line.text,
            said=line.said,
            role=line.role,
            finish_reason=made.finish_reason,
            notes=list(made.notes),
            retaken=made.retaken,
            faults=list(made.faults),
            similarity=made.similarity,
            sounding=self._troupe.sounding(line),
            made_at=time.time(),
        )
        self._settle(line, Outcome(self._kept(line, flac.dumps(made.samples), take)))

    def _kept(self, line: Line, sound: bytes, take: Take) -> Take:
        """Put a take on the shelf, as one of this line. Raises RecordDamaged."""
        key = self._ledger.key(line)
        heard = 0 if key in self._stale else len(dress(flac.loads(sound), line.role.speed))
        about = {"file": sound_name(key), "number": 1, "heard": heard}
        take = self._ledger.of(line, take).model_copy(update=about)
        self._shelf.keep(key, sound, take)
        return take

    def _fail(self, line: Line, error: SpeechError) -> Iterator[Piece]:
        key = self._ledger.key(line)
        self._shifted = self._shifted or key in self._stale
        self._shelf.keep_failure(key, error.message)
        self._settle(line, Outcome(None, error))
        yield from self._remark(f"{_named(line)} was not spoken: {error.message}")

    def _settle(self, line: Line, outcome: Outcome) -> None:
        self._ledger.settle(line, outcome)
        self._studio.progress(_SPEAKING * self._ledger.fraction)
        self._count()

    def _count(self) -> None:
        self._studio.count(self._ledger.settled, len(self._plan.lines))

    def _remark(self, text: str) -> Iterator[Remark]:
        """A warning of a single line, unless there were many of them."""
        self._remarked += 1
        if self._remarked <= _MOST_REMARKS:
            yield Remark(text)
        elif self._remarked == _MOST_REMARKS + 1:
            yield Remark(MORE)

    # --- streaming -------------------------------------------------------------------------------

    def _stream(self) -> Iterator[Piece]:
        """What is next in the plan and settled; what could not be spoken is left out."""
        while self._turn < len(self._plan.lines):
            line = self._plan.lines[self._turn]
            outcome = self._ledger.outcome(line)
            if outcome is None:
                return
            if self._turn == 0 and self._plan.opening:
                yield Audio.silence(self._plan.opening)
            self._turn += 1
            if outcome.take:
                yield performing.Line(line.text)
                yield self._sound(line, outcome.take, outcome.streamed)
                yield Ended(outcome.take.finish_reason)

    def _sound(self, line: Line, take: Take, streamed: bool) -> Audio | Kept:
        """A line with the silence after it.

        What an earlier attempt may have streamed is not loaded only to be compared.
        """
        load = partial(self._dressed, line, take)
        same = take.heard and take.role.speed == line.role.speed
        if not (streamed and same) or self._shifted:
            return Audio(load())
        return Kept(take.heard + len(pcm.silence(line.pause_after)), load)

    def _dressed(self, line: Line, take: Take) -> Samples:
        sound = dress(self._shelf.sound(take), line.role.speed)
        return np.concatenate([sound, pcm.silence(line.pause_after)])

    # --- the end ---------------------------------------------------------------------------------

    def _finish(self, engine: str) -> Iterator[Piece]:
        yield Stage("finishing")
        voices = self._troupe.voices(self._plan.lines)
        table = self._ledger.table(voices, engine)
        cover, kept = self._cover()
        with self._studio.pulse.patient(ENDING):
            assembled = assemble(self._materials(table, cover))
        yield from map(Remark, assembled.warnings)
        segments = segments_of(self._plan, table, assembled)
        self._studio.keep(LINES, table.model_dump_json(indent=1).encode())
        yield from (Artifact("recording", path) for path in assembled.files)
        names = [*self._files(table), *voices.values(), *kept]
        yield from (Artifact("lines", self._shelf.path(name)) for name in names)
        yield Mastered(
            audio=assembled.audio,
            sample_rate=assembled.sample_rate,
            samples=assembled.samples,
            segments=segments,
            lines=self._ledger.count(table),
        )

    def _materials(self, table: LineTable, cover: bytes | None) -> Materials:
        folder = self._studio.growing.stage()
        return Materials(
            request=self._request,
            # As it is written: the table may not keep it.
            sounds={
                number: replace(sound, text=self._plan.by_number[number].text)
                for number, sound in sounds_of(self._plan, table, folder).items()
            },
            plan=self._plan,
            folder=folder,
            run=self._studio.owner,
            cover=cover,
            engine=table.engine,
            watch=self._studio.pulse.watch,
            tell=lambda done: self._studio.progress(_SPEAKING + (1 - _SPEAKING) * done),
        )

    def _cover(self) -> tuple[bytes | None, list[str]]:
        """The picture of a book, which stays with the output for when it is assembled anew."""
        upload = getattr(self._request, "cover", None)
        if upload is None:
            return None, []
        data = self._studio.uploads.read("cover", upload)
        name = "cover.png" if data.startswith(_PNG) else "cover.jpg"
        self._studio.keep(name, data)
        return data, [name]

    def _files(self, table: LineTable) -> list[str]:
        """Names of the plan, the table and the lines, each once."""
        takes = dict.fromkeys(take.file for row in table.lines for take in row.takes)
        return [*([PLAN] if self._studio.settings.store_text else []), LINES, *takes]


def _plan(request: Pipeline, studio: Studio) -> Plan:
    """The plan of the job, which is kept with it as it came."""
    if request.plan is None:
        raise InvalidRequest("The job has no plan.", param="plan")
    data = studio.uploads.read("plan", request.plan)
    try:
        plan = Plan.model_validate_json(data)
    except ValidationError as error:
        raise RecordDamaged("The plan cannot be understood.") from error
    if plan.task != request.name:
        raise RecordDamaged(f"The plan is one for {plan.task!r}, not for {request.name!r}.")
    _require_order(plan)
    _require_times(plan)
    if studio.settings.store_text:
        studio.keep(PLAN, data)
    return plan


def _require_order(plan: Plan) -> None:
    """A person may have changed it. Raises InvalidRequest."""
    numbers = [line.number for line in plan.lines]
    if not numbers:
        raise InvalidRequest("The plan has no lines.", param="plan")
    if numbers != sorted(set(numbers)):
        raise InvalidRequest("The lines of the plan are not numbered in order.", param="plan")
    for language in {plan.language, *(line.language for line in plan.lines)}:
        if language not in languages.CODES:
            raise InvalidRequest(
                f"The plan names a language {language[:40]!r}.",
                param="plan",
                hint=f"Known are: {', '.join(languages.CODES)}.",
            )


def _require_times(plan: Plan) -> None:
    """The same of the times in it. Raises InvalidRequest."""
    if not 0 <= plan.opening <= _LONGEST_OPENING:
        raise InvalidRequest(
            f"The plan opens with {plan.opening:g} seconds of silence.",
            param="plan",
            hint=f"It may have 0 to {_LONGEST_OPENING:g}.",
        )
    for line in plan.lines:
        slot = line.slot
        if slot and not 0 <= slot.start <= slot.end <= _LONGEST_FILM:
            raise InvalidRequest(
                f"Line {line.number} of the plan is to be heard from {slot.start:g} to "
                f"{slot.end:g} seconds.",
                param="plan",
                hint=f"Times go from 0 to {_LONGEST_FILM:,.0f}, the start before the end.",
            )
    if not 0 <= (plan.duration or 0) <= _LONGEST_FILM:
        raise InvalidRequest(f"The plan lasts {plan.duration:g} seconds.", param="plan")


def _predecessor(request: Pipeline, studio: Studio) -> Predecessor | None:
    if request.continues is None or request.fresh or request.continues == studio.owner:
        return None
    return Predecessor(studio.outputs, request.continues)


def _named(line: Line) -> str:
    place = f" (line {line.where.line} of the document)" if line.where.line else ""
    return f"Line {line.number}{place}"
