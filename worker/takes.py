"""Takes of a voice that is described in words: each is a file that can be kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shared.audio import clip
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.requests.declared import MAX_SEED
from shared.requests.design_then_clone import DesignThenClone
from shared.requests.voice_design import VoiceDesign
from shared.stores.recipe import Candidate
from shared.text.passages import Passage
from worker.engine.protocol import Utterance
from worker.performing import Audio, Piece, Studio, Taken
from worker.speaking import instruction, prepare, utterances

Designs = VoiceDesign | DesignThenClone
STRANGERS = "The voice that is described reads all of the text, so no other can speak in it:"


@dataclass
class Take:
    """One take, as it is made."""

    number: int
    """From 1."""
    seed: int
    parts: list[Samples] = field(default_factory=list[Samples])
    """What was heard of it so far; nothing once it is finished, and a file."""

    def hear(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The pieces as they come; their sound belongs to this take."""
        for piece in pieces:
            if isinstance(piece, Audio):
                self.parts.append(piece.samples)
            yield piece

    def finish(self, request: Designs, studio: Studio, text: str) -> Taken:
        """Make it a file of the result; `text` is what it says."""
        samples = np.concatenate(self.parts)
        self.parts.clear()
        path = studio.keep(f"candidate-{self.number}.wav", clip.dumps(samples))
        candidate = Candidate(
            number=self.number,
            seed=self.seed,
            file=path.name,
            duration_seconds=len(samples) / SAMPLE_RATE,
            text=text,
            language=request.language,
            description=request.description,
        )
        return Taken(candidate, path)


def takes(request: Designs, seed: int) -> list[Take]:
    """As many as were asked for, with seeds that count up."""
    return [Take(1 + more, (seed + more) % (MAX_SEED + 1)) for more in range(request.candidates)]


def described(
    request: Designs,
    studio: Studio,
    passages: Sequence[Passage],
    language: str,
    wanted: Sequence[Take],
    *,
    live: bool,
) -> list[Utterance]:
    """What all takes say, one take after the other; `live` where somebody may be listening.

    `language` is that of the whole text.
    """
    voice = replace(prepare(request, studio), description=request.description, live=live)
    voices = {
        manner: replace(voice, instruct=instruction(request, language, manner=manner))
        for manner in {passage.manner for passage in passages}
    }
    return [said for take in wanted for said in utterances(voices, passages, take.seed)]
