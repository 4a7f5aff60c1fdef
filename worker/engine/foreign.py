"""Voices as the qwen-tts package saves them: `torch.save({"items": [asdict(item), …]})` of its
`VoiceClonePromptItem`, by its demo. Such a file is a pickle, so nothing of it is believed."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from shared.audio.codes import CODEBOOKS, CODES, FRAME_RATE
from shared.audio.reference import LONGEST
from shared.checkpoints import folder as checkpoints
from shared.checkpoints.folder import Entry
from shared.checkpoints.layout import CONFIG
from shared.errors import CheckpointDamaged, CheckpointUnfit, UnreadableVoice
from worker.engine import pickled
from worker.engine.voice import VoicePrompt

LARGEST = 8 * 2**20
"""Bytes of a file, and of what is packed in it; a voice takes less than a tenth of a megabyte."""
MOST = 64
"""Voices in a file."""
WIDEST = 8_192
"""Numbers of a speaker embedding; the released checkpoints have 1,024 and 2,048."""
FRAMES = round((LONGEST + 1) * FRAME_RATE)
"""Of a reference, with the rest that our own prompts have after it."""
WORDIEST = 2_000
"""Characters of a transcript, as in a request."""
_PICKLE = "data.pkl"
"""The file in the zip by which torch begins."""
_WHOLE = (torch.int64, torch.int32, torch.int16, torch.uint16)


@dataclass(frozen=True, eq=False)
class ForeignPrompt:
    """A voice that some checkpoint has made, nobody knows which."""

    x_vector: Tensor
    """[width], fp32."""
    codes: Tensor | None = None
    """[frames, CODEBOOKS], int64: in context only."""
    transcript: str | None = None

    @property
    def width(self) -> int:
        """By which the size of its checkpoint can be told."""
        return len(self.x_vector)


def read(data: bytes) -> list[ForeignPrompt]:
    """The voices in a file of the package, one at least. Raises UnreadableVoice."""
    _require_small(data)
    content = _unpickled(_repacked(data))
    items = cast(Mapping[str, Any], content).get("items") if isinstance(content, dict) else None
    if not isinstance(items, list) or not items:
        raise UnreadableVoice("This file holds no list of voices under 'items'.")
    voices = cast(list[Any], items)
    if len(voices) > MOST:
        raise UnreadableVoice(f"This file holds {len(voices)} voices; {MOST} are read at most.")
    return [_voice(number, item) for number, item in enumerate(voices, 1)]


def adopt(foreign: ForeignPrompt, checkpoint: str, revision: str) -> VoicePrompt:
    """The voice as that of a checkpoint, which is of its width and which it is said to be from."""
    return VoicePrompt(checkpoint, revision, foreign.x_vector, foreign.codes, foreign.transcript)


def matching(width: int, models_dir: Path) -> Entry:
    """The Base checkpoint whose voices are so many numbers; one that is damaged is left out.

    Raises CheckpointUnfit.
    """
    here: list[str] = []
    for entry in checkpoints.usable(models_dir):
        if entry.kind != "base":
            continue
        try:
            has = width_of(entry.folder)
        except CheckpointDamaged:
            here.append(f"{entry.id!r}, which is damaged")
            continue
        if has == width:
            return entry
        here.append(f"{entry.id!r} with {has}")
    raise CheckpointUnfit(
        f"The voice in this file is {width} numbers, and no Base checkpoint here speaks with "
        f"those; here are: {', '.join(here) or 'none'}.",
        param="file",
        hint="The 0.6B-Base checkpoint makes voices of 1024 numbers, the 1.7B-Base of 2048: "
        "`qtts models pull` downloads either.",
    )


def width_of(folder: Path) -> int:
    """How many numbers a voice is for the Base checkpoint in a folder, which is not loaded.

    Raises CheckpointDamaged.
    """
    try:
        width = json.loads((folder / CONFIG).read_bytes())["speaker_encoder_config"]["enc_dim"]
    except (OSError, ValueError, LookupError, TypeError):
        width = None
    if not isinstance(width, int) or width < 1:
        raise CheckpointDamaged(
            f"Checkpoint {folder.name!r}: {CONFIG!r} lacks a valid "
            "'speaker_encoder_config.enc_dim'."
        )
    return width


def _require_small(data: bytes) -> None:
    """Before anything is unpacked: torch saves a zip, whose directory says what comes of it."""
    if len(data) > LARGEST:
        raise UnreadableVoice(f"The file is larger than {LARGEST // 2**20} MB, as no voice is.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inflated = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableVoice("The file is not one that torch saved.") from error
    if inflated > LARGEST:
        raise UnreadableVoice(
            f"What is packed in the file is larger than {LARGEST // 2**20} MB, as no voice is."
        )


def _repacked(data: bytes) -> bytes:
    """The same files in a zip of our own, once the pickle among them was looked at: torch has
    another reader of zips, which shall see nothing else than was checked."""
    repacked = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(repacked, "w") as ours:
            # torch does not care for the case of a name.
            files = {name.lower(): archive.read(name) for name in archive.namelist()}
            for name, content in files.items():
                if name.endswith(_PICKLE):
                    pickled.require_plain(content)
                ours.writestr(name, content)
    # What zipfile says of damage, a password, another compression; and what is no plain pickle.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise _beyond() from error
    return repacked.getvalue()


def _unpickled(data: bytes) -> object:
    try:
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    # Nobody can say what a file that means harm makes the reader stumble over.
    except Exception as error:
        raise _beyond() from error


def _beyond() -> UnreadableVoice:
    return UnreadableVoice(
        "The file cannot be read, or holds more than tensors and text.",
        hint='Save it as the package\'s demo does: `torch.save({"items": [asdict(item) for '
        "item in items]}, path)`.",
    )


def _voice(number: int, item: object) -> ForeignPrompt:
    """One item, with the defaults that the package's demo has for what is left out."""
    if not isinstance(item, dict):
        raise _unreadable(number, "it is no table of fields")
    fields = cast(dict[str, Any], item)
    alone = _fact(number, fields, "x_vector_only_mode", False)
    in_context = _fact(number, fields, "icl_mode", not alone)
    x_vector = _x_vector(number, fields.get("ref_spk_embedding"))
    if not in_context:
        return ForeignPrompt(x_vector)
    codes = _codes(number, fields.get("ref_code"))
    return ForeignPrompt(x_vector, codes, _transcript(number, fields.get("ref_text")))


