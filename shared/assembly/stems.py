"""Stems: what each speaker says, alone, on a track as long as the mix."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.assembly import files
from shared.assembly.filenames import Filenames
from shared.assembly.track import Track
from shared.audio import clip, loudness
from shared.audio.formats import FORMATS
from shared.audio.pcm import Samples
from shared.requests.declared import Format
from shared.requests.pipeline import Loudness

MOST = 40
"""Stems of one output: each is as long as the whole."""
_NARRATOR = "narrator"


@dataclass(frozen=True)
class Level:
    """How loud the parts of a mix are, so that together they are the mix."""

    preset: Loudness
    gain: float
    """That the mix was multiplied with."""

    def clip(self, samples: Samples) -> bytes:
        """A line of the mix as a WAV file."""
        return clip.dumps(loudness.limited(samples, self.preset, self.gain))


@dataclass(frozen=True)
class Laid:
    """A line in its place."""

    number: int
    speaker: str
    """Empty for a narrator."""
    start: int
    """Sample of the mix at which it begins."""
    sound: Callable[[], Samples]
    """As it is heard in the mix, before that was mastered; made when asked for."""


def write(
    folder: Path,
    lines: Sequence[Laid],
    samples: int,
    level: Level,
    format: Format,
    watch: Callable[[], None],
) -> tuple[list[Path], list[str]]:
    """Write `stem-{speaker}.{extension}` for each speaker, and say for whom there was none.

    Raises StoreUnavailable.
    """
    said = Counter(line.speaker for line in lines)
    kept = [speaker for speaker, _ in said.most_common(MOST)]
    names = Filenames("speaker")
    written = [
        _write(folder, speaker, names, lines, samples, level, format, watch)
        for speaker in said
        if speaker in kept
    ]
    left = len(said) - len(kept)
    note = f"There are stems of the {MOST} who say most, and none of {left} others."
    return written, [note] if left else []


def _write(
    folder: Path,
    speaker: str,
    names: Filenames,
    lines: Sequence[Laid],
    samples: int,
    level: Level,
    format: Format,
    watch: Callable[[], None],
) -> Path:
    name = f"stem-{names.of(speaker or _NARRATOR)}"
    with Track(folder / f".{name}.track") as track:
        for line in lines:
            if line.speaker == speaker:
                watch()
                track.mix(line.start, line.sound())
        track.extend(samples)
        loudness.limit(track, level.preset, level.gain, watch)
        target = folder / f"{name}{FORMATS[format].extension}"
        return files.encode(track, target, format, title=speaker or _NARRATOR, watch=watch)
