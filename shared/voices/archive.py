"""A voice as one zip file, going out and coming in: `<id>/voice.yaml` and its files."""

import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from pydantic import TypeAdapter

from shared import zips
from shared.audio import apart, reference
from shared.audio import clip as wav
from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnreadableVoice
from shared.requests.declared import Transcript
from shared.stores.outputs import is_name
from shared.stores.voice_record import MOST_CLIPS, SAMPLE, Voice, dumps, loads
from shared.stores.voices import RECORD, is_slug
from shared.voices import naming, settings, tensors
from shared.voices.library import Library
from shared.voices.making import Made

_MOST_CHECKPOINTS = 8
"""That a voice is prepared for: two are published, and somebody may have made more."""
MOST_ENTRIES = 3 + MOST_CLIPS * (2 + _MOST_CHECKPOINTS)
"""The folder, the record and the sample; of each recording the sound, the words and the prompts."""
_MOST_FILES = MOST_ENTRIES - 2
LARGEST = 128 << 20
"""Bytes of all files of a voice together: 16 minutes of sound, as no voice has."""
LARGEST_OF_THE_PACKAGE = 4 << 20
"""Bytes of a prompt file of the package, which holds a minute of codes at most."""

_LARGEST_PROMPT = 16 << 20
"""Bytes of a prompt of ours, which has the state of the codec too: 5 MB."""
_LARGEST_TEXT = 64 << 10
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PICKLE = "/data.pkl"
_ENCRYPTED = 0x1
_TRANSCRIPT = TypeAdapter[str](Transcript)
_ENTRY = re.compile(r"([^/]+)/([^/]*)")


def pack(library: Library, voice_id: str, most: int = LARGEST) -> bytes:
    """The zip file of a voice; equal voices give equal bytes.

    Prompts that are made anew from a recording go along as far as all has `most` bytes. Raises
    UnknownVoice, RecordDamaged where a recording is missing, and Conflict for a voice so large that
    none could bring it in again.
    """
    with library.settled():
        voice, sizes = library.get(voice_id), library.files(voice_id)
        if missing := {clip.file for clip in voice.clips} - sizes.keys():
            raise RecordDamaged(f"{voice_id}/{min(missing)} is missing.")
        names = _packed(voice, sizes, min(most, LARGEST))
        files = {name: library.store.read(voice_id, name) for name in names}
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, data in {RECORD: dumps(voice), **files}.items():
            packed.writestr(_member(f"{voice_id}/{name}"), data)
    return target.getvalue()


@dataclass(frozen=True)
class Parcel:
    """A voice as it came in a zip; its record has been understood, its files not looked at."""

    record: Voice
    files: dict[str, bytes]

    def open(self) -> Made:
        """The voice, every file of it checked. Raises what the checks of a recording raise."""
        voice, files = self.record, dict(self.files)
        warnings: list[str] = []
        for file in filter(naming.prompt_parts, files):
            _require_prompt(file, files[file])
        for clip in voice.clips:
            files[clip.file], seconds, remarks = _recording(clip.file, files[clip.file])
            warnings += remarks
            if clip.transcript in files:
                text = _text(clip.transcript, files[clip.transcript])
                warnings += reference.require_fit(text, seconds, voice.language)
        if SAMPLE in files:
            files[SAMPLE] = wav.dumps(_heard(SAMPLE, files[SAMPLE]).samples)
        return Made(voice, files, tuple(warnings))


def unpack(source: BinaryIO, name: str | None = None) -> Parcel:
    """What is in the zip file of a voice; `name` replaces its own.

    Nothing is decoded yet. Raises UnreadableVoice, which names the entry.
    """
    files = _inflate(source)
    if RECORD not in files:
        raise UnreadableVoice(f"The zip has no {RECORD}.", param="file")
    voice = _record(files.pop(RECORD), name)
    allowed = _allowed(voice)
    if strange := next((file for file in files if not allowed(file)), None):
        raise UnreadableVoice(f"A voice has no file {strange}.", param="file")
    if missing := {clip.file for clip in voice.clips} - files.keys():
        raise UnreadableVoice(f"The zip lacks {min(missing)}.", param="file")
    if not voice.clips and not any(map(naming.prompt_parts, files)):
        raise UnreadableVoice(
            "The zip has neither a recording nor a prompt: the voice could never speak.",
            param="file",
        )
    return Parcel(voice, files)


def is_prompt_of_the_package(source: BinaryIO) -> bool:
    """True for what `torch.save` wrote: a zip around a pickle, which nothing here opens."""
    return zips.first_name(source).endswith(_PICKLE)


# --- the zip ---


def _inflate(source: BinaryIO) -> dict[str, bytes]:
    """The files of the one folder in a zip, by name. Raises UnreadableVoice."""
    with _opened(source) as packed:
        entries = packed.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise _too_large()
        names = [_checked(entry) for entry in entries]
        files: dict[str, bytes] = {}
        for entry, (folder, name) in zip(entries, names, strict=True):
            if folder != names[0][0]:
                raise _refused(entry, "is in another folder than the first")
            if name in files:
                raise _refused(entry, "is there twice")
            if name:
                files[name] = _read(packed, entry, LARGEST - sum(map(len, files.values())))
        return files


