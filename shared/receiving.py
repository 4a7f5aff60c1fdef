"""Files that somebody sent: decoded and checked before anything of them is kept."""

from dataclasses import dataclass
from typing import BinaryIO

from shared.audio import apart, clip, codes, reference
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import AudioTooLong, InvalidRequest, UnsuitableReference
from shared.requests.declared import UploadKind
from shared.settings import Settings
from shared.stores.uploads import Upload, UploadFacts, UploadStore, content_id

_MARGIN = 30.0
"""Seconds above the longest reference that are decoded, to say by how much one is too long."""


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
) -> Upload:
    """Examine a file and keep it."""
    return examine(kind, source, settings, param).keep(store)


def examine(
    kind: UploadKind, source: BinaryIO, settings: Settings, param: str = "file"
) -> Received:
    """Decode and check a file; nothing is kept yet.

    Raises UnreadableAudio, UnsuitableReference, UnreadableCodes or AudioTooLong, each with `param`.
    """
    try:
        match kind:
            case "reference":
                return _reference(source)
            case "audio":
                return _sound(kind, apart.decode(source, settings.max_audio_seconds))
            case "codes":
                return _tokens(source, settings.max_audio_seconds)
    except InvalidRequest as error:
        error.param = param
        raise


def _reference(source: BinaryIO) -> Received:
    try:
        sound = apart.decode(source, reference.LONGEST + _MARGIN)
    except AudioTooLong as error:
        raise UnsuitableReference(
            f"The recording lasts longer than {reference.LONGEST:g} seconds."
        ) from error
    return _sound("reference", sound, reference.check(sound))


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
