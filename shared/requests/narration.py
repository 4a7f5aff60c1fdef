"""The contract of `narration`: a book or an article becomes a recording with chapters."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from shared.requests.declared import PRIVATE, CoverFile, Format
from shared.requests.pipeline import Loudness, Pipeline
from shared.requests.role import Role, RoleField

_Words = Annotated[str, Field(max_length=300, json_schema_extra={PRIVATE: True})]


class Narration(Pipeline):
    """Read a document aloud, chapter by chapter."""

    name: ClassVar[str] = "narration"
    title: ClassVar[str] = "Narration"
    summary: ClassVar[str] = (
        "A text, Markdown, EPUB or Word document is read aloud, with chapters: whole and chapter "
        "by chapter, as any audio file or as an audiobook (m4b)."
    )
    artifacts: ClassVar[tuple[str, ...]] = ("audio.srt", "audio.vtt", "timings.json")
    example_name: ClassVar[str] = "lamp.md"
    example: ClassVar[dict[str, Any]] = {
        "text": "# One\n\nThe lamp turned. Ten seconds; ten seconds; ten.\n\n# Two\n\n"
        "“You saw it?” asked a voice.",
        "narrator": "ryan",
        "dialogue": "serena",
        "language": "english",
    }

    narrator: RoleField = Role(voice="ryan")
    """Who reads."""
    dialogue: RoleField | None = None
    """Who reads what stands in quotation marks; left out, the narrator does."""
    chapters: Literal["auto", "none"] = "auto"
    """Whether chapters are looked for: headings of the document, `<<CHAPTER: Title>>`, lines such
    as `Chapter 12`."""
    announce: bool = True
    """Read the titles of the chapters aloud."""
    skip_front_matter: bool = True
    """Leave out what comes before the first chapter of a book: imprint, contents, dedication."""
    only: (
        Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=2_000)] | None
    ) = None
    """Numbers of the chapters that are read, as the plan counts them; left out, all of them."""
    book_title: _Words | None = None
    """Title in the tags; left out, that of the document."""
    author: _Words | None = None
    """Author in the tags; left out, that of the document."""
    cover: CoverFile | None = None
    """A picture, JPEG or PNG, for the tags; left out, that of the EPUB."""
    deliver: Literal["whole", "chapters", "both"] = "both"
    """Files: the whole recording, one for each chapter, or both."""
    format: Literal[Format, "m4b"] = "wav"  # pyright: ignore[reportIncompatibleVariableOverride]
    """Format of the finished files; `m4b` is an audiobook with chapters and cover."""
    loudness: Loudness = "audiobook"
    """How loud the finished recording is; true peaks are limited in all but `off`."""
