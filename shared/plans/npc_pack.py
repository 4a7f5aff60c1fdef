"""The plan of an NPC pack: a line for each row of a table, in each language and each take."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from shared import emotions, languages
from shared.documents.decoding import text_of
from shared.documents.media import media_of
from shared.errors import InvalidRequest, UnknownVoice
from shared.manifests import reading
from shared.manifests.columns import ALIASES, Columns
from shared.manifests.table import Row, Table
from shared.plans import utterance
from shared.plans.casting import Casting
from shared.plans.directory import Directory
from shared.plans.plan import Line, Plan, Skipped, Where
from shared.plans.planning import Document, language_of, plans, require_room, seed_of
from shared.plans.utterance import Utterance, directed, refused
from shared.requests.declared import MAX_SEED
from shared.requests.npc_pack import NpcPack
from shared.requests.role import LONGEST_NAME, Role
from shared.text.remarks import listed
from shared.text.sentences import Boundary

NARRATOR = "Narrator"
"""Who speaks rows of nobody."""
MOST_TAKES = 10
_REQUIRED: tuple[Literal["id", "character", "text"], ...] = ("id", "character", "text")
_SPEAKER = re.compile(r"\s*([^\W\d_][^:：\n\[\]{}<>!?…\"]{0,59}?)\s*(?::\s+|：\s*)(?=\S)")
"""The character in the text itself, as Yarn Spinner has it: `Oracle: You were taller.`"""
_LETTERS = re.compile(r"\[/?[biu]\]", re.IGNORECASE)
"""How letters look in Yarn Spinner and Godot; elsewhere one letter in brackets is prose."""


@dataclass(frozen=True)
class _Entry:
    """What a row says in one language."""

    row: Row
    place: str
    """`Row 4`, or where there are several languages `Row 4 (de)`."""
    id: str
    character: str
    text: str
    language: str
    """Canonical, or `auto` where the row says so."""
    columns: Columns

    def cell(self, meaning: str) -> str:
        column = self.columns.by_meaning.get(meaning)
        return self.row.cells[column].strip() if column else ""


@dataclass
class _Account:
    """What becomes of the rows."""

    skipped: list[Skipped] = field(default_factory=list[Skipped])
    remarks: list[str] = field(default_factory=list[str])
    unnamed: list[int] = field(default_factory=list[int])
    """Rows without an id."""
    nobodys: list[int] = field(default_factory=list[int])
    """Rows without a character."""
    taken: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """Language and id → place of the row that has it."""

    def skip(self, row: Row, id_: str, text: str, why: str) -> None:
        where = Where(line=row.number, id=id_)
        self.skipped.append(Skipped.of(where, text, why))

    def warnings(self, word: str) -> list[str]:
        warnings: list[str] = []
        if self.unnamed:
            warnings.append(f"{word} {listed(self.unnamed)}: no id, so one was made of the number.")
        if self.nobodys:
            warnings.append(f"{word} {listed(self.nobodys)}: no character, so {NARRATOR} speaks.")
        return [*warnings, *self.remarks]


@plans(NpcPack)
def plan_npc_pack(request: NpcPack, document: Document, directory: Directory) -> Plan:
    """A line for each take of each row; every row is spoken or skipped.

    Raises InvalidRequest, which names the row, NothingToSay for an empty document.
    """
    table = reading.read(text_of(document.data), _form(request, document))
    columns = _columns(table)
    language = language_of(request, _undeclared(table, columns))
    account = _Account()
    casting = Casting(request.cast, directory, language)
    lines = _numbered(_lines(request, table, columns, language, casting, directory, account))
    return Plan(
        task=request.name,
        language=_most(lines, language) if request.language == languages.AUTO else language,
        lines=lines,
        cast=casting.parts(lines),
        skipped=account.skipped,
        warnings=[
            *table.warnings,
            *_unread(columns),
            *account.warnings(table.word),
            *casting.warnings,
        ],
        columns=table.columns,
    )


def _form(request: NpcPack, document: Document) -> reading.Form | None:
    """How it is written, as somebody says; None where the text is to tell."""
    form = request.form if request.form != "auto" else media_of(document.data, document.name)
    return form if form in ("csv", "json", "yaml") else None


def _columns(table: Table) -> Columns:
    """What the columns mean. Raises InvalidRequest, naming what is missing and what is there."""
    columns = Columns.of(table.columns)
    missing = [name for name in _REQUIRED if not _is_there(name, columns)]
    if missing:
        found = ", ".join(name[:60] for name in table.columns[:30])
        others = ", ".join(ALIASES[missing[0]][1:])
        raise InvalidRequest(
            f"The table has no column `{'`, `'.join(missing)}`. Its columns are: {found}.",
            hint=f"Name one `{missing[0]}`; {others} are understood too.",
        )
    return columns


def _is_there(name: str, columns: Columns) -> bool:
    """String tables have a column for each language, and the character in the text or nowhere."""
    if name in columns.by_meaning:
        return True
    return bool(columns.locales) if name == "text" else name == "character" and columns.strings


def _unread(columns: Columns) -> list[str]:
    if not columns.unread:
        return []
    names = ", ".join(f"`{name}`" for name in columns.unread)
    text = columns.by_meaning["text"]
    return [f"Not spoken: {names}. The table has a column `{text}`, and that is spoken alone."]


def _undeclared(table: Table, columns: Columns) -> Iterator[str]:
    """The texts of which no column says the language; of all columns where all say it."""
    for row in table.rows:
        if columns.locales:
            yield from (row.cells[locale.column] for locale in columns.locales if locale.language)
        elif not (column := columns.by_meaning.get("language")) or not row.cells[column].strip():
            yield row.cells[columns.by_meaning["text"]]


def _most(lines: list[Line], otherwise: str) -> str:
    """The language of most lines."""
    spoken = Counter(line.language for line in lines)
    return max(spoken, key=lambda language: spoken[language], default=otherwise)


# --- rows -------------------------------------------------------------------------------------


def _entries(table: Table, columns: Columns, language: str, account: _Account) -> Iterator[_Entry]:
    """What every row says, in every language that it has."""
    ids = {row.cells[columns.by_meaning["id"]].strip() for row in table.rows}
    for row in table.rows:
        name = row.cells[columns.by_meaning["id"]].strip() or _made_id(row, ids, account)
        for place, text, spoken in _texts(table, columns, row, language, name, account):
            if not text:
                account.skip(row, name, "", f"{place} has no text.")
                continue
            character, said = _character(row, columns, text)
            if not character:
                character = NARRATOR
                account.nobodys += [row.number] if row.number not in account.nobodys[-1:] else []
            if len(character) > LONGEST_NAME:
                raise InvalidRequest(
                    f"{place}: The character's name has more than {LONGEST_NAME} characters."
                )
            yield _Entry(row, place, name, character, said, spoken, columns)


def _made_id(row: Row, ids: set[str], account: _Account) -> str:
    account.unnamed.append(row.number)
    made = f"row_{row.number}"
    while made in ids:
        made += "_"
    ids.add(made)
    return made


def _texts(
    table: Table, columns: Columns, row: Row, language: str, id_: str, account: _Account
) -> Iterator[tuple[str, str, str]]:
    """Place, text and its language, which is `language` where the table says none.

    A text that the model has no language for is skipped.
    """
    place = f"{table.word} {row.number}"
    if not columns.locales:
        column = columns.by_meaning.get("language")
        word = row.cells[column].strip() if column else ""
        own = _canonical(place, word) if word else language
        yield place, row.cells[columns.by_meaning["text"]].strip(), own
    for locale in columns.locales:
        text = row.cells[locale.column].strip()
        if locale.language:
            yield f"{place} ({locale.code})", text, locale.language
        elif text:
            why = f"The model does not speak the language of `{locale.column}`."
            account.skip(row, id_, text, why)


def _canonical(place: str, word: str) -> str:
    try:
        return languages.canonical(word)
    except InvalidRequest as error:
        raise InvalidRequest(f"{place}: {error.message}", hint=error.next_step) from error


def _character(row: Row, columns: Columns, text: str) -> tuple[str, str]:
    """The character, and the text without its name; empty for nobody's."""
    if column := columns.by_meaning.get("character"):
        return " ".join(row.cells[column].split()), text
    named = _SPEAKER.match(text)
    if named and all(word[0].isupper() or not word[0].isalpha() for word in named[1].split()):
        return " ".join(named[1].split()), text[named.end() :]
    return "", text


