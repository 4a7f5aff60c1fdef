"""Plans as tests want them, and an engine that tells what it was asked to speak."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from shared.plans.plan import Line, Plan
from shared.requests.role import Role
from shared.stores.uploads import UploadFacts, UploadStore
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import FinishReason, Frames, Utterance, Watch

RYAN = Role(voice="ryan")
SAILOR = Role(description="An old sailor, hoarse and slow.")
TEXTS = ("The lamp turned.", "Nobody came.", "Ten seconds passed.", "Then it went out.")


def line(number: int, text: str, role: Role = RYAN) -> Line:
    return Line(
        number=number,
        text=text,
        said=text,
        role=role,
        language="english",
        seed=number,
        seconds=1.2,
        pause_after=0.25,
    )


def plan(*texts: str, roles: Sequence[Role] = ()) -> Plan:
    """A line for each text, by Ryan unless a role says otherwise."""
    voices = [*roles, *[RYAN] * (len(texts) - len(roles))]
    lines = [line(n, *it) for n, it in enumerate(zip(texts, voices, strict=True), 1)]
    return Plan(task="narration", language="english", lines=lines)


def send(uploads: UploadStore, wanted: Plan) -> str:
    """The id of a plan that was sent."""
    return uploads.put("plan", wanted.model_dump_json().encode(), UploadFacts()).id


class Witness(PreviewEngine):
    """The preview engine; what it speaks is noted, and may be interrupted or changed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Utterance] = []
        self.batches: list[Sequence[Utterance]] = []
        self.before: Callable[[Utterance], None] = lambda utterance: None
        self.mute: Callable[[Utterance], bool] = lambda utterance: False
        self.ending: Callable[[Utterance], FinishReason] = lambda utterance: "stop"

    @property
    def said(self) -> list[str]:
        return [utterance.text for utterance in self.asked]

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> PreviewModel:
        plain = super().load(checkpoint, folder, progress)
        return _Heard(plain, self)


class _Heard(PreviewModel):
    def __init__(self, plain: PreviewModel, witness: Witness) -> None:
        super().__init__(plain.library, plain.pace)
        self._witness = witness

    def generate(
        self, utterances: Sequence[Utterance], watch: Watch
    ) -> Generator[Frames, None, None]:
        self._witness.batches.append(utterances)
        for utterance in utterances:
            self._witness.asked.append(utterance)
            self._witness.before(utterance)
        for frames in super().generate(utterances, watch):
            if self._witness.mute(utterances[frames.row]):
                continue
            reason = frames.finish_reason and self._witness.ending(utterances[frames.row])
            yield replace(frames, finish_reason=reason)
