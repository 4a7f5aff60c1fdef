"""A field of a contract, read from its JSON schema.

A field that holds another model, such as a role, is a field for each of its parts; their names
are `field.part`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from shared.documents.media import ENDINGS
from shared.requests.declared import PRESET, PRIVATE, UPLOAD, VOICE, Declared, UploadKind
from shared.requests.role import ROLE
from ui import values
from ui.translation import tr

Shape = Literal[
    "text",
    "line",
    "choice",
    "check",
    "integer",
    "number",
    "json",
    "sound",
    "file",
    "voice",
    "speaker",
    "anyone",
    "preset",
    "several",
    "numbers",
    "pairs",
]
"""`voice`: one that can be cloned; `speaker`: a preset one; `anyone`: any voice of the library;
`pairs`: words and what they become, one pair a line."""

SHEETS: dict[UploadKind, tuple[str, ...]] = {
    "codes": (),
    "document": tuple(f".{ending}" for ending in ENDINGS),
    "cover": (".png", ".jpg", ".jpeg"),
}
"""Files that are no sound, and how their names end; empty where any will do."""
_KEPT_ASIDE: tuple[UploadKind, ...] = ("plan",)
"""Files that no person puts in: pages make them."""
_LINE = 200
"""Characters; what may be longer gets a box of several lines."""
_SPAN = 10_000
"""A whole number with more room than this is typed, not slid."""
_FINE = 0.01
_CLAUSES = re.compile(r"(?<=[.:;]) ")
_NOT_FOR_PEOPLE = re.compile(r"/v1/|\bid\b")
_NAME = re.compile(r"`(\w+)`")


@dataclass(frozen=True)
class Field:
    """A field of a request, as its widget needs it."""

    name: str
    shape: Shape
    label: str
    info: str
    initial: Any
    nullable: bool
    """True where it may be left empty."""
    required: bool
    choices: tuple[tuple[str, Any], ...] = ()
    """Each as people read it, and as the contract wants it."""
    low: float | None = None
    high: float | None = None
    length: int | None = None
    default: Any = None
    """What the contract takes where nothing is said."""
    upload: UploadKind | None = None
    """What a file in it is checked as; None where it takes none."""
    names: Literal["", "stored", "preset"] = ""
    """Which voices it names, if any."""

    @property
    def slides(self) -> bool:
        """True for a number that must be given and whose room is small enough to slide through."""
        if self.nullable or self.low is None or self.high is None:
            return False
        return self.high - self.low <= _SPAN

    @property
    def options(self) -> list[tuple[str, Any]]:
        """The choices as people read them; words of the contract's own stay as they are."""
        return [(tr(title) if title != value else title, value) for title, value in self.choices]

    def read(self, value: Any) -> Any:
        """What the widget holds, as the contract wants it. Raises InvalidRequest."""
        if value is None or (value == "" and not self.required):
            return None
        return values.read(self.shape, self.label, self.name, value)

    def show(self, value: Any) -> Any:
        """A value of a request, as the widget holds it."""
        return values.shown(self.shape, value)

    @property
    def elem_id(self) -> str:
        """What its widget is called in the page."""
        return f"field-{self.name.replace('.', '-')}"

    @property
    def outer(self) -> str:
        """The field of the contract that it is a part of, or itself."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """Which part of that field it is; empty where it is all of it."""
        return self.name.partition(".")[2]


def fields(contract: type[Declared]) -> Iterator[Field]:
    """The fields of a contract: what is spoken first, what must be given next."""
    schema = contract.model_json_schema()
    words = _words(schema["properties"])
    required = set(schema.get("required", ()))
    properties = schema["properties"].items()
    order = sorted(properties, key=lambda item: (not item[1].get(PRIVATE), item[0] not in required))
    for name, found in order:
        info = explained(found.get("description", ""), words)
        inside = _inside(found, schema)
        if inside is not None:
            given = contract.example.get(name, found.get("default"))
            yield from _parts(_label(name, found), name, info, inside, given)
        elif _upload(found) not in _KEPT_ASIDE:
            yield _field(name, found, schema, name in required, contract.example, info)


def heading(name: str) -> str:
    """What people call a field with parts, of which each has a name of its own."""
    return name.replace("_", " ").capitalize()


def explained(description: str, words: Mapping[str, str]) -> str:
    """What a contract says of a field, for people who see its form.

    Clauses that tell programs what to send (a route, an id) are left out, and `words` stand where
    it names a field or a task.
    """
    clauses = _CLAUSES.split(" ".join(description.split()))
    kept = " ".join(clause for clause in clauses if not _NOT_FOR_PEOPLE.search(clause))
    named = _NAME.sub(lambda found: words.get(found[1], found[0]), kept)
    return f"{named[:1].upper()}{named[1:].rstrip('.:;')}." if named else ""


def _words(properties: Mapping[str, Any]) -> dict[str, str]:
    """What people see of the fields of a form and of all tasks, by what programs call them."""
    tasks = {name: contract.title for name, contract in Declared.registry.items()}
    return tasks | {name: _label(name, found) for name, found in properties.items()}


def _label(name: str, found: Mapping[str, Any]) -> str:
    return found.get("title", name).capitalize()


def _upload(found: Mapping[str, Any]) -> UploadKind | None:
    kinds = (kind.get(UPLOAD) for kind in (found, *found.get("anyOf", ())))
    return next(filter(None, kinds), None)


def _inside(found: Mapping[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the model that a field holds; None where it holds none."""
    kinds = [_resolved(kind, schema) for kind in found.get("anyOf", [found])]
    return next((kind for kind in kinds if kind.get("properties")), None)


