"""A voice as one zip file, going out and coming in: `<id>/voice.yaml` and its files."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from pydantic import TypeAdapter

from shared.audio import apart, reference
from shared.audio import clip as wav
from shared.errors import Conflict, InvalidRequest, UnreadableVoice
from shared.requests.declared import Transcript
from shared.stores.outputs import is_name
from shared.stores.voice_record import SAMPLE, Voice, dumps, loads
from shared.stores.voices import RECORD, is_slug
from shared.voices import naming, settings, tensors
from shared.voices.library import Library
from shared.voices.making import Made

MOST_ENTRIES = 64
LARGEST = 128 << 20
"""Bytes of all files of a voice together: 16 minutes of sound, as no voice has."""

_LARGEST_TEXT = 64 << 10
_LARGEST_PROMPT = 16 << 20
_LARGEST_INDEX = 32 << 10
"""Bytes of a zip's central directory, which is read before its entries can be counted."""
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_COMMENT = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PICKLE = "data.pkl"
_ENCRYPTED = 0x1
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
    struct.error,
)
"""What zipfile raises over files that somebody damaged or forged."""
_TRANSCRIPT = TypeAdapter[str](Transcript)
_ENTRY = re.compile(r"([^/]+)/([^/]*)")


def pack(library: Library, voice_id: str) -> bytes:
    """The zip file of a voice; equal voices give equal bytes. Raises UnknownVoice."""
    voice = library.get(voice_id)
    kept = filter(_allowed(voice), library.files(voice_id))
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr(_member(f"{voice_id}/{RECORD}"), dumps(voice))
        for name in kept:
            packed.writestr(_member(f"{voice_id}/{name}"), library.store.read(voice_id, name))
    return target.getvalue()


def unpack(source: BinaryIO, name: str | None = None) -> Made:
    """The voice in a zip file, every file of it checked; `name` replaces its own.

    Raises UnreadableVoice, which names the entry, and what the checks of a recording raise.
    """
    files = _inflate(source)
    if RECORD not in files:
        raise UnreadableVoice(f"The zip has no {RECORD}.", param="file")
    voice = _record(files.pop(RECORD), name)
    allowed = _allowed(voice)
    if strange := next((file for file in files if not allowed(file)), None):
        raise UnreadableVoice(f"A voice has no file {strange}.", param="file")
    missing = {clip.file for clip in voice.clips} - files.keys()
    if missing:
        raise UnreadableVoice(f"The zip lacks {min(missing)}.", param="file")
    warnings: list[str] = []
    for clip in voice.clips:
        files[clip.file], seconds, remarks = _recording(clip.file, files[clip.file])
        warnings += remarks
        if clip.transcript in files:
            text = _text(clip.transcript, files[clip.transcript])
            warnings += reference.require_fit(text, seconds, voice.language)
    if SAMPLE in files:
        files[SAMPLE] = wav.dumps(_heard(SAMPLE, files[SAMPLE]).samples)
    for file in filter(naming.prompt_parts, files):
        _require_prompt(file, files[file])
    return Made(voice, files, tuple(warnings))


def is_prompt_of_the_package(source: BinaryIO) -> bool:
    """True for what `torch.save` wrote: a zip around a pickle, which nothing here opens."""
    try:
        return any(name.endswith(f"/{_PICKLE}") for name in _opened(source).namelist())
    except UnreadableVoice:
        return False


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
    _require_short_index(source)
    try:
        packed = zipfile.ZipFile(source)
    except _FAULTS as error:
        raise _no_zip() from error
    if len(packed.infolist()) > MOST_ENTRIES:
        raise UnreadableVoice(f"The zip has more than {MOST_ENTRIES} entries.", param="file")
    return packed


def _require_short_index(source: BinaryIO) -> None:
    size = source.seek(0, 2)
    source.seek(max(0, size - _END.size - _COMMENT))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise _no_zip()
    *_, entries, index, _, _ = _END.unpack_from(tail, at)
    if entries > MOST_ENTRIES or index > _LARGEST_INDEX:
        raise UnreadableVoice(f"The zip has more than {MOST_ENTRIES} entries.", param="file")


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
    except _FAULTS as error:
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


def _allowed(voice: Voice) -> Callable[[str], bool]:
    """What a voice may have beside its record."""
    known = {SAMPLE} | {name for clip in voice.clips for name in (clip.file, clip.transcript)}
    return lambda name: name in known or naming.prompt_parts(name) is not None


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


def _no_zip() -> UnreadableVoice:
    return UnreadableVoice("The file is no zip file, or is damaged.", param="file")


def _too_large() -> UnreadableVoice:
    return UnreadableVoice(f"The zip holds more than {LARGEST >> 20} MB.", param="file")