def _fact(number: int, fields: Mapping[str, Any], name: str, default: bool) -> bool:
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise _unreadable(number, f"{name!r} is neither true nor false")
    return value


def _x_vector(number: int, value: object) -> Tensor:
    vector = _plain(number, "ref_spk_embedding", value)
    if vector.ndim != 1 or not 1 <= len(vector) <= WIDEST or not vector.is_floating_point():
        raise _unreadable(number, "'ref_spk_embedding' is no row of numbers")
    vector = vector.to(torch.float32, copy=True)
    if not vector.isfinite().all():
        raise _unreadable(number, "'ref_spk_embedding' has numbers that are not finite")
    return vector


def _codes(number: int, value: object) -> Tensor:
    codes = _plain(number, "ref_code", value)
    if codes.ndim != 2 or codes.shape[1] != CODEBOOKS or codes.dtype not in _WHOLE:
        raise _unreadable(number, f"'ref_code' is not in frames of {CODEBOOKS} codes each")
    if not 1 <= len(codes) <= FRAMES:
        seconds = len(codes) / FRAME_RATE
        raise _unreadable(
            number, f"its reference is {seconds:.1f} seconds long, and {LONGEST:.0f} may be"
        )
    codes = codes.to(torch.int64, copy=True)
    if codes.amin() < 0 or codes.amax() >= CODES:
        raise _unreadable(number, f"'ref_code' has codes beyond {CODES - 1}")
    return codes


def _transcript(number: int, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _unreadable(number, "it has codes, and no 'ref_text' that says what they say")
    if len(value) > WORDIEST:
        raise _unreadable(number, f"'ref_text' is longer than {WORDIEST} characters")
    return value.strip()


def _plain(number: int, name: str, value: object) -> Tensor:
    """An ordinary tensor, of which nothing has been computed: a small file may claim any shape."""
    if type(value) is not Tensor or value.layout != torch.strided or value.is_quantized:
        raise _unreadable(number, f"{name!r} is no tensor")
    if value.device.type != "cpu":
        raise _unreadable(number, f"{name!r} holds nothing")
    return value.detach()


def _unreadable(number: int, why: str) -> UnreadableVoice:
    return UnreadableVoice(f"Voice {number} of this file cannot be used: {why}.")
