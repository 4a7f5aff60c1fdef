"""An NPC pack: a voice file for each line and take, a manifest, and a reel of all of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, log10

import numpy as np
import soxr

from shared import languages
from shared.assembly import clips, files, manifest, timings
from shared.assembly.assembling import Assembled, Materials, Placed, assembles
from shared.assembly.filenames import Filenames, slug
from shared.assembly.manifest import Voiced
from shared.assembly.packing import packing
from shared.assembly.track import Track
from shared.audio import loudness
from shared.audio.formats import FORMATS
from shared.audio.loudness import Clip
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.manifests.columns import Columns
from shared.plans.plan import Line
from shared.requests.npc_pack import NpcPack

_SPOKEN = 0.4
"""How much is done when all lines lie on the reel."""
_LONGEST_STEM = 44
"""Characters of a file's name that stay before the number of its take."""
NOTICE = (
    "The voices in this pack are AI-generated speech, made with Qwen3-TTS or its preview engine;\n"
    "manifest.json says which for each file. Tell your players, as law or store may ask you to.\n"
)


@dataclass(frozen=True)
class _Laid:
    """A line on the reel."""

    line: Line
    start: int
    count: int
    """Samples."""
    clip: Clip

    @property
    def placed(self) -> Placed:
        end = self.start + self.count
        return Placed(self.line.number, self.start / SAMPLE_RATE, end / SAMPLE_RATE)


@assembles(NpcPack)
def assemble_npc_pack(materials: Materials) -> Assembled:
    """`pack.zip`, its manifests, and a reel of all lines to listen to."""
    request = materials.request
    assert isinstance(request, NpcPack)
    folder = materials.folder
    with Track(folder / ".reel.track") as reel:
        laid = list(_laid(materials, reel))
        tables = _pack(materials, request, reel, laid)
        audio = folder / f"audio{FORMATS[request.format].extension}"
        title = materials.plan.title
        made = [files.encode(reel, audio, request.format, title=title, watch=materials.watch)]
        samples = len(reel)
    placed = [it.placed for it in laid]
    made += manifest.write(folder, tables)
    made += timings.write(folder, timings.of(materials, placed))
    made.append(folder / "pack.zip")
    materials.tell(1.0)
    return Assembled(audio.name, SAMPLE_RATE, samples, placed, made)


def _laid(materials: Materials, reel: Track) -> Iterator[_Laid]:
    """The lines that were spoken, put on the reel as they are, and measured."""
    for count, line in enumerate(materials.plan.lines):
        materials.watch()
        materials.tell(_SPOKEN * count / len(materials.plan.lines))
        if sound := materials.sounds.get(line.number):
            samples = sound.heard()
            yield _Laid(line, reel.append(samples), len(samples), loudness.clip(samples))
            reel.silence(line.pause_after)


def _pack(
    materials: Materials, request: NpcPack, reel: Track, laid: Sequence[_Laid]
) -> dict[str, str]:
    """Write the pack, and make the reel as loud as what is in it; the tables by their paths."""
    gains = _gains(request, laid)
    names = _names(materials, request)
    voiced: dict[int, Voiced] = {}
    with packing(materials.folder / "pack.zip") as pack:
        for count, it in enumerate(laid):
            materials.watch()
            materials.tell(_SPOKEN + (1 - _SPOKEN) * count / len(laid))
            gain, name = gains[it.line.number], names[it.line.number]
            samples = reel.read(it.start, it.count) * np.float32(gain)
            reel.write(it.start, samples)
            data = _encoded(samples, request)
            pack.add(name, data)
            voiced[it.line.number] = _voiced(name, data, it, gain, request.rate)
        tables = manifest.tables(materials, request, voiced)
        for path, text in tables.items():
            pack.add(path, text.encode())
        pack.add("LICENSES/AI-NOTICE.txt", NOTICE.encode())
    return tables


def _encoded(samples: Samples, request: NpcPack) -> bytes:
    """A line as a file of the pack."""
    rate = request.rate
    sound: Samples = samples if rate == SAMPLE_RATE else soxr.resample(samples, SAMPLE_RATE, rate)
    return clips.encoded(sound, rate, request.clips, request.bits)


def _names(materials: Materials, request: NpcPack) -> dict[int, str]:
    """The path in the pack of every line that was spoken, by its number."""
    characters, stems = Filenames("character"), Filenames("line")
    column = Columns.of(materials.plan.columns).by_meaning.get("filename")
    names: dict[int, str] = {}
    for line in materials.plan.lines:
        if line.number not in materials.sounds:
            continue
        code = languages.CODES[line.language]
        who = characters.of(line.speaker)
        own = line.columns.get(column, "").strip() if column else ""
        words = slug(_stem(own) if own else f"{who}_{slug(line.where.id) or line.where.line}")
        take = f"_t{line.take:02d}" if _takes(materials, line) > 1 else ""
        stem = stems.of(str(line.number), f"{words[:_LONGEST_STEM]}{take}")
        names[line.number] = f"audio/{code}/{who}/{stem}.{request.clips}"
    return names


def _stem(filename: str) -> str:
    """What a table says that a file is called, without folders and ending."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    return base.rpartition(".")[0] or base


def _takes(materials: Materials, line: Line) -> int:
    following = materials.plan.by_number.get(line.number + 1)
    more = following is not None and following.where == line.where and following.take > line.take
    return line.take + more


def _gains(request: NpcPack, laid: Sequence[_Laid]) -> dict[int, float]:
    """The factor of each line; one for all lines of a character, so that a whisper stays one."""
    wanted = loudness.target(request.loudness)
    if wanted is None or request.gain == "off":
        return {it.line.number: 1.0 for it in laid}
    if request.gain == "per_line":
        return {it.line.number: loudness.clip_gain([it.clip], wanted) for it in laid}
    said: dict[str, list[Clip]] = {}
    for it in laid:
        said.setdefault(it.line.speaker, []).append(it.clip)
    gains = {speaker: loudness.clip_gain(clips, wanted) for speaker, clips in said.items()}
    return {it.line.number: gains[it.line.speaker] for it in laid}


def _voiced(name: str, data: bytes, it: _Laid, gain: float, rate: int) -> Voiced:
    lufs, peak = it.clip.lufs(gain), it.clip.peak * gain
    return Voiced(
        file=name,
        sha256=hashlib.sha256(data).hexdigest(),
        duration_ms=round(1000 * it.count / SAMPLE_RATE),
        lufs=None if lufs == -inf else round(lufs, 1),
        peak_db=round(20 * log10(peak), 1) if peak else None,
        sample_rate=rate,
    )
