"""The moods that a request can name, read from `configs/emotions.yaml`."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from shared import languages, strict_yaml
from shared.errors import ConfigurationError, UnknownEmotion

FILE = Path(__file__).resolve().parent.parent / "configs" / "emotions.yaml"

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FALLBACK = "english"


def _in_known_languages(texts: dict[str, str]) -> dict[str, str]:
    if strange := texts.keys() - languages.CODES.keys():
        raise PydanticCustomError(
            "language",
            "There is no language {strange}; there are {known}",
            {"strange": min(strange), "known": ", ".join(languages.CODES)},
        )
    if _FALLBACK not in texts:
        raise PydanticCustomError("language", "English is missing, which stands in for the others")
    return texts


Words = Annotated[str, Field(min_length=1, max_length=1_000)]


class Emotion(BaseModel):
    """A mood."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    id: Annotated[str, Field(pattern=rf"^{_ID.pattern}$")]
    """The word in requests."""
    name: Words
    description: Words
    instruct: Annotated[dict[str, Words], AfterValidator(_in_known_languages)]
    """What a checkpoint is told that follows instructions, by language; English at least."""
    example: Words
    """A sentence that suits the mood."""


def read(file: Path) -> dict[str, Emotion]:
    """The moods of a file, by id. Raises ConfigurationError, which names the file and the key."""
    return strict_yaml.read(file, _EMOTIONS, _with_ids)


def canonical(word: str) -> str:
    """`Happy` and `happy` are `happy`. Raises UnknownEmotion."""
    wanted = "_".join(re.split(r"[\s_-]+", word.strip().lower()))
    if wanted in EMOTIONS:
        return wanted
    raise UnknownEmotion(
        f"There is no emotion {word!r}. Known are: {', '.join(EMOTIONS)}.", param="emotion"
    )


def instruct(emotion: str, language: str) -> str:
    """What a checkpoint is told, in the language of the text or else in English."""
    texts = EMOTIONS[emotion].instruct
    return texts.get(language, texts[_FALLBACK])


def _required(file: Path) -> dict[str, Emotion]:
    """The moods that the contracts are declared with, so that no process starts without them.

    This happens while modules are loaded, before any program could say what is wrong.
    """
    try:
        return read(file)
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(2) from error


def _with_ids(found: Any) -> Any:
    """Each mood with the key under which it stands; what is no mood is left to be refused."""
    if not isinstance(found, dict):
        return found
    moods = cast(dict[Any, Any], found)
    return {key: _with_id(key, mood) for key, mood in moods.items()}


def _with_id(key: Any, mood: Any) -> Any:
    return {**cast(dict[Any, Any], mood), "id": key} if isinstance(mood, dict) else mood


_EMOTIONS = TypeAdapter(dict[str, Emotion], config=ConfigDict(strict=True))
EMOTIONS: dict[str, Emotion] = _required(FILE)