def _parts(label: str, name: str, info: str, inside: dict[str, Any], given: Any) -> Iterator[Field]:
    """The fields of a model inside a request; a role begins with its voice, which stands for it."""
    is_role = bool(inside.get(ROLE))
    values = {"voice": given} if isinstance(given, str) else given or {}
    words = _words(inside["properties"])
    for part, kind in inside["properties"].items():
        about = explained(kind.get("description", ""), words)
        voice = is_role and part == "voice"
        made = _field(part, kind, inside, False, values, info if voice else about)
        yield replace(
            made,
            name=f"{name}.{part}",
            shape="anyone" if voice else made.shape,
            label=label if voice else made.label,
        )


def _field(
    name: str,
    found: dict[str, Any],
    schema: dict[str, Any],
    required: bool,
    example: dict[str, Any],
    info: str,
) -> Field:
    kinds = [_resolved(kind, schema) for kind in found.get("anyOf", [found])]
    real = [kind for kind in kinds if kind.get("type") != "null"]
    kind = {**found, **real[0]} if len(real) == 1 else {}
    shape = _shape(kind)
    initial = example.get(name, found.get("default"))
    return Field(
        name=name,
        shape=shape,
        label=_label(name, found),
        info=info,
        initial=values.shown(shape, initial),
        nullable=len(real) < len(kinds),
        required=required,
        choices=tuple(_choices(kind)),
        low=_bound(kind, "minimum", "exclusiveMinimum", _FINE),
        high=_bound(kind, "maximum", "exclusiveMaximum", -_FINE),
        length=kind.get("maxLength"),
        default=found.get("default"),
        upload=kind.get(UPLOAD),
        names=kind.get(VOICE, ""),
    )


def _resolved(kind: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = kind.get("$ref", "").rpartition("/")[2]
    return {**schema["$defs"][name], **kind} if name else kind


def _shape(kind: dict[str, Any]) -> Shape:
    if upload := kind.get(UPLOAD):
        return "file" if upload in SHEETS else "sound"
    if kind.get(PRESET):
        return "preset"
    if voice := kind.get(VOICE):
        return "voice" if voice == "stored" else "speaker"
    if kind.get("enum") or kind.get("x-choices"):
        return "choice"
    return _shape_of_type(kind)


def _shape_of_type(kind: dict[str, Any]) -> Shape:
    match kind.get("type"):
        case "string":
            return "line" if kind.get("maxLength", _LINE + 1) <= _LINE else "text"
        case "boolean":
            return "check"
        case "integer":
            return "integer"
        case "number":
            return "number"
        case "array":
            return _shape_of_list(kind.get("items", {}))
        case "object" if kind.get("additionalProperties", {}).get("type") == "string":
            return "pairs"
        case _:
            return "json"


def _shape_of_list(items: Mapping[str, Any]) -> Shape:
    if items.get("enum"):
        return "several"
    return "numbers" if items.get("type") == "integer" else "json"


def _choices(kind: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values that are words of the contract's own (`enum`) stay as they are; names are spelt."""
    words = kind.get("enum") or kind.get("items", {}).get("enum", ())
    yield from ((str(value), value) for value in words)
    yield from ((name.replace("_", " ").capitalize(), name) for name in kind.get("x-choices", ()))


def _bound(kind: dict[str, Any], closed: str, open: str, inwards: float) -> float | None:
    if closed in kind:
        return kind[closed]
    return kind[open] + inwards if open in kind else None
