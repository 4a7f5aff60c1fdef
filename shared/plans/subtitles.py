"""The plan of subtitles: what is said in each cue, in the time that the cue has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast

from shared.cues import loading, segments
from shared.cues.cue import Loaded, LoadedCue, Segment
from shared.cues.loading import Form
from shared.cues.segments import Told
from shared.cues.timing import clock
from shared.documents.decoding import text_of
from shared.documents.media import media_of
from shared.errors import InvalidRequest, UnknownVoice
from shared.plans import utterance
from shared.plans.casting import Casting
from shared.plans.directory import Directory
from shared.plans.plan import LONGEST_TEXT, Line, Plan, Skipped, Slot, Where
from shared.plans.planning import Document, language_of, plans, seed_of
from shared.plans.utterance import Utterance, directed, refused
from shared.requests.role import Role, same
from shared.requests.subtitles import Subtitles
from shared.text.markers import mood_of
from shared.text.sentences import Boundary

LONGEST_FILM = 86_400
"""Seconds, as `duration` allows: the mix is as long as the film, however few cues it has."""
_ROOM = 10 * LONGEST_TEXT
"""Characters of a cue with its tags; beyond, nobody looks for what is said in it."""


@dataclass(frozen=True)
class _Said:
    """What one speaker says in a cue."""

    cue: LoadedCue
    segment: Segment
    utterance: Utterance


@dataclass
class _Account:
    """What becomes of the cues."""

    said: list[list[_Said]] = field(default_factory=list[list[_Said]])
    """By cue, those that are spoken."""
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    warnings: list[str] = field(default_factory=list[str])

    def skip(self, cue: LoadedCue, text: str, why: str) -> None:
        where = Where(line=cue.number, id=cue.id)
        self.skipped.append(Skipped.of(where, text, why))


@plans(Subtitles)
def plan_subtitles(request: Subtitles, document: Document, directory: Directory) -> Plan:
    """A line for each cue, or for each speaker of one; every cue is spoken or skipped.

    Raises InvalidRequest, which names the cue, NothingToSay for an empty document.
    """
    loaded = _loaded(request, document)
    told = _told(request, loaded)
    language = language_of(request, (it.text for each in told.values() for it in each.segments))
    account = _account(request, loaded, told, language)
    narrator = _narrator(request)
    casting = Casting(request.cast, directory, language, [narrator])
    lines = list(_lines(request, account, casting, narrator, directory))
    return Plan(
        task=request.name,
        language=language,
        lines=lines,
        cast=casting.parts(lines),
        skipped=account.skipped,
        warnings=[*loaded.warnings, *account.warnings, *casting.warnings],
        duration=max((cue.end for cue in loaded.cues if not cue.unspoken), default=0) / 1000,
    )


def _loaded(request: Subtitles, document: Document) -> Loaded:
    loaded = loading.load(text_of(document.data), _form(request, document))
    for cue in loaded.cues:
        if not cue.unspoken:
            _require_limits(request, cue)
    return loaded


def _require_limits(request: Subtitles, cue: LoadedCue) -> None:
    if cue.end > LONGEST_FILM * 1000:
        raise InvalidRequest(
            f"{_place(cue)} ends at {clock(cue.end)}; {LONGEST_FILM // 3600} hours are spoken at "
            "most.",
            param=request.document_field,
            hint="Correct its time.",
        )
    if len(cue.text) > _ROOM:
        raise InvalidRequest(
            f"{_place(cue)} has {len(cue.text):,} characters; {LONGEST_TEXT:,} are spoken at most.",
            param=request.document_field,
            hint="Divide it into several.",
        )


def _form(request: Subtitles, document: Document) -> Form | None:
    """How it is written, as somebody says; None where the text is to tell."""
    form = request.form if request.form != "auto" else media_of(document.data, document.name)
    return form if form in ("srt", "vtt", "ass") else None


def _narrator(request: Subtitles) -> Role:
    """Who speaks for nobody; a role that names no voice has the usual one."""
    if request.voice.chosen:
        return request.voice
    usual = cast(Role, Subtitles.model_fields["voice"].default)
    return request.voice.model_copy(update={"voice": usual.voice})


# --- what is said -----------------------------------------------------------------------------


def _told(request: Subtitles, loaded: Loaded) -> dict[int, Told]:
    """By number, the cues that can be spoken, taken apart."""
    known = {same(name) for name in request.cast} | segments.repeated(loaded.cues)
    return {cue.number: segments.apart(cue, known) for cue in loaded.cues if not cue.unspoken}


def _account(
    request: Subtitles, loaded: Loaded, told: Mapping[int, Told], language: str
) -> _Account:
    account = _Account()
    for row, text in loaded.strays:
        why = f"Line {row} of the file stands before the first cue."
        account.skipped.append(Skipped.of(Where(), text, why))
    for cue in loaded.cues:
        if cue.unspoken:
            account.skip(cue, cue.text, cue.unspoken)
        elif said := list(_heard(request, cue, told[cue.number], language, account)):
            account.said.append(said)
    return account


def _heard(
    request: Subtitles, cue: LoadedCue, told: Told, language: str, account: _Account
) -> Iterator[_Said]:
    """What is said in a cue; what else is in it goes to the account."""
    spoken = False
    for segment in told.segments:
        read = utterance.read(segment.text, language, request, _place(cue))
        if read is None:
            account.skip(cue, segment.text, "Nothing in it can be spoken.")
        else:
            spoken = True
            account.warnings += read.remarks
            yield _Said(cue, segment, read)
    if told.sounds:
        what = (
            "The cue is a sound." if not spoken else "It is a sound; the rest of the cue is spoken."
        )
        account.skip(cue, " ".join(told.sounds), what)
    elif not told.segments:
        account.skip(cue, cue.text, "The cue is empty.")


def _place(cue: LoadedCue) -> str:
    return f"Cue {cue.number} (line {cue.row})"


# --- lines ------------------------------------------------------------------------------------


def _lines(
    request: Subtitles, account: _Account, casting: Casting, narrator: Role, directory: Directory
) -> Iterator[Line]:
    number = 0
    for spoken in account.said:
        for said, slot in zip(spoken, _slots(spoken), strict=True):
            number += 1
            speaker = said.segment.speaker
            role = casting.role(speaker) if speaker else narrator
            yield Line(
                number=number,
                text=said.utterance.text,
                said=said.utterance.said,
                role=_directed(request, said, role, directory),
                speaker=speaker,
                language=said.utterance.language,
                seed=seed_of(request.seed or 0, said.utterance.said, speaker),
                seconds=said.utterance.seconds,
                boundary=Boundary.END,
                slot=slot,
                where=Where(line=said.cue.number, id=said.cue.id),
            )


def _directed(request: Subtitles, said: _Said, role: Role, directory: Directory) -> Role:
    """The role as this line wants it: a direction that names a mood is one."""
    direction = said.segment.direction
    if mood := mood_of(direction):
        role, direction = role.model_copy(update={"emotion": mood}), ""
    try:
        return directed(role, said.utterance.manner, directory, direction)
    except (InvalidRequest, UnknownVoice) as error:
        raise refused(_place(said.cue), error, request) from error


def _slots(spoken: list[_Said]) -> list[Slot]:
    """The time of a cue, divided among its speakers as their words need it; whole milliseconds."""
    start, end = spoken[0].cue.start, spoken[0].cue.end
    sums = list(accumulate((said.utterance.seconds for said in spoken), initial=0.0))
    cuts = [start + round((end - start) * done / sums[-1]) for done in sums[:-1]] + [end]
    return [Slot(start=cuts[at] / 1000, end=cuts[at + 1] / 1000) for at in range(len(spoken))]
