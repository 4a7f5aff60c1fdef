"""Files that somebody sent: decoded and checked before anything of them is kept."""

import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO

from shared import pictures
from shared.audio import apart, clip, codes, reference
from shared.audio.pcm import SAMPLE_RATE
from shared.documents.media import require_document
from shared.errors import AudioTooLong, BodyTooLarge, InvalidRequest, UnsuitableReference
from shared.plans import exchange
from shared.plans.plan import Plan
from shared.requests.declared import UploadKind
from shared.settings import Settings
from shared.stores.uploads import Upload, UploadFacts, UploadStore, content_id

_MARGIN = 30.0
"""Seconds above the longest reference that are decoded, to say by how much one is too long."""
_LONGEST_NAME = 200
_MOST_WARNINGS = 200


@dataclass(frozen=True)
class Received:
    """A file that may be kept, in canonical form."""

    kind: UploadKind
    data: bytes
    facts: UploadFacts

    @property
    def id(self) -> str:
        """Of the upload that it becomes."""
        return content_id(self.data)

    def keep(self, store: UploadStore) -> Upload:
        return store.put(self.kind, self.data, self.facts)


def receive(
    kind: UploadKind,
    source: BinaryIO,
    settings: Settings,
    store: UploadStore,
    param: str = "file",
    name: str = "",
) -> Upload:
    """Examine a file and keep it."""
    return examine(kind, source, settings, param, name).keep(store)


def examine(
    kind: UploadKind,
    source: BinaryIO,
    settings: Settings,
    param: str = "file",
    name: str = "",
) -> Received:
    """Decode and check a file; nothing is kept yet. `name` is what whoever sent it calls it.

    Raises UnreadableAudio, UnsuitableReference, UnreadableCodes, AudioTooLong, UnreadableDocument,
    NothingToSay, UnreadablePicture or BodyTooLarge, and InvalidRequest for a plan, each with
    `param`.
    """
    try:
        match kind:
            case "reference":
                return _reference(source)
            case "audio":
                return _sound(kind, apart.decode(source, settings.max_audio_seconds))
            case "codes":
                return _tokens(source, settings.max_audio_seconds)
            case "document":
                return document(_whole(source, settings), base_name(name))
            case "plan":
                return plan(exchange.loads(_whole(source, settings)))
            case "cover":
                return cover(source.read(pictures.LARGEST + 1))
    except InvalidRequest as error:
        error.param = param
        raise


def document(data: bytes, name: str = "") -> Received:
    """A document, which is kept as it is; `name` is no more than a name.

    Raises UnreadableDocument, and NothingToSay for an empty one.
    """
    return Received("document", data, UploadFacts(name=name, media=require_document(data, name)))


def plan(made: Plan) -> Received:
    """A plan that is fit to be spoken; whoever speaks it tells each of its warnings."""
    if (more := len(made.warnings) - _MOST_WARNINGS) > 0:
        warnings = [*made.warnings[:_MOST_WARNINGS], f"… and {more:,} warnings more."]
        made = made.model_copy(update={"warnings": warnings})
    return Received("plan", exchange.dumps(made), exchange.facts(made))


def cover(data: bytes) -> Received:
    """A picture. Raises UnreadablePicture."""
    return Received("cover", data, UploadFacts(media=pictures.require_picture(data)))


def base_name(name: str) -> str:
    """What somebody calls a file, without folders and what cannot be shown; it is never a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return shown.strip()[-_LONGEST_NAME:]


def _whole(source: BinaryIO, settings: Settings) -> bytes:
    most = settings.max_upload_mb << 20
    data = source.read(most + 1)
    if len(data) > most:
        raise BodyTooLarge(f"A file may have {settings.max_upload_mb} MB.")
    return data


def _reference(source: BinaryIO) -> Received:
    try:
        sound = apart.decode(source, reference.LONGEST + _MARGIN)
    except AudioTooLong as error:
        raise UnsuitableReference(
            f"The recording lasts longer than {reference.LONGEST:g} seconds."
        ) from error
    received = _sound("reference", sound, reference.check(sound))
    measured = asdict(reference.measure(sound))
    return replace(received, facts=received.facts.model_copy(update=measured))


def _sound(kind: UploadKind, sound: clip.Clip, warnings: tuple[str, ...] = ()) -> Received:
    facts = UploadFacts(
        seconds=sound.seconds,
        rate=sound.rate,
        channels=sound.channels,
        codec=sound.codec,
        warnings=list(warnings),
    )
    return Received(kind, clip.dumps(sound.samples), facts)


def _tokens(source: BinaryIO, longest: float) -> Received:
    tokens = codes.loads(source.read(codes.largest(longest) + 1), longest)
    facts = UploadFacts(
        seconds=tokens.seconds,
        rate=SAMPLE_RATE,
        channels=1,
        codec=tokens.codec,
    )
    return Received("codes", codes.dump_npz(tokens), facts)
