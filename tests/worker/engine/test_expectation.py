"""What a checkpoint will take, told without loading it."""

import struct
from pathlib import Path

import pytest

from shared.checkpoints.catalogue import Kind
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.qwen3.hearing import load
from worker.engine.expectation import Expectation


@pytest.mark.parametrize("kind", ["custom_voice", "base"])
def test_whole_files_are_what_the_package_loads(tiny: Tiny, loaded: Loaded, kind: Kind) -> None:
    expected = Expectation.read(tiny(kind), "fp32")
    assert expected.likely == pytest.approx(loaded(kind).nbytes, rel=0.01)
    assert expected.least < expected.likely


@pytest.mark.parametrize("policy", ["fp32", "bf16"])
def test_what_a_base_checkpoint_reads_on_demand_is_expected_in_fp32(
    tiny: Tiny, policy: str
) -> None:
    """Its speaker encoder is what it has beside the others."""
    kinds: tuple[Kind, Kind] = ("base", "custom_voice")
    (base, plain) = (Expectation.read(tiny(kind), policy) for kind in kinds)
    encoder = load(tiny("base")).reserved - load(tiny()).reserved
    assert encoder > 0
    assert base.least - plain.least == base.likely - plain.likely == encoder


def test_narrower_formats_take_less(tiny: Tiny) -> None:
    least = [Expectation.read(tiny(), policy).least for policy in ("fp32", "bf16", "int8")]
    assert least == sorted(least, reverse=True)
    assert len(set(least)) == 3


def test_policy_of_several_formats_may_turn_out_either_way(tiny: Tiny) -> None:
    narrow, wide = (Expectation.read(tiny(), policy) for policy in ("fp16", "fp32"))
    assert Expectation.read(tiny(), "fp16+fp32 or fp32") == Expectation(narrow.least, wide.likely)


@pytest.mark.parametrize("header", [b"", b"[1, 2]", b"\xff\xfe{}", b'{"a": 7}', b'{"a": {}}'])
def test_nothing_is_expected_of_files_that_cannot_be_read(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert Expectation.read(tmp_path, "fp32") == Expectation(0, 0)
