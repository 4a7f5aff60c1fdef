"""ElevenLabs' `multi-stream-input`: several utterances at once on one socket, each in a context.

Names and fields are those of ElevenLabs' AsyncAPI document; what closing means is in its words on
`close_context` and `close_socket`.
"""

import re
from typing import Annotated, Self

from pydantic import Field

from shared.dialects import elevenlabs
from shared.dialects.elevenlabs import LONGEST_TEXT
from shared.text.torn import torn

MOST = 5
"""Contexts of one socket that may be open or heard at once."""
DEFAULT = "default"
"""The context of text that names none."""

_END = re.compile(r"[.!?…。！？][\W_]*\Z")


class Opening(elevenlabs.Opening):
    """The query."""

    auto_mode: bool = False
    """Whether messages are whole sentences, which need not wait for the word after them."""


class Message(elevenlabs.Message):
    """What a client sends; only the first one of a context says how it sounds."""

    text: Annotated[str, torn(LONGEST_TEXT)] = ""
    context_id: str | None = Field(default=None, max_length=200)
    close_context: bool = False
    """No more text comes for it: what was flushed is spoken, and the rest is not."""
    close_socket: bool = False
    """The same for all of them, and the socket closes."""

    @property
    def context(self) -> str:
        """Its name."""
        return self.context_id or DEFAULT

    @property
    def ends(self) -> bool:
        """Whether no more text comes for the context; an empty one only keeps it alive."""
        return self.close_context

    @property
    def ends_sentence(self) -> bool:
        """Whether its text ends as sentences do."""
        return _END.search(self.text) is not None


class Sounding(elevenlabs.Sounding):
    """Sound of a context, or with `isFinal` that nothing follows."""

    contextId: str

    @classmethod
    def of(cls, sounding: elevenlabs.Sounding, context: str) -> Self:
        """What `stream-input` would say, of a context."""
        return cls(**dict(sounding), contextId=context)