# --- lines ------------------------------------------------------------------------------------


def _numbered(lines: Iterator[Line]) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        found.append(line.model_copy(update={"number": len(found) + 1}))
        require_room(len(found))
    return found


def _lines(
    request: NpcPack,
    table: Table,
    columns: Columns,
    language: str,
    casting: Casting,
    directory: Directory,
    account: _Account,
) -> Iterator[Line]:
    for entry in _entries(table, columns, language, account):
        text = _LETTERS.sub("", entry.text)
        said = utterance.read(text, entry.language, request, entry.place)
        if said is None:
            account.skip(entry.row, entry.id, entry.text, "Nothing in it can be spoken.")
            continue
        _require_unique(entry, said.language, account)
        account.remarks += said.remarks
        try:
            yield from _takes(request, entry, said, casting, directory)
        except (InvalidRequest, UnknownVoice) as error:
            raise refused(entry.place, error, request) from error


def _require_unique(entry: _Entry, language: str, account: _Account) -> None:
    earlier = account.taken.get((language, entry.id))
    account.taken[language, entry.id] = entry.place
    if earlier is not None:
        raise InvalidRequest(
            f"{earlier} and {entry.place} have the same id, {entry.id[:60]!r}.",
            hint="Give each line of a language an id of its own: it names the file.",
        )


