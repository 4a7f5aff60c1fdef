"""What the talker is given equals what the package gives its own, for every layout of a prompt."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.package_prompts import Handed, clone_prompt, handed, load_package
from worker.engine import manifest
from worker.engine.processor import processor
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.embedding import Embeddings
from worker.engine.qwen3.prompt import Prompt, Spoken, build
from worker.engine.qwen3.tokens import Tokens
from worker.engine.qwen3.weights import Weights
from worker.engine.random_checkpoint.geometry import DIALECTS

CPU = torch.device("cpu")
HIDDEN = 64
TEXTS = ("A", "The lamp was lit.", "灯亮了。Und dann?\n\n“Yes”, she said — twice.")
TRANSCRIPT = "Some call me nature."
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6}
STREAMING = pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streaming"])
LANGUAGE = pytest.mark.parametrize("language", ["english", "auto"])
INSTRUCT = pytest.mark.parametrize("instruct", [None, "In a low voice, as if afraid."])
TEXT = pytest.mark.parametrize("text", TEXTS, ids=["letter", "sentence", "mixed"])


class Ours:
    """All that makes a checkpoint's prompts."""

    def __init__(self, folder: Path, dtype: torch.dtype, **options: Any) -> None:
        found = manifest.read("tiny", folder)
        self.dimensions = Dimensions.read(found.config)
        self.tokens = Tokens(processor(found).tokenizer)
        options = {"device": CPU, "text_on_cpu": True, **options}
        with Weights(folder / "model.safetensors", "tiny") as weights:
            self.embeddings = Embeddings.read(weights, self.dimensions, dtype=dtype, **options)

    def prompt(
        self,
        text: str,
        *,
        instruct: str | None = None,
        spoken: tuple[str, Tensor] | None = None,
        **options: Any,
    ) -> Prompt:
        return build(
            self.dimensions,
            self.tokens.role,
            self.tokens.text(text),
            instruct=self.tokens.instruct(instruct),
            spoken=spoken and Spoken(self.tokens.transcript(spoken[0]), spoken[1].numpy()),
            **options,
        )


Pair = Callable[..., tuple[Any, Ours]]


