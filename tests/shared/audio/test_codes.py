import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.audio import codes
from shared.audio.codes import CODEC, Codes, Tokens
from shared.errors import AudioTooLong, UnreadableCodes
from shared.requests.codec_decode import CodecDecode

ROOT = Path(__file__).parents[3]
FACTS: dict[str, Any] = {
    "format": "qwen3-tts-codes/1",
    "codec": CODEC,
    "frame_rate": 12.5,
    "sample_rate": 24_000,
    "codebooks": 16,
    "codebook_size": 2_048,
}
DUMPS = {"npz": codes.dump_npz, "json": codes.dump_json}


def drawn(frames: int = 25) -> Codes:
    return np.random.default_rng(1).integers(0, 2_048, (frames, 16)).astype(np.uint16)


def npz(array: Any = None, pickled: bool = False, **facts: Any) -> bytes:
    file = io.BytesIO()
    arrays = {"codes": drawn() if array is None else array, **FACTS, **facts}
    np.savez_compressed(file, allow_pickle=pickled, **arrays)
    return file.getvalue()


def document(rows: Any = None, **facts: Any) -> bytes:
    return json.dumps(
        {"codes": drawn().tolist() if rows is None else rows, **FACTS, **facts}
    ).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableCodes) as caught:
        codes.loads(data, 60)
    assert caught.value.param == "codes"
    return caught.value.message


# --- both forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", DUMPS)
def test_codes_come_back(form: str):
    tokens = codes.loads(DUMPS[form](Tokens(drawn())), 60)
    assert np.array_equal(tokens.codes, drawn())
    assert tokens.codes.dtype == np.uint16
    assert (tokens.codec, tokens.seconds) == (CODEC, 2.0)


@pytest.mark.parametrize("form", DUMPS)
def test_codes_of_the_stand_in_say_that_they_are(form: str):
    tokens = codes.loads(DUMPS[form](Tokens(drawn(), codes.STAND_IN)), 60)
    assert np.array_equal(tokens.codes, drawn())
    assert tokens.codec == codes.STAND_IN


@pytest.mark.parametrize("form", DUMPS)
def test_equal_codes_make_equal_bytes(form: str):
    striped = np.asfortranarray(drawn())
    assert DUMPS[form](Tokens(striped)) == DUMPS[form](Tokens(drawn()))


def test_numpy_reads_what_was_written_and_finds_the_facts():
    with np.load(io.BytesIO(codes.dump_npz(Tokens(drawn())))) as found:
        assert np.array_equal(found["codes"], drawn())
        assert {name: found[name].item() for name in FACTS} == FACTS


def test_json_says_the_same():
    found = json.loads(codes.dump_json(Tokens(drawn())))
    assert found.pop("codes") == drawn().tolist()
    assert found == FACTS


def test_the_example_is_as_we_write_it():
    data = (ROOT / CodecDecode.example_files["codes"]).read_bytes()
    tokens = codes.loads(data, 60)
    assert tokens.seconds == 2.0
    assert codes.dump_json(tokens) == data


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<u2", ">i4", "int64"])
def test_whole_numbers_of_any_kind_are_read(order: Any, dtype: str):
    tokens = codes.loads(npz(np.array(drawn(), dtype, order=order)), 60)
    assert np.array_equal(tokens.codes, drawn())
    assert tokens.codes.flags.c_contiguous


def test_json_may_be_indented():
    indented = json.dumps(json.loads(document(drawn(750).tolist())), indent=4).encode()
    assert codes.loads(indented, 60).seconds == 60


# --- what is refused in either ---------------------------------------------------------------


@pytest.mark.parametrize("written", [npz, document])
@pytest.mark.parametrize("name", FACTS)
def test_what_a_file_says_wrongly_is_named(written: Any, name: str):
    wrong = "another" if isinstance(FACTS[name], str) else 99
    assert refusal(written(**{name: wrong})).startswith(f"{name} is not {FACTS[name]}")


@pytest.mark.parametrize("written", [npz, document])
def test_more_than_belongs_into_it_is_refused(written: Any):
    assert "and nothing else" in refusal(written(author="somebody"))


@pytest.mark.parametrize(
    "rows",
    [[], [[]], [[1] * 15], [[1] * 17, [1] * 17], [1] * 16, [[[1] * 16]]],
    ids=["no frame", "no codes", "15 codebooks", "17 codebooks", "one frame alone", "too deep"],
)
@pytest.mark.parametrize("written", [npz, document])
def test_another_shape_is_refused(written: Any, rows: list[Any]):
    array = np.array(rows, np.uint16) if written is npz else rows
    assert "of 16 codes" in refusal(written(array))


