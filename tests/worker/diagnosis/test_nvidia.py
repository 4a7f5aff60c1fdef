"""What `nvidia-smi` says, read from what it has said on several machines."""

from pathlib import Path

import pytest

from worker.diagnosis import nvidia
from worker.diagnosis.nvidia import Gpu, Report

GTX_1660_TI = "0, NVIDIA GeForce GTX 1660 Ti, 550.120, 6144, 5877, 7.5\n"
H200 = "0, NVIDIA H200, 570.133.20, 143771, 143156, 9.0\n"
BEFORE_510 = "0, GeForce GTX 1080, 470.256.02, 8119, 8000\n"
BANNER = """\
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.120                Driver Version: 550.120        CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
"""
NEWER_BANNER = "| NVIDIA-SMI 590.44  KMD Version: 590.44  CUDA UMD Version: 13.1 |"
NO_DRIVER = """\
NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the \
latest NVIDIA driver is installed and running.
"""
UNKNOWN_FIELD = 'Field "compute_cap" is not a valid field to query.\n'
MIB = 2**20


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program called `nvidia-smi` on the path, alone."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(script: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return write


def test_a_gaming_card():
    card = Gpu(0, "NVIDIA GeForce GTX 1660 Ti", "550.120", 6144 * MIB, 5877 * MIB, (7, 5))
    assert nvidia.parse_listing(GTX_1660_TI) == (card,)


def test_a_card_of_a_data_centre():
    (card,) = nvidia.parse_listing(H200)
    assert card.capability == (9, 0)
    assert card.memory / 2**30 == pytest.approx(140.4, abs=0.1)


def test_two_cards():
    found = nvidia.parse_listing(H200 + H200.replace("0,", "1,", 1))
    assert [card.index for card in found] == [0, 1]


def test_a_card_that_shares_the_memory_of_its_machine():
    (card,) = nvidia.parse_listing("0, NVIDIA GB10, 580.95, [N/A], [N/A], 12.1\n")
    assert (card.memory, card.capability) == (0, (12, 1))


def test_words_instead_of_a_listing_are_no_card():
    assert nvidia.parse_listing(NO_DRIVER) == ()
    assert nvidia.parse_listing("") == ()


@pytest.mark.parametrize(
    ("banner", "version"), [(BANNER, (12, 4)), (NEWER_BANNER, (13, 1)), ("", None)]
)
def test_the_banner_tells_the_newest_cuda(banner: str, version: tuple[int, int] | None):
    assert nvidia.parse_cuda(banner) == version


def test_a_machine_without_a_driver(install):
    assert nvidia.ask() == Report(trouble="nvidia-smi is not installed: no NVIDIA driver.")
    assert not nvidia.visible()


def test_a_driver_that_does_not_run_is_quoted(install):
    install(f'echo "{NO_DRIVER.strip()}"; exit 9')
    report = nvidia.ask()
    assert not report.gpus
    assert report.trouble.startswith("NVIDIA-SMI has failed because it couldn't communicate")


def test_a_driver_that_answers(install):
    install(f"""
case "$1" in
    --query-gpu=*) echo "{GTX_1660_TI.strip()}" ;;
    *) echo "{BANNER.splitlines()[1]}" ;;
esac""")
    report = nvidia.ask()
    assert report.cuda == (12, 4)
    assert report.gpus[0].capability == (7, 5)
    assert nvidia.visible()


def test_a_driver_too_old_to_know_the_capability_is_asked_for_the_rest(install):
    install(f"""
case "$1" in
    *compute_cap*) echo '{UNKNOWN_FIELD.strip()}'; exit 2 ;;
    *) echo "{BEFORE_510.strip()}" ;;
esac""")
    (card,) = nvidia.ask().gpus
    assert (card.name, card.capability) == ("GeForce GTX 1080", None)
