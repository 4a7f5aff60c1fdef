"""What follows from the figures of a benchmark."""

import pytest

from tests.worker.engine.bench.documents import document, result, speed
from worker.engine.bench.comparison import equal, ratios
from worker.engine.bench.report import Document, Equal


def values(made: Document) -> dict[str, float]:
    return {ratio.what: ratio.value for ratio in ratios(made)}


def met(made: Document) -> dict[str, bool | None]:
    return {ratio.what: ratio.met for ratio in ratios(made)}


def test_a_row_of_ours_is_held_against_the_package_in_the_same_format():
    found = values(document())

    assert found["ours fp32 against qwen-tts fp32"] == pytest.approx(1.2)
    assert found["ours bf16 against qwen-tts bf16"] == pytest.approx(2.0)


def test_int8_is_held_against_the_fastest_of_the_package():
    assert values(document())["ours int8 against the fastest qwen-tts"] == pytest.approx(200 / 75)


def test_batches_are_held_against_one_row():
    found = values(document())

    assert found["ours fp32, batch 8 against 1, language model"] == pytest.approx(5.0)
    assert found["ours fp32, batch 8 against 1, end to end"] == pytest.approx(5.0)
    assert not any(what.startswith("ours bf16, batch") for what in found)


def test_aims_are_met_or_missed():
    slow = document(
        results=(
            result("package", "fp32", speed(total=300.0)),
            result("ours", "fp32", speed(total=301.0, frames_before_sound=14)),
            result("ours", "int8", speed(total=81.0)),
        )
    )

    assert met(document())["ours fp32 against qwen-tts fp32"] is True
    assert met(document())["milliseconds of a frame, ours int8"] is True
    assert met(slow)["ours fp32 against qwen-tts fp32"] is False
    assert met(slow)["milliseconds of a frame, ours int8"] is False
    assert met(slow)["ours fp32, frames computed before the first two are heard"] is False


def test_codes_of_fp32_that_differ_are_a_missed_aim():
    differing = document(
        results=(
            result(
                "ours",
                "fp32",
                equal=(Equal(rows=1, frames=25), Equal(rows=8, frames=5, first_difference=2)),
            ),
        )
    )
    what = "ours fp32, share of greedy frames as in qwen-tts fp32"

    assert values(document())[what] == 1
    assert values(differing)[what] == pytest.approx(27 / 30)
    assert met(differing)[what] is False


def test_growth_of_memory_is_told_in_per_cent():
    assert values(document())["growth of memory, %"] == pytest.approx(0.5)
    assert met(document())["growth of memory, %"] is True


def test_a_gpu_has_aims_of_its_own():
    gpu = document(
        gpu="NVIDIA H200",
        results=(
            result("package", "bf16", speed(total=75.0)),
            result(
                "ours", "bf16", speed(total=5.0, first_audio_ms=15.0), speed(32, 10.0), graphs=True
            ),
            result("faster", "bf16", speed(total=12.0), graphs=True),
        ),
    )
    found = values(gpu)

    assert found["ours bf16 against the fastest qwen-tts"] == pytest.approx(15.0)
    assert found["ours against faster-qwen3-tts"] == pytest.approx(2.4)
    assert found["ours bf16, graphs, batch 32 against 1, end to end"] == pytest.approx(16.0)
    assert met(gpu)["ours bf16, graphs, milliseconds to two frames"] is True


def test_codes_are_equal_as_far_as_both_go():
    right = {1: [[[1] * 16, [2] * 16, [3] * 16]], 4: [[[1] * 16]] * 4}
    longer = {1: [[*right[1][0], [4] * 16]]}
    other = {1: [[[1] * 16, [2] * 15 + [0], [3] * 16]]}

    assert equal(longer, right) == (Equal(rows=1, frames=3),)
    assert equal(other, right) == (Equal(rows=1, frames=3, first_difference=1),)


def test_an_engine_that_tells_no_codes_is_not_compared():
    assert equal({1: []}, {1: [[[1] * 16]]}) == ()


def test_a_document_is_read_as_it_was_written():
    made = document()

    assert Document.model_validate_json(made.model_dump_json()) == made
