"""The files inside an EPUB or Word document: read with a bound, never written to disk."""

import io
import zipfile

from shared import zips
from shared.documents.media import MOST_ENTRIES
from shared.errors import UnreadableDocument

LARGEST_PART = 32 << 20
"""Bytes of one file, unpacked; the longest novels have 5 MB of text in all."""
LARGEST = 128 << 20
"""Bytes of all files that are looked at, unpacked."""
_CHUNK = 1 << 20
_ENCRYPTED = 0x1


class Packed:
    """A zip file whose parts are read one by one, as far as all of them together are no bomb."""

    def __init__(self, data: bytes) -> None:
        """Raises UnreadableDocument."""
        try:
            self._zip = zips.opened(io.BytesIO(data), MOST_ENTRIES)
        except (zips.TooManyEntries, *zips.FAULTS) as error:
            raise damaged("It is no zip file, or a damaged one.") from error
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        self._left = LARGEST

    def names(self) -> list[str]:
        """Of all parts, as the index has them."""
        return list(self._entries)

    def read(self, name: str, largest: int = LARGEST_PART) -> bytes | None:
        """A part; None where there is none of that name. Raises UnreadableDocument."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.flag_bits & _ENCRYPTED:
            raise damaged(f"{name!r} in it asks for a password.")
        try:
            return self._unpacked(entry, min(largest, self._left))
        except zips.FAULTS as error:
            raise damaged(f"{name!r} in it cannot be unpacked.") from error

    def _unpacked(self, entry: zipfile.ZipInfo, most: int) -> bytes:
        """By chunks: asked for all at once, zipfile unpacks more than the index says there is."""
        parts: list[bytes] = []
        size = 0
        with self._zip.open(entry) as part:
            while chunk := part.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise UnreadableDocument(
                        f"{entry.filename[:100]!r} in the document is too large once it is "
                        f"unpacked: {LARGEST_PART >> 20} MB are read of one file, and "
                        f"{LARGEST >> 20} MB of all.",
                        param="source",
                        hint="Send the text alone, without pictures and fonts, or in parts.",
                    )
                parts.append(chunk)
        self._left -= size
        return b"".join(parts)


def damaged(what: str) -> UnreadableDocument:
    """The error for a document that is not as it should be."""
    return UnreadableDocument(
        f"The document cannot be read: {what}",
        param="source",
        hint="Open it with a program for such files, save it again, and send that.",
    )