def _opened(source: BinaryIO) -> zipfile.ZipFile:
    """Raises UnreadableVoice for what is no zip file, or has more entries than a voice."""
    try:
        return zips.opened(source, MOST_ENTRIES)
    except zips.TooManyEntries as error:
        raise UnreadableVoice(
            f"The zip has more than {MOST_ENTRIES} entries, or says so.", param="file"
        ) from error
    except zips.FAULTS as error:
        raise UnreadableVoice("The file is no zip file, or is damaged.", param="file") from error


def _checked(entry: zipfile.ZipInfo) -> tuple[str, str]:
    """Folder and name of an entry; the name of the folder itself is empty."""
    parts = _ENTRY.fullmatch(entry.orig_filename)
    if parts is None or not is_slug(parts[1]) or not (is_name(parts[2]) or entry.is_dir()):
        raise _refused(entry, "is not `folder/file` with a plain name")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _refused(entry, "is a link")
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(entry, "is encrypted")
    if entry.compress_type not in _METHODS:
        raise _refused(entry, "is compressed in an unusual way")
    return parts[1], parts[2]


def _read(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    try:
        with packed.open(entry) as file:
            data = file.read(room + 1)
    except zips.FAULTS as error:
        raise _refused(entry, "is damaged") from error
    if len(data) > room:
        raise _too_large()
    return data


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o644 << 16
    if name.endswith((".yaml", ".txt")):
        member.compress_type = zipfile.ZIP_DEFLATED
    return member


# --- the files ---


def _packed(voice: Voice, sizes: Mapping[str, int], most: int) -> list[str]:
    """The files that go into a zip, each where it would be without those that stay."""
    allowed = _allowed(voice)
    spare = {name for name in sizes if voice.clips and naming.prompt_parts(name)}
    needed = [name for name in sizes if allowed(name) and name not in spare]
    total = sum(sizes[name] for name in needed)
    if total > LARGEST or len(needed) > _MOST_FILES:
        raise Conflict(
            f"The voice has {len(needed)} files of {total >> 20} MB; one that can be brought in "
            f"again has {_MOST_FILES} and {LARGEST >> 20} MB at most.",
            param="id",
            hint="Take recordings away that it does without.",
        )
    chosen = set(needed)
    for name in filter(allowed, sorted(spare)):
        if total + sizes[name] <= most and len(chosen) < _MOST_FILES:
            chosen.add(name)
            total += sizes[name]
    return [name for name in sizes if name in chosen]


def _allowed(voice: Voice) -> Callable[[str], bool]:
    """What a voice may have beside its record."""
    known = {SAMPLE} | {name for clip in voice.clips for name in (clip.file, clip.transcript)}
    moods = {"", *(clip.emotion for clip in voice.clips)}

    def allowed(name: str) -> bool:
        parts = naming.prompt_parts(name)
        return name in known or (parts is not None and parts[1] in moods)

    return allowed


def _record(data: bytes, name: str | None) -> Voice:
    if len(data) > _LARGEST_TEXT:
        raise UnreadableVoice(f"{RECORD} is too long.", param="file")
    try:
        voice = loads(data)
    except ValueError as error:
        raise UnreadableVoice(f"{RECORD} cannot be understood.", param="file") from error
    if voice.kind == "preset":
        raise Conflict("A preset speaker is here already; it cannot be imported.", param="file")
    return voice.model_copy(
        update={
            "name": naming.checked_name(name or voice.name),
            "settings": settings.checked(voice.settings),
        }
    )


def _recording(name: str, data: bytes) -> tuple[bytes, float, tuple[str, ...]]:
    heard = _heard(name, data)
    try:
        warnings = reference.check(heard)
    except InvalidRequest as error:
        error.param = name
        raise
    return wav.dumps(heard.samples), heard.seconds, warnings


def _heard(name: str, data: bytes) -> wav.Clip:
    return apart.decode(BytesIO(data), reference.LONGEST, name)


def _text(name: str, data: bytes) -> str:
    try:
        return _TRANSCRIPT.validate_python(data.decode())
    except ValueError as error:
        raise UnreadableVoice(f"{name} is no transcript.", param="file") from error


def _require_prompt(name: str, data: bytes) -> None:
    """What it holds is looked at by the worker, before it is used."""
    if len(data) > _LARGEST_PROMPT:
        raise UnreadableVoice(f"{name} is larger than any prompt.", param="file")
    try:
        tensors.metadata(data)
    except ValueError as error:
        raise UnreadableVoice(f"{name} is no safetensors file: {error}.", param="file") from error


# --- refusals ---


def _refused(entry: zipfile.ZipInfo, reason: str) -> UnreadableVoice:
    shown = entry.orig_filename.encode("utf-8", "replace").decode()[:100]
    return UnreadableVoice(f"The entry {shown!r} of the zip {reason}.", param="file")


def _too_large() -> UnreadableVoice:
    return UnreadableVoice(f"The zip holds more than {LARGEST >> 20} MB.", param="file")