@pytest.fixture(scope="module")
def biased(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Tiny checkpoints whose projection has biases, which are zeros as they are written."""

    @cache
    def spoilt(kind: str) -> Path:
        folder = copytree(tiny(kind), tmp_path_factory.mktemp("biased") / kind)
        tensors = load_file(folder / "model.safetensors")
        generator = torch.Generator().manual_seed(0)
        for name in ("linear_fc1", "linear_fc2"):
            tensors[f"talker.text_projection.{name}.bias"].normal_(0.0, 0.2, generator=generator)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    return spoilt


@pytest.fixture(scope="module")
def pair(biased: Callable[[str], Path]) -> Pair:
    """The package and our part on the same checkpoint."""

    @cache
    def loaded(kind: str, dtype: torch.dtype = torch.float64) -> tuple[Any, Ours]:
        return load_package(biased(kind), dtype), Ours(biased(kind), dtype)

    return loaded


@pytest.fixture(params=TOLERANCE, ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


def x_vector(seed: int = 0) -> Tensor:
    return torch.randn(HIDDEN, generator=torch.Generator().manual_seed(seed))


def codes(frames: int) -> Tensor:
    return torch.randint(2048, (frames, 16), generator=torch.Generator().manual_seed(frames))


def assert_row(
    theirs: Handed, row: int, embedded: tuple[Tensor, Tensor], dtype: torch.dtype
) -> None:
    """Equal prefill; equal rows beside the frames, of which the package may have more padding."""
    inputs, trailing = embedded
    assert_near(inputs, theirs.inputs[row], TOLERANCE[dtype])
    beyond = theirs.trailing.shape[1] - len(trailing)
    ours = torch.cat([trailing, trailing[-1:].expand(max(beyond, 0), -1)])
    padded = torch.cat([theirs.trailing[row], theirs.pad[None]])[: len(ours)]
    assert_near(ours, padded, TOLERANCE[dtype])


def assert_near(ours: Tensor, theirs: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@STREAMING
@LANGUAGE
@INSTRUCT
@TEXT
def test_custom_voice(
    pair: Pair,
    dtype: torch.dtype,
    streaming: bool,
    language: str,
    instruct: str | None,
    text: str,
):
    tts, ours = pair("custom_voice", dtype)
    theirs = handed(
        *(tts, "generate_custom_voice"),
        text=text,
        speaker="ryan",
        language=language,
        instruct=instruct,
        non_streaming_mode=not streaming,
    )
    prompt = ours.prompt(
        text, speaker="ryan", language=language, instruct=instruct, streaming_text=streaming
    )
    assert_row(theirs, 0, ours.embeddings.embed(prompt), dtype)


@STREAMING
@LANGUAGE
@INSTRUCT
@TEXT
def test_voice_design(
    pair: Pair,
    dtype: torch.dtype,
    streaming: bool,
    language: str,
    instruct: str | None,
    text: str,
):
    tts, ours = pair("voice_design", dtype)
    theirs = handed(
        *(tts, "generate_voice_design"),
        text=text,
        language=language,
        instruct=instruct,
        non_streaming_mode=not streaming,
    )
    prompt = ours.prompt(text, language=language, instruct=instruct, streaming_text=streaming)
    assert_row(theirs, 0, ours.embeddings.embed(prompt), dtype)


@STREAMING
@LANGUAGE
@TEXT
def test_base_by_x_vector(
    pair: Pair, dtype: torch.dtype, streaming: bool, language: str, text: str
):
    tts, ours = pair("base", dtype)
    theirs = handed(
        *(tts, "generate_voice_clone"),
        text=text,
        language=language,
        voice_clone_prompt=[clone_prompt(x_vector(), None, None)],
        non_streaming_mode=not streaming,
    )
    prompt = ours.prompt(text, language=language, x_vector=True, streaming_text=streaming)
    assert_row(theirs, 0, ours.embeddings.embed(prompt, x_vector()), dtype)


@STREAMING
@LANGUAGE
@TEXT
@pytest.mark.parametrize("frames", [1, 20, 200])
def test_base_in_context(
    pair: Pair, dtype: torch.dtype, streaming: bool, language: str, text: str, frames: int
):
    tts, ours = pair("base", dtype)
    theirs = handed(
        *(tts, "generate_voice_clone"),
        text=text,
        language=language,
        voice_clone_prompt=[clone_prompt(x_vector(), codes(frames), TRANSCRIPT)],
        non_streaming_mode=not streaming,
    )
    prompt = ours.prompt(
        text,
        language=language,
        spoken=(TRANSCRIPT, codes(frames)),
        streaming_text=streaming,
    )
    assert_row(theirs, 0, ours.embeddings.embed(prompt, x_vector()), dtype)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_in_context_with_about_as_many_words_as_frames(pair: Pair, more: int):
    tts, ours = pair("base")
    words = len(ours.tokens.transcript(TRANSCRIPT) + ours.tokens.text(TEXTS[1])) + 1
    frames = codes(words - 1 + more)
    theirs = handed(
        *(tts, "generate_voice_clone"),
        text=TEXTS[1],
        voice_clone_prompt=[clone_prompt(x_vector(), frames, TRANSCRIPT)],
        non_streaming_mode=False,
    )
    prompt = ours.prompt(TEXTS[1], spoken=(TRANSCRIPT, frames), streaming_text=True)
    assert_row(theirs, 0, ours.embeddings.embed(prompt, x_vector()), torch.float64)
    assert len(prompt.trailing) == max(1 - more, 1)


@pytest.mark.parametrize("speaker", [*DIALECTS, "ryan"])
@pytest.mark.parametrize("language", ["chinese", "auto", "english"])
def test_a_speaker_of_a_dialect_speaks_it(pair: Pair, speaker: str, language: str):
    tts, ours = pair("custom_voice")
    theirs = handed(
        *(tts, "generate_custom_voice"), text="灯亮了。", speaker=speaker, language=language
    )
    prompt = ours.prompt("灯亮了。", speaker=speaker, language=language)
    assert_row(theirs, 0, ours.embeddings.embed(prompt), torch.float64)


def mixed_batch() -> Iterator[dict[str, Any]]:
    options = product(("english", "auto"), (None, "Whisper."))
    for text, (language, instruct) in zip((*TEXTS, "Up."), options, strict=True):
        yield {"text": text, "speaker": "eric", "language": language, "instruct": instruct}


@STREAMING
def test_the_rows_of_a_batch_of_the_package(pair: Pair, streaming: bool):
    tts, ours = pair("custom_voice")
    rows = list(mixed_batch())
    theirs = handed(
        *(tts, "generate_custom_voice"),
        **{name: [row[name] for row in rows] for name in rows[0]},
        non_streaming_mode=not streaming,
    )
    for index, row in enumerate(rows):
        prompt = ours.prompt(**row, streaming_text=streaming)
        assert_row(theirs, index, ours.embeddings.embed(prompt), torch.float64)


def test_the_rows_of_a_batch_of_clones(pair: Pair):
    tts, ours = pair("base")
    voices = [
        clone_prompt(x_vector(1), codes(7), TRANSCRIPT),
        clone_prompt(x_vector(2), codes(90), "Ja."),
    ]
    theirs = handed(
        *(tts, "generate_voice_clone"),
        text=list(TEXTS[1:]),
        language=["english", "auto"],
        voice_clone_prompt=voices,
    )
    for index, (text, language) in enumerate(zip(TEXTS[1:], ("english", "auto"), strict=True)):
        voice = voices[index]
        prompt = ours.prompt(
            text, language=language, spoken=(voice.ref_text, voice.ref_code), streaming_text=True
        )
        embedded = ours.embeddings.embed(prompt, voice.ref_spk_embedding)
        assert_row(theirs, index, embedded, torch.float64)


@pytest.mark.parametrize(
    ("dtype", "residual"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.bfloat16, None),
    ],
)
def test_vectors_come_in_the_format_of_the_residual_stream(
    pair: Pair, biased: Callable[[str], Path], dtype: torch.dtype, residual: torch.dtype | None
):
    _, exact = pair("base")
    ours = Ours(biased("base"), dtype, residual=residual)
    prompt = ours.prompt(TEXTS[1], spoken=(TRANSCRIPT, codes(20)))
    inputs, trailing = ours.embeddings.embed(prompt, x_vector())
    summed = ours.embeddings.frame_sum(codes(5))
    assert inputs.dtype == trailing.dtype == summed.dtype == (residual or dtype)
    wanted, _ = exact.embeddings.embed(prompt, x_vector())
    assert (inputs - wanted).norm() < 0.01 * wanted.norm()


def test_the_projection_is_as_exact_as_the_residual_stream(
    pair: Pair, biased: Callable[[str], Path]
):
    _, exact = pair("voice_design")
    ours = Ours(biased("voice_design"), torch.float16, residual=torch.float32)
    prompt = ours.prompt(TEXTS[1], streaming_text=True)
    _, trailing = ours.embeddings.embed(prompt)
    _, wanted = exact.embeddings.embed(prompt)
    assert_near(trailing.double(), wanted, TOLERANCE[torch.float32])


def test_the_text_table_may_lie_beside_the_rest(pair: Pair, biased: Callable[[str], Path]):
    _, mapped = pair("custom_voice")
    beside = Ours(biased("custom_voice"), torch.float64, text_on_cpu=False)
    prompt = mapped.prompt(TEXTS[2], speaker="ryan", streaming_text=True)
    for ours, theirs in zip(
        beside.embeddings.embed(prompt), mapped.embeddings.embed(prompt), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_a_frame_is_the_sum_of_its_codes_in_the_tables_of_the_package(
    pair: Pair, dtype: torch.dtype
):
    tts, ours = pair("base", dtype)
    talker = tts.model.talker
    frames = codes(9)
    later = talker.code_predictor.get_input_embeddings()
    parts = [
        talker.get_input_embeddings()(frames[:, 0]),
        *(table(frames[:, group]) for group, table in enumerate(later, start=1)),
    ]
    wanted = torch.stack(parts, dim=1).sum(dim=1)
    assert_near(ours.embeddings.frame_sum(frames), wanted, TOLERANCE[dtype])


def test_the_tables_of_the_package_lie_at_the_offsets(pair: Pair):
    tts, ours = pair("base")
    table, offsets = ours.embeddings.table, ours.embeddings.offsets
    later = tts.model.talker.code_predictor.get_input_embeddings()
    whole = [tts.model.talker.get_input_embeddings(), *later]
    for start, theirs in zip(offsets, whole, strict=True):
        assert torch.equal(table[start : start + len(theirs.weight)], theirs.weight)


def test_a_prompt_without_its_x_vector_is_no_prompt(pair: Pair):
    _, ours = pair("base")
    with pytest.raises(ValueError, match="x-vector"):
        ours.embeddings.embed(ours.prompt("Up.", x_vector=True))
    with pytest.raises(ValueError, match="x-vector"):
        ours.embeddings.embed(ours.prompt("Up."), x_vector())


def test_it_says_what_it_holds_and_where(pair: Pair):
    _, ours = pair("base", torch.float32)
    held = {holding.part: (holding.nbytes, holding.place) for holding in ours.embeddings.holdings}
    assert held == {
        "text table": (320 * 64 * 2, "mapped"),
        "text projection": (2 * (64 * 64 + 64) * 4, "cpu"),
        "code tables": ((3072 + 15 * 2048) * HIDDEN * 4, "cpu"),
    }
    assert ours.embeddings.nbytes == sum(size for size, place in held.values() if place == "cpu")
