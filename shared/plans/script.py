"""The plan of a table read: what each character says, who speaks it, and what nobody reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.errors import InvalidRequest, NothingToSay, UnknownVoice
from shared.plans.casting import Casting
from shared.plans.directory import Directory
from shared.plans.plan import LONGEST_PAUSE, MOST_LINES, Chapter, Line, Plan, Skipped
from shared.plans.planning import Document, language_of, plans, require_room, seed_of
from shared.plans.utterance import directed, refused, require_short
from shared.requests.pipeline import Pauses
from shared.requests.role import LONGEST_NAME, Role, same
from shared.requests.script import Script
from shared.screenplay import elements as screenplay
from shared.screenplay import reading
from shared.screenplay.elements import Action, Aside, Beat, Direction, Heading, Speech, Words
from shared.text import passages
from shared.text.markers import mood_of
from shared.text.passages import Reading
from shared.text.plain import Plain
from shared.text.sentences import Boundary

_WHO_NARRATES = (
    "narrator narration erzähler erzählerin narrateur narratrice narrador narradora narratore "
    "рассказчик диктор 旁白 解说 ナレーター ナレーション 해설 내레이터"
)
_NARRATORS = frozenset(same(word) for word in _WHO_NARRATES.split())
"""What scripts call somebody who tells the story."""
_PLACES = {
    "english": ("Interior", "Exterior"),
    "german": ("Innen", "Außen"),
    "french": ("Intérieur", "Extérieur"),
    "spanish": ("Interior", "Exterior"),
    "portuguese": ("Interior", "Exterior"),
    "italian": ("Interno", "Esterno"),
}
"""How `INT.` and `EXT.` are read."""
_FIRST = 4.0
"""Seconds of the first line: it is heard while the second is made."""
_MOST_ELEMENTS = 4 * MOST_LINES
"""With what is not spoken."""
_MOST_REMARKS = 200
_LONGEST_TITLE = 200

_UNREAD = "Scene headings and action are read only where there is a `narrator`."
_NOT_CHOSEN = "The narrator reads only {narrates}, as `narrates` has it."
_UNSPEAKABLE = "Nothing in it can be spoken."
_SILENT = "Nothing is said here."
_LEFT_OVER = "It is a direction, and nothing is said after it."


@plans(Script)
def plan_script(request: Script, document: Document, directory: Directory) -> Plan:
    """The lines of a script in its order; all else in it is skipped, with the reason.

    Raises InvalidRequest, which names the line, NothingToSay for an empty document.
    """
    script = reading.read(document.data, document.name, request.form, request.cast)
    _require_speech(request, script)
    return _Planning(request, script, directory).plan()


def _require_speech(request: Script, script: screenplay.Script) -> None:
    if not script.elements:
        raise NothingToSay("The script is empty.")
    if len(script.elements) > _MOST_ELEMENTS:
        raise InvalidRequest(
            f"The script has more than {_MOST_ELEMENTS:,} speeches, notes and the like.",
            hint="Send it in parts.",
        )
    if script.speeches or request.narrator:
        return
    raise InvalidRequest(
        "Nobody speaks in this script.",
        hint="Begin what somebody says with the name (`ANNA: Hello.`), or write the name in "
        "capitals on a line of its own above it; or give a `narrator`, who reads all of it.",
    )


@dataclass
class _Draft:
    """A line whose end is not known yet."""

    line: Line
    pause: float | None
    """Seconds after it that the document asks for, in place of those of the boundary."""
    silence: float = 0.0
    """Seconds of beats that follow it, and of pauses before the next."""

    def finished(self, pauses: Pauses) -> Line:
        pause = pauses.after(self.line.boundary) if self.pause is None else self.pause
        longest = min(max(pause, self.silence), LONGEST_PAUSE)
        return self.line.model_copy(update={"pause_after": longest})


@dataclass(frozen=True)
class _Voice:
    """Who speaks."""

    role: Role
    speaker: str = ""
    beside: bool = False


class _Planning:
    """The plan of a script as it grows."""

    def __init__(self, request: Script, script: screenplay.Script, directory: Directory) -> None:
        self._request = request
        self._script = script
        self._directory = directory
        self._language = language_of(request, _said(script))
        self._narrator = _narrator(request, directory, self._language)
        self._casting = _casting(request, script, directory, self._language, self._narrator)
        self._drafts: list[_Draft] = []
        self._chapters: list[Chapter] = []
        self._scene: Chapter | None = None
        self._skipped: list[Skipped] = []
        self._remarks: list[str] = []
        self._opening = 0.0

    def plan(self) -> Plan:
        for element in self._script.elements:
            if isinstance(element, Aside):
                self._skip(element.words, element.why)
            elif isinstance(element, Heading):
                self._begin_scene(element)
            elif isinstance(element, Action):
                self._narrate(element.words, "action")
            else:
                self._speak(element)
        self._end(Boundary.END)
        lines = [draft.finished(self._request.pauses) for draft in self._drafts]
        heard = {line.chapter for line in lines}
        return Plan(
            task=self._request.name,
            language=self._language,
            title=self._script.title,
            author=self._script.author,
            lines=lines,
            chapters=[chapter for chapter in self._chapters if chapter.number in heard],
            cast=self._casting.parts(lines),
            skipped=self._skipped,
            warnings=[
                *self._script.warnings,
                *self._unknown(),
                *self._casting.warnings,
                *_shortened(self._remarks),
            ],
            opening=min(self._opening, LONGEST_PAUSE),
        )

    # --- what is read ---

    def _begin_scene(self, heading: Heading) -> None:
        self._end(Boundary.CHAPTER)
        number = len(self._chapters) + 1
        title = Plain.of(heading.words.text).words[:_LONGEST_TITLE]
        self._scene = Chapter(number=number, title=title)
        self._chapters.append(self._scene)
        self._narrate(heading.words, "headings")

    def _narrate(self, words: Words, what: str) -> None:
        narrates = self._request.narrates
        if self._narrator is None:
            self._skip(words, _UNREAD)
        elif narrates not in ("all", what):
            self._skip(words, _NOT_CHOSEN.format(narrates=narrates))
        else:
            self._read(words, _Voice(self._narrator), is_heading=what == "headings")

    def _speak(self, speech: Speech) -> None:
        place = f"{self._script.unit} {speech.cue.line}"
        if len(speech.character) > LONGEST_NAME:
            raise InvalidRequest(f"{place}: the name has more than {LONGEST_NAME} characters.")
        try:
            role = self._casting.role(speech.character, speech.voice)
        except UnknownVoice as error:
            raise refused(place, error, self._request) from error
        voice = _Voice(role, speech.character, speech.dual and self._can_be_beside(speech))
        before = len(self._drafts)
        self._say(speech, voice)
        if len(self._drafts) > before and speech.pause_after is not None:
            self._drafts[-1].pause = speech.pause_after
        if not any(isinstance(part, Words) for part in speech.parts):
            self._skip(Words((speech.cue,)), _SILENT)

    def _can_be_beside(self, speech: Speech) -> bool:
        """Whether somebody else has just spoken."""
        return bool(self._drafts) and self._drafts[-1].line.speaker not in ("", speech.character)

    def _say(self, speech: Speech, voice: _Voice) -> None:
        """Directions hold until another comes, or the speech ends."""
        directions: list[Direction] = []
        used = True
        inside = False
        for part in speech.parts:
            if isinstance(part, Beat):
                self._be_silent(self._request.beat)
            elif isinstance(part, Direction):
                directions = [part] if used else [*directions, part]
                used = False
            else:
                if inside and self._drafts:
                    self._end(Boundary.SENTENCE)
                heard = self._read(part, voice, directions)
                inside, used = inside or heard, used or heard
        for left in () if used else directions:
            self._skip(left.words, _LEFT_OVER)

    def _read(
        self,
        words: Words,
        voice: _Voice,
        directions: Sequence[Direction] = (),
        is_heading: bool = False,
    ) -> bool:
        """Lines for a text; False where nothing in it can be spoken."""
        place = f"{self._script.unit} {words.spans[0].line}"
        found = passages.read(
            words.text,
            self._language,
            lexicon={**(_places(self._language) if is_heading else {}), **self._request.lexicon},
            normalise=self._request.normalise,
            first=None if self._drafts or is_heading else _FIRST,
            line=None,
        )
        self._remarks += [f"{place}: {remark}" for remark in found.remarks]
        self._be_silent(found.opening)
        if not found.passages:
            self._skip(words, _UNSPEAKABLE)
            return False
        try:
            for passage in found.passages:
                require_short(passage.said, self._request, place)
            self._draft(found, words, voice, directions)
        except (InvalidRequest, UnknownVoice) as error:
            raise refused(place, error, self._request) from error
        require_room(len(self._drafts))
        return True

    def _draft(
        self, found: Reading, words: Words, voice: _Voice, directions: Sequence[Direction]
    ) -> None:
        role, wanted = _with_mood(voice.role, directions)
        for passage in found.passages:
            last = passage is found.passages[-1]
            line = Line(
                number=len(self._drafts) + 1,
                text=" ".join(passage.text.split()),
                said=passage.said,
                role=directed(role, passage.manner, self._directory, *wanted),
                speaker=voice.speaker,
                language=passage.manner.language or found.language,
                seed=seed_of(self._request.seed or 0, passage.said, voice.speaker),
                seconds=passage.seconds,
                boundary=Boundary.PARAGRAPH if last else passage.boundary,
                chapter=self._scene.number if self._scene else 0,
                beside=voice.beside,
                where=words.where(passage.start, passage.end),
            )
            self._drafts.append(_Draft(line, passage.pause))

    # --- what is between ---

    def _be_silent(self, seconds: float) -> None:
        if self._drafts:
            self._drafts[-1].silence += seconds
        else:
            self._opening += seconds

    def _end(self, boundary: Boundary) -> None:
        if self._drafts:
            last = self._drafts[-1]
            last.line = last.line.model_copy(update={"boundary": boundary})

    def _skip(self, words: Words, why: str) -> None:
        self._skipped.append(Skipped.of(words.where(), words.text, why))

    def _unknown(self) -> list[str]:
        """Of the roles that were given, those of nobody."""
        there = {same(speech.character) for speech in self._script.speeches}
        return [
            f"`cast` has a role for {name!r}, but nobody of that name speaks."
            for name in self._request.cast
            if same(name) not in there
        ]


# --- who speaks ---


def _narrator(request: Script, directory: Directory, language: str) -> Role | None:
    """With a voice: where none was asked for, one that no role has."""
    if request.narrator is None or request.narrator.chosen:
        return request.narrator
    return Casting({**request.cast, "": request.narrator}, directory, language).role("")


def _casting(
    request: Script,
    script: screenplay.Script,
    directory: Directory,
    language: str,
    narrator: Role | None,
) -> Casting:
    """A character who tells the story is the narrator, where there is one."""
    given = {same(name): role for name, role in request.cast.items()}
    if narrator is None:
        return Casting(given, directory, language)
    for name in {same(speech.character) for speech in script.speeches} & _NARRATORS:
        given.setdefault(name, narrator)
    return Casting(given, directory, language, [narrator])


def _with_mood(role: Role, directions: Sequence[Direction]) -> tuple[Role, list[str]]:
    """A direction that names a mood sets it; the others are left, in words."""
    words = [direction.words.text for direction in directions]
    moods = [mood for mood in map(mood_of, words) if mood]
    role = role.model_copy(update={"emotion": moods[-1]}) if moods else role
    return role, [text for text in words if not mood_of(text)]


def _said(script: screenplay.Script) -> Iterator[str]:
    """All that is said, or where nobody speaks, all that may be read."""
    for element in script.elements:
        if isinstance(element, Speech):
            yield from (part.text for part in element.parts if isinstance(part, Words))
        elif not script.speeches and not isinstance(element, Aside):
            yield element.words.text


def _places(language: str) -> dict[str, str]:
    """A lexicon of what headings begin with."""
    if language not in _PLACES:
        return {}
    inside, outside = _PLACES[language]
    both = f"{inside}, {outside},"
    return {
        "INT.": f"{inside},",
        "EXT.": f"{outside},",
        **dict.fromkeys(("INT./EXT.", "INT/EXT.", "INT/EXT", "I/E.", "I/E"), both),
    }


def _shortened(remarks: Sequence[str]) -> list[str]:
    """Remarks once each, and not more than anybody reads."""
    each = list(dict.fromkeys(remarks))
    more = len(each) - _MOST_REMARKS
    return each if more <= 0 else [*each[:_MOST_REMARKS], f"And {more:,} remarks more."]
