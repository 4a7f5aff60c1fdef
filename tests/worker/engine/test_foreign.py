"""Voices that the package saved: read with care, and given to the checkpoint of their size."""

import io
import json
import multiprocessing
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from shared.errors import CheckpointDamaged, CheckpointUnfit, UnreadableVoice
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.speech import recording
from worker.engine import foreign, package, pickled
from worker.engine import voice as voices
from worker.engine.reference import Reference

WORDS = "The old lamp is lit again."
Item = dict[str, Any]


def item(**fields: Any) -> Item:
    """What `asdict` makes of a prompt in context, and what a test changes of it."""
    return {
        "ref_code": torch.arange(40 * 16).reshape(40, 16) % 2048,
        "ref_spk_embedding": torch.linspace(-1, 1, 64),
        "x_vector_only_mode": False,
        "icl_mode": True,
        "ref_text": WORDS,
        **fields,
    }


def saved(content: object, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def file_of(*items: object) -> bytes:
    """As the package's demo saves it."""
    return saved({"items": list(items)})


# --- what the package saves ------------------------------------------------------------------


def test_a_voice_of_the_package_is_the_same_voice_here(tiny: Tiny, loaded: Loaded):
    shipped = package.inference.Qwen3TTSModel.from_pretrained(
        str(tiny("base")), dtype=torch.float32
    )
    (heard,) = shipped.create_voice_clone_prompt((recording(), 24_000), WORDS)
    (rested,) = shipped.create_voice_clone_prompt((voices.rested(recording()), 24_000), WORDS)
    (voice,) = foreign.read(file_of(asdict(replace(heard, ref_code=rested.ref_code))))
    model = loaded("base")
    adopted = foreign.adopt(voice, model.checkpoint, model.revision)
    assert adopted.digest == model.prompt(Reference(recording(), WORDS)).digest


def test_a_voice_by_its_sound_has_neither_codes_nor_words():
    (voice,) = foreign.read(file_of(item(ref_code=None, x_vector_only_mode=True, icl_mode=False)))
    assert (voice.codes, voice.transcript, voice.width) == (None, None, 64)


def test_a_file_may_hold_several_voices():
    words = [voice.transcript for voice in foreign.read(file_of(item(), item(ref_text="Two. ")))]
    assert words == [WORDS, "Two."]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_an_embedding_becomes_fp32(dtype: torch.dtype):
    (voice,) = foreign.read(file_of(item(ref_spk_embedding=torch.ones(64, dtype=dtype))))
    assert torch.equal(voice.x_vector, torch.ones(64))


def test_modes_that_are_left_out_are_those_of_the_demo():
    whole = {name: item()[name] for name in ("ref_code", "ref_spk_embedding", "ref_text")}
    assert foreign.read(file_of(whole))[0].transcript == WORDS
    assert foreign.read(file_of({**whole, "x_vector_only_mode": True}))[0].transcript is None


# --- what is refused -------------------------------------------------------------------------

BAD_ITEMS: dict[str, object] = {
    "no table": [1, 2],
    "no embedding": item(ref_spk_embedding=None),
    "an embedding in a list": item(ref_spk_embedding=[0.0] * 64),
    "a flat embedding": item(ref_spk_embedding=torch.zeros(1, 64)),
    "an empty embedding": item(ref_spk_embedding=torch.zeros(0)),
    "a vast embedding": item(ref_spk_embedding=torch.zeros(1).expand(10**12)),
    "an embedding in whole numbers": item(ref_spk_embedding=torch.zeros(64, dtype=torch.int64)),
    "an embedding that is no number": item(ref_spk_embedding=torch.full((64,), torch.nan)),
    "an embedding too large for fp32": item(ref_spk_embedding=torch.ones(64).double() * 1e300),
    "no codes": item(ref_code=None),
    "flat codes": item(ref_code=torch.zeros(40, dtype=torch.int64)),
    "fifteen codebooks": item(ref_code=torch.zeros(40, 15, dtype=torch.int64)),
    "codes in fractions": item(ref_code=torch.zeros(40, 16)),
    "codes beyond the codebook": item(ref_code=torch.full((40, 16), 2048)),
    "negative codes": item(ref_code=torch.full((40, 16), -1)),
    "no frames": item(ref_code=torch.zeros(0, 16, dtype=torch.int64)),
    "endless codes": item(ref_code=torch.zeros(1, 16, dtype=torch.int64).expand(10**10, 16)),
    "no words": item(ref_text=None),
    "words that are none": item(ref_text=7),
    "blank words": item(ref_text="  "),
    "endless words": item(ref_text="la " * 1_000),
    "a mode that is no fact": item(icl_mode=1),
}


@pytest.mark.parametrize("fault", BAD_ITEMS)
def test_a_voice_that_cannot_be_one_is_named_and_refused(fault: str):
    with pytest.raises(UnreadableVoice, match="Voice 2 of this file"):
        foreign.read(file_of(item(), BAD_ITEMS[fault]))


@pytest.mark.parametrize(
    "content", [{}, {"items": []}, {"items": None}, [item()], 7, {"items": item()}]
)
def test_a_file_without_a_list_of_voices_is_refused(content: object):
    with pytest.raises(UnreadableVoice, match="'items'"):
        foreign.read(saved(content))


def test_a_crowd_is_refused():
    with pytest.raises(UnreadableVoice, match="65 voices"):
        foreign.read(file_of(*(item() for _ in range(65))))


class Harm:
    """Pickled, it makes whoever reads it without care run what it likes."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self._trace),)


@pytest.mark.parametrize("field", [torch.zeros(64, device="meta"), torch.ones(64).to_sparse()])
def test_tensors_of_another_kind_are_refused(field: torch.Tensor):
    with pytest.raises(UnreadableVoice, match="more than tensors and text"):
        foreign.read(file_of(item(ref_spk_embedding=field)))


# --- what would never be read to its end -----------------------------------------------------


def with_pickle(pickle: bytes, name: str = "archive/data.pkl") -> bytes:
    """A file as torch saves it, with another pickle in it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved({}))) as whole, zipfile.ZipFile(changed, "w") as other:
        for entry in whole.namelist():
            if entry.endswith("data.pkl"):
                other.writestr(name, pickle)
            else:
                other.writestr(entry, whole.read(entry))
    return changed.getvalue()


