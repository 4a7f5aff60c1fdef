"""Performers heard without a service: real stores, and whatever engine a test wants."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np

from shared.audio import clip
from shared.audio.codes import FRAME_RATE, Tokens, dump_npz
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.jobs import EngineInfo
from shared.requests import contract
from shared.requests.declared import UploadKind
from shared.settings import load
from shared.stores.folder import FolderOutputs
from shared.stores.recipe import Candidate, VoiceFact
from shared.stores.uploads import FolderUploads, UploadFacts
from shared.stores.voices import FolderVoices
from shared.voices.library import Library
from worker import pipelines, tasks
from worker.aligning.aligner import LazyAligner
from worker.engine.cache import Cache
from worker.engine.protocol import Model
from worker.performing import (
    PERFORMERS,
    Artifact,
    Audio,
    Likeness,
    Line,
    Piece,
    Remark,
    Studio,
    Taken,
    Voiced,
    discover,
)
from worker.pulse import Pulse

Kind = TypeVar("Kind", bound=Piece)


class Heard:
    """All that a performer yielded."""

    def __init__(self, pieces: Sequence[Piece], studio: Studio) -> None:
        self.pieces = pieces
        self.engines = [engine.checkpoint for engine in studio.engines()]
        paths = [*(it.path for it in self.of(Artifact)), *(it.path for it in self.of(Taken))]
        self.files = {path.name: path.read_bytes() for path in paths}
        """What is kept beside the sound, by name."""

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [piece for piece in self.pieces if isinstance(piece, kind)]

    @property
    def sound(self) -> Samples:
        return np.concatenate([piece.samples for piece in self.of(Audio)])

    @property
    def lines(self) -> list[str]:
        return [line.text for line in self.of(Line)]

    @property
    def remarks(self) -> list[str]:
        return [remark.text for remark in self.of(Remark)]

    @property
    def voice(self) -> VoiceFact:
        (voiced,) = self.of(Voiced)
        return voiced.fact

    @property
    def similarities(self) -> list[float]:
        return [piece.similarity for piece in self.of(Likeness)]

    @property
    def candidates(self) -> list[Candidate]:
        return [taken.candidate for taken in self.of(Taken)]


class Rehearsal:
    """One engine, one library, one place for uploads; each performance is a job of its own."""

    def __init__(self, folder: Path, cache: Cache, **settings: Any) -> None:
        self.cache = cache
        self.settings = load(
            voices_dir=folder / "voices", outputs_dir=folder / "outputs", **settings
        )
        self.library = Library(FolderVoices(self.settings.voices_dir))
        self.uploads = FolderUploads(folder / "uploads")
        self.progress: list[float] = []
        """What the last performance told of it."""
        self._outputs = FolderOutputs(self.settings.outputs_dir)
        self._attempts = itertools.count(1)
        discover(tasks, pipelines)

    def perform(
        self, task: str, request: dict[str, Any], seed: int = 7, job: str | None = None
    ) -> Heard:
        """Everything that comes of a request; with `job`, in a further attempt at that job."""
        studio = self.studio(job or str(uuid4()), seed)
        pieces = list(self.playing(task, request, studio))
        return Heard(pieces, studio)

    def playing(self, task: str, request: dict[str, Any], studio: Studio) -> Iterator[Piece]:
        """What comes of a request, piece by piece."""
        return PERFORMERS[task](contract(task).parse(request), studio)

    def studio(self, job: str, seed: int = 7) -> Studio:
        """For one attempt at a job."""
        self.progress = []
        return Studio(
            cache=self.cache,
            settings=self.settings,
            library=self.library,
            uploads=self.uploads,
            growing=self._outputs.begin(job, next(self._attempts)),
            pulse=Pulse(),
            seed=seed,
            owner=job,
            describe=_describe,
            outputs=self._outputs,
            aligner=LazyAligner(self.settings),
            _progress=self.progress.append,
        )

    def upload(self, kind: UploadKind, data: bytes, seconds: float) -> str:
        """The id of a file that was sent."""
        facts = UploadFacts(seconds=seconds, rate=SAMPLE_RATE, channels=1, codec="pcm_s16le")
        return self.uploads.put(kind, data, facts).id

    def send(self, samples: Samples, kind: UploadKind = "reference") -> str:
        """The id of a recording that was sent."""
        return self.upload(kind, clip.dumps(samples), len(samples) / SAMPLE_RATE)

    def send_tokens(self, tokens: Tokens) -> str:
        return self.upload("codes", dump_npz(tokens), len(tokens.codes) / FRAME_RATE)


def _describe(model: Model) -> EngineInfo:
    return EngineInfo(
        name="rehearsal",
        version="1",
        device="cpu",
        precision="",
        preview=False,
        checkpoint=model.checkpoint,
        revision=model.revision,
    )