def _takes(
    request: NpcPack, entry: _Entry, said: Utterance, casting: Casting, directory: Directory
) -> Iterator[Line]:
    role = _role(entry, said, casting, directory)
    for take in range(1, _whole(entry, "takes", request.takes, 1, MOST_TAKES) + 1):
        yield Line(
            number=1,
            text=said.text,
            said=said.said,
            role=role,
            speaker=entry.character,
            language=said.language,
            seed=_seed(request, entry, said.said, take),
            seconds=said.seconds,
            boundary=Boundary.END,
            pause_after=request.pauses.sentence,
            take=take,
            columns=entry.row.cells,
            where=Where(line=entry.row.number, id=entry.id),
        )


def _role(entry: _Entry, said: Utterance, casting: Casting, directory: Directory) -> Role:
    role = casting.role(entry.character, entry.cell("voice") or None)
    change: dict[str, object] = {}
    if mood := entry.cell("emotion"):
        change["emotion"] = emotions.canonical(mood)
    if entry.cell("speed"):
        change["speed"] = _speed(entry)
    return directed(role.model_copy(update=change), said.manner, directory, entry.cell("instruct"))


def _seed(request: NpcPack, entry: _Entry, said: str, take: int) -> int:
    """A seed in the table is that of the first take, to the letter."""
    own = _whole(entry, "seed", -1, 0, MAX_SEED)
    if own >= 0 and take == 1:
        return own
    return seed_of(own if own >= 0 else request.seed or 0, said, entry.character, take)


def _whole(entry: _Entry, meaning: str, otherwise: int, least: int, most: int) -> int:
    """A whole number of a row. Raises InvalidRequest for anything else, or one out of range."""
    word = entry.cell(meaning).removesuffix(".0")
    if not word:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,10}", word) or not least <= int(word) <= most:
        raise InvalidRequest(
            f"`{meaning}` is {word[:40]!r}; it is a whole number from {least} to {most}."
        )
    return int(word)


def _speed(entry: _Entry) -> float:
    word = entry.cell("speed").replace(",", ".")
    if not re.fullmatch(r"[0-9]{0,2}\.?[0-9]{1,9}", word) or not 0.5 <= float(word) <= 2:
        raise InvalidRequest(f"`speed` is {word[:40]!r}; it is a number from 0.5 to 2.")
    return float(word)