def doubled(times: int) -> bytes:
    """Opcodes that make a tuple of twice a tuple of twice a tuple, and so on."""
    return b")" + b"".join(b"q%ch%c\x86" % (n, n) for n in range(times))


def nested(times: int) -> bytes:
    """A tuple in a tuple in a tuple, and so on."""
    return b")" + b"\x85" * times


BOMBS = {
    "a tuple as a key": b"}" + doubled(60) + b"K\x01s",
    "tuples as keys": b"}(" + doubled(60) + b"K\x01u",
    "a tuple as a name": doubled(60) + b"Q",
    "a tuple in the list": b"]" + doubled(60) + b"a",
    "a list in itself": b"]q\x00h\x00a",
    "a deep key": b"}" + nested(10_000) + b"K\x01s",
    "a deep value": b"}X\x01\0\0\0k" + nested(10_000) + b"s",
    "a short tuple as a key": b"})K\x01s",
    "a number as a key": b"}K\x01K\x01s",
    "a great many numbers": b"](" + b"K\x01" * pickled.MOST + b"e",
    "a great array": b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R",
    "a set": b"\x8f(" + doubled(60) + b"\x90",
    "a state": b"cbuiltins\nset\n)R" + doubled(60) + b"b",
    "nothing on the stack": b"a",
    "a value that was never made": b"h\x07",
}


def refuse(data: bytes) -> None:
    with pytest.raises(UnreadableVoice, match="more than tensors and text"):
        foreign.read(data)


@pytest.mark.parametrize(
    ("bomb", "name"),
    [*((bomb, "data.pkl") for bomb in BOMBS), ("a tuple as a key", "DATA.PKL")],
)
def test_a_pickle_that_has_no_end_is_not_begun(bomb: str, name: str):
    """In a child, as nothing could stop a thread that hashes for ever: no other would go on."""
    data = with_pickle(b"\x80\x02" + BOMBS[bomb] + b".", f"archive/{name}")
    child = multiprocessing.get_context("fork").Process(target=refuse, args=[data])
    child.start()
    child.join(20)
    ended = child.exitcode
    child.kill()
    assert ended == 0


