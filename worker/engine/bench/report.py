"""What a benchmark of engines finds, as one JSON document; nothing here imports torch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

FRAME_MS = 80.0
"""Milliseconds of sound in a frame."""

EngineName = Literal["package", "ours", "faster"]
Form = Literal["fp32", "bf16", "fp16", "int8"]
SizeName = Literal["tiny", "0.6B", "1.7B"]


class _Part(BaseModel):
    # Computed fields are written, and not read.
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class Contender(_Part):
    """An engine in one format."""

    engine: EngineName
    form: Form
    graphs: bool = False
    """Whether frames are replayed as CUDA graphs."""

    @property
    def name(self) -> str:
        """For example `ours bf16, graphs`."""
        named = {"package": "qwen-tts", "ours": "ours", "faster": "faster-qwen3-tts"}
        return f"{named[self.engine]} {self.form}{', graphs' if self.graphs else ''}"


class Speed(_Part):
    """One batch; milliseconds are those of a frame of all its rows."""

    rows: int
    frames: int
    """Handed out, of each row."""
    language_model_ms: float
    codec_ms: float
    total_ms: float
    """Of the whole call, prompt and all, by the frames handed out."""
    prefill_ms: float
    """Of one row's prompt; where a batch is read at once, of the batch."""
    first_audio_ms: float
    """From the call to two frames of sound in main memory."""
    frames_before_sound: int | None = None
    """How many frames had been computed by then; None where it is not known."""
    peak_bytes: int | None
    """Of the process since its start on a CPU, allocated by torch in this batch on a GPU; None
    where the system does not tell."""

    @computed_field
    @property
    def realtime(self) -> float:
        """Seconds of sound, of all rows, in a second."""
        return self.rows * FRAME_MS / self.total_ms


class Operations(_Part):
    """Work that is launched, of one row; None where it is not known."""

    language_model: float | None
    """ATen operations that are no views, of a frame."""
    codec_call: float | None
    """The same, of one call of the codec."""
    kernels: float | None = None
    """Kernels that a GPU ran for a frame, the codec's among them."""


class Agreed(_Part):
    """A format against fp32, on the same codes."""

    form: Form
    frames: int
    talker_top1: float
    """Share of frames whose likeliest first code is the same."""
    predictor_top1: float
    talker_divergence: float
    """Kullback-Leibler divergence from fp32, in nats."""
    predictor_divergence: float


class Equal(_Part):
    """Greedy codes against those of the package in fp32."""

    rows: int
    frames: int
    """Compared, of each row."""
    first_difference: int | None = None
    """The first frame in which any row differs; None where none does."""


class Result(_Part):
    """What was found about one contender; medians over the rounds."""

    contender: Contender
    load_seconds: float | None = None
    speeds: tuple[Speed, ...] = ()
    operations: Operations | None = None
    equal: tuple[Equal, ...] = ()
    skipped: tuple[int, ...] = ()
    """Batches that were left out for want of time."""
    failure: str = ""
    """Why it did not run, in its own words."""

    def speed(self, rows: int) -> Speed | None:
        return next((speed for speed in self.speeds if speed.rows == rows), None)


class Endurance(_Part):
    """Memory over many generations: of the process on a CPU, reserved by torch on a GPU."""

    generations: tuple[int, ...]
    """How many had been made."""
    nbytes: tuple[int, ...]
    """The memory held then."""

    @computed_field
    @property
    def growth(self) -> float:
        """From the first look to the last, as a share."""
        return self.nbytes[-1] / self.nbytes[0] - 1


class Ratio(_Part):
    """A figure that follows from others, and what is wanted of it."""

    what: str
    value: float
    aim: str = ""
    """For example `≥ 2`; empty where nothing is wanted."""
    met: bool | None = None


class Machine(_Part):
    """Where it was measured."""

    processor: str
    cores: int
    threads: int
    system: str
    python: str
    gpu: str = ""
    """Empty where the CPU computed."""


class Document(_Part):
    """A whole benchmark."""

    date: str
    commit: str
    command: str
    machine: Machine
    versions: dict[str, str]
    """Of packages; an empty one is not installed."""
    size: SizeName
    rounds: int
    minutes: float
    results: tuple[Result, ...]
    agreement: tuple[Agreed, ...] = ()
    endurance: Endurance | None = None
    ratios: tuple[Ratio, ...] = ()

    def result(self, engine: EngineName, form: Form, graphs: bool | None = None) -> Result | None:
        """Of a contender, with or without graphs where that is not said."""
        for result in self.results:
            contender = result.contender
            if (contender.engine, contender.form) == (engine, form) and graphs in (
                None,
                contender.graphs,
            ):
                return result
        return None
