"""Which of the forms a script is written in, and the script."""

from collections.abc import Callable, Collection
from typing import Literal

from shared.documents.decoding import text_of
from shared.documents.media import Media, media_of
from shared.errors import UnreadableDocument
from shared.screenplay import dialogue, final_draft, fountain, tabular
from shared.screenplay.elements import Script

Form = Literal["auto", "fountain", "fdx", "dialogue", "csv", "json"]
_FORMS: dict[Media, Form] = {"fdx": "fdx", "csv": "csv", "json": "json"}
_TEXTS = ("text", "markdown", "fountain")


def read(data: bytes, name: str, form: Form = "auto", cast: Collection[str] = ()) -> Script:
    """The script of a document; `name` is that of its file, or empty.

    `cast` are names that are known to be characters. Raises UnreadableDocument, InvalidRequest.
    """
    if form == "auto":
        media = media_of(data, name)
        if media in _TEXTS:
            return _of_text(text_of(data), media, bool(name), cast)
        if media not in _FORMS:
            raise UnreadableDocument(
                f"This is a document of the kind {media!r}, which is no script.",
                param="source",
                hint="Send Fountain, FDX, `NAME: line` in plain text or Markdown, CSV or JSON; "
                "or say which with `form`.",
            )
        form = _FORMS[media]
    if form == "fdx":
        return final_draft.read(data)
    return _READERS[form](text_of(data), cast)


def _of_text(text: str, media: Media, is_named: bool, cast: Collection[str]) -> Script:
    """Of text that nothing tells for sure: what has more speeches, else what it looks like."""
    if media == "text" and tabular.is_table(text):
        return tabular.read_csv(text)
    screenplay = fountain.read(text, cast)
    if media == "fountain" and is_named and screenplay.speeches:
        return screenplay
    typed = dialogue.read(text, cast)
    more = len(screenplay.speeches) - len(typed.speeches)
    return screenplay if more > 0 or (more == 0 and media == "fountain") else typed


_READERS: dict[Form, Callable[[str, Collection[str]], Script]] = {
    "fountain": fountain.read,
    "dialogue": dialogue.read,
    "csv": lambda text, _: tabular.read_csv(text),
    "json": lambda text, _: tabular.read_json(text),
}