@pytest.mark.parametrize("code", [-1, 2_048])
@pytest.mark.parametrize("written", [npz, document])
def test_codes_that_no_codebook_has_are_refused(written: Any, code: int):
    rows = [[0] * 15 + [code]]
    assert "between 0 and 2047" in refusal(written(np.array(rows) if written is npz else rows))


@pytest.mark.parametrize("form", DUMPS)
def test_codes_of_more_than_is_taken_are_refused_with_their_length(form: str):
    with pytest.raises(AudioTooLong, match=r"60\.1 seconds") as caught:
        codes.loads(DUMPS[form](Tokens(drawn(751))), 60)
    assert caught.value.param == "codes"


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"{"])
def test_a_file_larger_than_its_codes_can_be_is_not_opened(start: bytes):
    with pytest.raises(AudioTooLong, match="larger than"):
        codes.loads(start + bytes(600_000), 60)


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVE", b"[1, 2]", b"{", b"[" * 90_000])
def test_what_is_neither_is_refused(content: bytes):
    assert refusal(content)


# --- what only JSON can do wrong -------------------------------------------------------------


@pytest.mark.parametrize("code", [1.0, "1", None, True, 10**30, [1]], ids=repr)
def test_json_codes_are_whole_numbers(code: Any):
    assert refusal(document([[0] * 15 + [code]]))


def test_json_frames_are_equally_long():
    assert "list of frames" in refusal(document([[0] * 16, [0] * 15]))


# --- what only an archive can do wrong -------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "bool", "U4", "M8[s]"])
def test_an_array_of_anything_else_is_refused(dtype: str):
    assert "whole numbers" in refusal(npz(np.zeros((25, 16), dtype)))


class Trap:
    """What an unpickler would call."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("trapped"),)


@pytest.mark.parametrize("name", ["array", "codec"])
def test_nothing_is_unpickled(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    trap = np.empty((25, 16) if name == "array" else (), object)
    trap[...] = Trap()
    assert "damaged" in refusal(npz(**{name: trap}, pickled=True))
    assert not Path("trapped").exists()


def archive(**entries: bytes) -> bytes:
    """An NPZ in which other bytes stand for some of its arrays."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(npz())) as good,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for entry in good.namelist():
            bad.writestr(entry, entries.get(entry.removesuffix(".npy"), good.read(entry)))
    return file.getvalue()


def header(shape: tuple[int, ...], dtype: str = "<u2") -> bytes:
    file = io.BytesIO()
    described = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()


def test_a_bomb_is_not_unpacked():
    bomb = archive(codes=header((25, 16)) + bytes(100_000_000))
    assert len(bomb) < 200_000
    assert "damaged" in refusal(bomb)


def test_a_bomb_among_the_facts_is_not_unpacked():
    assert "damaged" in refusal(archive(codec=header((), "<U25000000") + bytes(100_000_000)))


def test_a_header_that_claims_more_than_there_is_takes_no_memory():
    with pytest.raises(AudioTooLong):
        codes.loads(archive(codes=header((2**40, 16))), 60)
    assert "damaged" in refusal(archive(codes=header((700, 16))))


def test_a_size_that_the_archive_lies_about_is_damage():
    data = codes.dump_npz(Tokens(drawn()))
    size = len(header((25, 16))) + 25 * 16 * 2
    assert data.count(size.to_bytes(4, "little")) >= 2
    assert "damaged" in refusal(data.replace(size.to_bytes(4, "little"), b"\xff\xff\xff\x7f"))


def test_a_fact_must_be_one():
    assert "damaged" in refusal(npz(codebooks=np.array([16])))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refused(compression: int):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(npz())) as good,
        zipfile.ZipFile(file, "w", compression) as other,
    ):
        for entry in good.namelist():
            other.writestr(entry, good.read(entry))
    assert "damaged" in refusal(file.getvalue())


def test_an_array_of_two_names_is_refused():
    file = io.BytesIO(npz())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as twice:
        twice.writestr("codes.npy", b"")
    assert "nothing else" in refusal(file.getvalue())


@pytest.mark.parametrize("name", ["../codes.npy", "/codes.npy", "more/codes.npy"])
def test_a_name_that_is_a_path_is_refused(name: str):
    file = io.BytesIO(npz())
    with zipfile.ZipFile(file, "a") as more:
        more.writestr(name, b"")
    assert "nothing else" in refusal(file.getvalue())


def test_flipped_bits_are_noticed():
    data = bytearray(codes.dump_npz(Tokens(drawn())))
    data[data.index(drawn().tobytes()) + 5] ^= 1
    assert "damaged" in refusal(bytes(data))


def test_half_an_archive_is_refused():
    data = codes.dump_npz(Tokens(drawn()))
    assert "damaged" in refusal(data[: len(data) // 2])
