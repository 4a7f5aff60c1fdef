"""An NPC pack: a voice file for each line and take, a manifest, and a reel of all of them."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, log10

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
import soxr

from shared import languages
from shared.assembly import files, manifest, timings
from shared.assembly.assembling import Assembled, Materials, Placed, assembles
from shared.assembly.filenames import Filenames, slug
from shared.assembly.manifest import Voiced
from shared.assembly.packing import Pack, packing
from shared.assembly.timings import Timed
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.manifests.columns import Columns
from shared.plans.plan import Line
from shared.requests.npc_pack import NpcPack

_SUBTYPES = {16: "PCM_16", 24: "PCM_24"}
_QUALITY = 0.6
"""Of Vorbis, 0 to 1: about 80 kbit/s for speech in one channel."""
NOTICE = (
    "The voices in this pack are AI-generated speech, made with Qwen3-TTS or its preview engine;\n"
    "manifest.json says which for each file. Tell your players, as law or store may ask you to.\n"
)


@dataclass(frozen=True)
class _Packing:
    """What decides how the files of one pack are written."""

    request: NpcPack
    gains: dict[str, float]
    """Character → factor."""

    def finished(self, line: Line, samples: Samples) -> Samples:
        """A dressed line as it is heard, at 24 kHz."""
        if self.request.gain == "off":
            return samples
        if self.request.gain == "per_line":
            return samples * np.float32(_gain(lambda: iter([samples]), self.request))
        return samples * np.float32(self.gains[line.speaker])

    def encoded(self, samples: Samples) -> bytes:
        """As a file of the pack."""
        rate = self.request.rate
        sound: Samples = (
            samples if rate == SAMPLE_RATE else soxr.resample(samples, SAMPLE_RATE, rate)
        )
        sink = io.BytesIO()
        options: dict[str, object] = {"format": "WAV", "subtype": _SUBTYPES[self.request.bits]}
        if self.request.clips == "ogg":
            options = {"format": "OGG", "subtype": "VORBIS", "compression_level": 1 - _QUALITY}
        soundfile.write(sink, np.clip(sound, -1, 1), rate, **options)  # pyright: ignore
        return sink.getvalue()


@assembles(NpcPack)
def assemble_npc_pack(materials: Materials) -> Assembled:
    """`pack.zip`, its manifests, and a reel of all lines to listen to."""
    request: NpcPack = materials.request  # pyright: ignore[reportAssignmentType]
    folder = materials.folder
    packs = _Packing(request, dict(_gains(materials, request)))
    placed: list[Placed] = []
    voiced: dict[int, Voiced] = {}
    with Track(folder / ".reel.track") as reel, packing(folder / "pack.zip") as pack:
        for line, name in _named(materials, request):
            materials.watch()
            materials.tell(line.number / len(materials.plan.lines))
            samples = packs.finished(line, materials.sounds[line.number].heard())
            voiced[line.number] = _voiced(pack, name, packs.encoded(samples), samples, request.rate)
            start = reel.append(samples)
            placed.append(Placed(line.number, start / SAMPLE_RATE, len(reel) / SAMPLE_RATE))
            reel.silence(line.pause_after)
        tables = manifest.tables(materials, request, voiced)
        for path, text in tables.items():
            pack.add(path, text.encode())
        pack.add("LICENSES/AI-NOTICE.txt", NOTICE.encode())
        audio = folder / f"audio{FORMATS[request.format].extension}"
        made = [files.encode(reel, audio, request.format, watch=materials.watch)]
        samples_in_all = len(reel)
    made += manifest.write(folder, tables)
    made += timings.write(folder, list(_timed(materials, placed)))
    made.append(folder / "pack.zip")
    return Assembled(audio.name, SAMPLE_RATE, samples_in_all, placed, made)


def _named(materials: Materials, request: NpcPack) -> Iterator[tuple[Line, str]]:
    """The lines that were spoken, each with its path in the pack."""
    characters, stems = Filenames("character"), Filenames("line")
    column = Columns.of(materials.plan.columns).by_meaning.get("filename")
    extension = request.clips
    for line in materials.plan.lines:
        if line.number not in materials.sounds:
            continue
        code = languages.CODES[line.language]
        who = characters.of(line.speaker)
        own = line.columns.get(column, "").strip() if column else ""
        words = _stem(own) if own else f"{who}_{slug(line.where.id) or line.where.line}"
        take = f"_t{line.take:02d}" if _takes(materials, line) > 1 else ""
        stem = stems.of(f"{code}/{who}/{line.where.id}/{line.take}", f"{words}{take}")
        yield line, f"audio/{code}/{who}/{stem}.{extension}"


def _stem(filename: str) -> str:
    """What a table says that a file is called, without folders and ending."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    return base.rpartition(".")[0] or base


def _takes(materials: Materials, line: Line) -> int:
    following = materials.plan.by_number.get(line.number + 1)
    more = following is not None and following.where == line.where and following.take > line.take
    return line.take + more


def _gains(materials: Materials, request: NpcPack) -> Iterator[tuple[str, float]]:
    """One factor for all lines of a character: a whisper stays one."""
    if request.gain != "per_character":
        return
    for speaker in dict.fromkeys(line.speaker for line in materials.plan.lines):
        yield speaker, _gain(lambda who=speaker: _heard(materials, who), request)


def _heard(materials: Materials, speaker: str) -> Iterator[Samples]:
    for line in materials.plan.lines:
        if line.speaker == speaker and line.number in materials.sounds:
            materials.watch()
            yield materials.sounds[line.number].heard()


def _gain(clips: Callable[[], Iterator[Samples]], request: NpcPack) -> float:
    wanted = loudness.target(request.loudness)
    return 1.0 if wanted is None else loudness.clip_gain(clips(), wanted)


def _voiced(pack: Pack, name: str, data: bytes, samples: Samples, rate: int) -> Voiced:
    pack.add(name, data)
    peak = float(np.abs(samples).max(initial=0))
    lufs = loudness.measure([samples])
    return Voiced(
        file=name,
        sha256=hashlib.sha256(data).hexdigest(),
        duration_ms=round(1000 * len(samples) / SAMPLE_RATE),
        lufs=None if lufs == -inf else round(lufs, 1),
        peak_db=round(20 * log10(peak), 1) if peak else None,
        sample_rate=rate,
    )


def _timed(materials: Materials, placed: list[Placed]) -> Iterator[Timed]:
    for place in placed:
        line = materials.plan.by_number[place.number]
        text = materials.sounds[place.number].text
        yield Timed(place.number, place.start, place.end, text, line.speaker)
