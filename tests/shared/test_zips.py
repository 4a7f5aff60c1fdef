import io
import struct
import zipfile
from tempfile import TemporaryFile

import pytest

from shared import zips
from tests.shared.forging import elsewhere


def zipped(count: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for number in range(count):
            packed.writestr(f"folder/{number}", b"x")
    return target.getvalue()


def test_a_zip_of_so_many_entries_is_opened():
    assert len(zips.opened(io.BytesIO(zipped(3)), 3).namelist()) == 3


def test_one_of_more_is_not():
    with pytest.raises(zips.TooManyEntries):
        zips.opened(io.BytesIO(zipped(4)), 3)


def test_one_that_tells_elsewhere_how_many_it_has_is_not():
    forged = elsewhere(zipped(4))
    assert len(zipfile.ZipFile(forged).namelist()) == 4
    with pytest.raises(zips.TooManyEntries):
        zips.opened(forged, 3)


@pytest.mark.parametrize("data", [b"", b"text", zipped(1)[:-1]])
def test_what_is_no_zip_is_a_fault(data: bytes):
    with pytest.raises(zips.FAULTS):
        zips.opened(io.BytesIO(data), 3)


def test_an_entry_beyond_every_end_is_a_fault_on_the_disk_too():
    """In memory zipfile reads nothing there; the system refuses to go so far in a file."""
    target = io.BytesIO()
    entry = zipfile.ZipInfo("folder/far")
    entry.extra = struct.pack("<2HQ", 1, 8, 1 << 62)
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr(entry, b"x")
    data = bytearray(target.getvalue())
    at = data.rindex(b"PK\1\2") + 42
    data[at : at + 4] = b"\xff" * 4
    with TemporaryFile() as file:
        file.write(data)
        for source in (file, io.BytesIO(bytes(data))):
            packed = zips.opened(source, 3)
            with pytest.raises(zips.FAULTS):
                packed.read(packed.infolist()[0])


def test_the_first_name_is_told_without_the_index():
    assert zips.first_name(io.BytesIO(zipped(9)[:60])) == "folder/0"
    assert zips.first_name(io.BytesIO(b"text")) == ""
