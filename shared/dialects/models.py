"""The word by which a foreign client names a model, as what it asks of ours."""

from dataclasses import dataclass, replace
from pathlib import Path

from shared import languages
from shared.checkpoints import catalogue, folder
from shared.checkpoints.folder import Entry
from shared.errors import ModelNotFound, UnknownModel
from shared.requests.declared import CheckpointKind, Size

_HINT = "GET /v1/models lists the models."
_SHOWN = 100
"""Characters of a name that somebody made up, in an answer."""


@dataclass(frozen=True)
class Wanted:
    """What a model's name asks for; None leaves it to the service or to the request."""

    kind: CheckpointKind | None = None
    size: Size | None = None
    language: str | None = None
    """Canonical (`shared.languages`)."""
    directed: bool = True
    """Whether it follows `instructions`."""
    events: bool = True
    """Whether its sound may be sent as server-sent events."""


_PLAIN = Wanted(directed=False, events=False)
ALIASES: dict[str, Wanted] = {
    "tts-1": _PLAIN,
    "tts-1-hd": _PLAIN,
    "gpt-4o-mini-tts": Wanted(),
    "gpt-4o-mini-tts-2025-12-15": Wanted(),
    "qwen3-tts": Wanted(),
}
"""Names of OpenAI's models and one of ours: whatever checkpoint the service is set to speaks.

What `tts-1` and `tts-1-hd` cannot do is OpenAI's rule; with a language behind it, a name is ours.
"""


def choose(models_dir: Path, word: str) -> Wanted:
    """An alias, one with a language behind it as in `tts-1-es`, or a checkpoint.

    Raises ModelNotFound.
    """
    name = word.strip().lower()
    if alias := ALIASES.get(name):
        return alias
    stem, _, code = name.rpartition("-")
    if stem in ALIASES and code in languages.NAMES:
        return replace(ALIASES[stem], language=languages.NAMES[code], events=True)
    found = entry(models_dir, word)
    speaking = folder.pick(models_dir, found.kind, found.size)
    if found.checkpoint is None and (speaking is None or speaking.id != found.id):
        raise ModelNotFound(
            f"{found.id} is here, but is not the one that speaks.",
            param="model",
            hint="A checkpoint of your own speaks where no released one of its kind is here.",
        )
    return Wanted(kind=found.kind, size=found.size)


def entry(models_dir: Path, word: str) -> Entry:
    """A checkpoint by its id, or a released one as its hub calls it. Raises ModelNotFound."""
    try:
        try:
            return folder.entry(models_dir, word)
        except UnknownModel:
            return folder.entry(models_dir, catalogue.find(word).id)
    except UnknownModel as error:
        raise ModelNotFound(
            f"The model {word[:_SHOWN]!r} does not exist.", param="model", hint=_HINT
        ) from error
