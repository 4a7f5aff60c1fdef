"""What is made of a card and of the installed torch."""

import pytest

from shared.settings import load
from tests.worker.diagnosis.test_nvidia import BEFORE_510, GTX_1660_TI, H200
from worker.diagnosis import card
from worker.diagnosis.nvidia import Report, parse_listing

CPU_BUILD = """\
__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'xpu']
__version__ = '2.13.0+cpu'
debug = False
cuda: Optional[str] = None
"""
CUDA_BUILD = """\
__version__ = '2.13.0+cu130'
debug = False
cuda: Optional[str] = '13.0'
hip: Optional[str] = None
"""


def report(listing: str, cuda: tuple[int, int] | None = (12, 4)) -> Report:
    return Report(parse_listing(listing), cuda)


@pytest.mark.parametrize(
    ("listing", "formats"), [(GTX_1660_TI, "7.5: fp32 or fp16"), (H200, "9.0: bf16")]
)
def test_the_formats_that_are_safe_on_a_card_are_named(listing: str, formats: str):
    (finding, _) = card.look(report(listing), load(precision="auto"))
    assert finding.verdict == "good"
    assert formats in finding.fact


def test_a_driver_too_old_is_to_be_updated():
    (finding, _) = card.look(report(BEFORE_510), load())
    assert finding.verdict == "bad"
    assert "Update the NVIDIA driver" in finding.advice


def test_a_machine_without_a_card_is_not_ill():
    finding = card.none("nvidia-smi is not installed: no NVIDIA driver.", "Linux")
    assert finding.verdict == "note"
    assert not finding.advice


def test_a_mac_is_told_that_its_gpu_is_not_used():
    assert "Apple's own GPU is not used" in card.none("", "Darwin").fact


@pytest.mark.parametrize(
    ("text", "build"),
    [
        (CPU_BUILD, ("2.13.0+cpu", None)),
        (CUDA_BUILD, ("2.13.0+cu130", (13, 0))),
        ("", ("unknown", None)),
    ],
)
def test_a_build_of_torch_is_read_from_its_version_file(text: str, build: object):
    assert card.torch_build(text) == build


def test_a_build_for_cpus_does_not_fit_a_card():
    verdict, advice = card.fit(None, report(H200))
    assert verdict == "bad"
    assert "make clean" in advice


def test_a_build_for_a_newer_cuda_than_the_driver_knows_does_not_fit():
    verdict, advice = card.fit((13, 0), report(H200, (12, 4)))
    assert verdict == "bad"
    assert "needs CUDA 13" in advice


def test_a_newer_minor_version_of_cuda_fits():
    assert card.fit((12, 8), report(H200, (12, 4))) == ("good", "")


def test_any_build_fits_a_machine_without_a_card():
    assert card.fit((13, 0), Report()) == ("good", "")