@pytest.mark.parametrize("place", ["file", "list", "field"])
def test_a_pickle_that_would_do_harm_does_none(tmp_path: Path, place: str):
    trace = tmp_path / "trace"
    harm = Harm(trace)
    content = {"file": harm, "list": {"items": [harm]}, "field": {"items": [item(ref_text=harm)]}}
    data = saved(content[place])
    with pytest.raises(UnreadableVoice, match="more than tensors and text"):
        foreign.read(data)
    assert not trace.exists()
    torch.load(io.BytesIO(data), weights_only=False)
    assert trace.exists()


def test_objects_of_the_package_are_no_tensors_and_text():
    kept = package.inference.VoiceClonePromptItem(**item())
    with pytest.raises(UnreadableVoice) as caught:
        foreign.read(file_of(kept))
    assert "asdict(item)" in str(caught.value.next_step)


def test_a_tensor_that_claims_more_than_its_file_holds_is_refused():
    data = file_of(item(ref_spk_embedding=torch.zeros(64)))
    claims = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(claims, "w") as other:
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith("data.pkl"):
                # The size of the embedding: 64 in one byte, and in four.
                assert content.count(b"K\x40\x85") == 1
                content = content.replace(b"K\x40\x85", b"J\xff\xff\xff\x7f\x85")
            other.writestr(name, content)
    with pytest.raises(UnreadableVoice):
        foreign.read(claims.getvalue())


def packed(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(size))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bytes(foreign.LARGEST + 1), "larger than 8 MB"),
        (packed(foreign.LARGEST + 1), "packed in the file is larger than 8 MB"),
        (packed(100), "cannot be read"),
        (b"", "not one that torch saved"),
        (b"RIFF" + bytes(100), "not one that torch saved"),
        (pickle.dumps({"items": []}), "not one that torch saved"),
        (saved({"items": []}, _use_new_zipfile_serialization=False), "not one that torch saved"),
        (file_of(item())[:-100], "not one that torch saved"),
    ],
    ids=["large", "packed", "zeros", "empty", "wav", "pickle", "old torch", "cut short"],
)
def test_other_files_are_refused(data: bytes, why: str):
    with pytest.raises(UnreadableVoice, match=why):
        foreign.read(data)


# --- whose voice it is -----------------------------------------------------------------------


@pytest.fixture
def models(tiny: Tiny, tmp_path: Path) -> Path:
    """A models folder with a Base checkpoint and another."""
    for kind in ("base", "custom_voice"):
        shutil.copytree(tiny(kind), tmp_path / f"tiny-{kind}")
    return tmp_path


def test_a_voice_goes_to_the_base_checkpoint_of_its_width(models: Path):
    assert foreign.matching(64, models).id == "tiny-base"
    assert foreign.width_of(models / "tiny-base") == 64


def test_a_voice_of_another_size_is_told_what_is_here(models: Path):
    with pytest.raises(CheckpointUnfit, match=r"2048 numbers.*'tiny-base' with 64") as caught:
        foreign.matching(2048, models)
    assert "1.7B-Base of 2048" in str(caught.value.next_step)


def test_without_a_base_checkpoint_nothing_matches(tmp_path: Path):
    with pytest.raises(CheckpointUnfit, match="here are: none"):
        foreign.matching(64, tmp_path)


def test_a_damaged_checkpoint_does_not_keep_others_from_matching(tiny: Tiny, models: Path):
    shutil.copytree(tiny("base"), models / "a-base")
    config = json.loads((models / "a-base" / "config.json").read_bytes())
    del config["speaker_encoder_config"]
    (models / "a-base" / "config.json").write_text(json.dumps(config))
    assert foreign.matching(64, models).id == "tiny-base"
    with pytest.raises(CheckpointUnfit, match="'a-base', which is damaged"):
        foreign.matching(2048, models)


@pytest.mark.parametrize("config", [{}, {"speaker_encoder_config": {"enc_dim": "wide"}}, []])
def test_a_checkpoint_that_does_not_say_its_width_is_damaged(models: Path, config: object):
    (models / "tiny-base" / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointDamaged, match="enc_dim"):
        foreign.width_of(models / "tiny-base")
