"""The NVIDIA card, its driver, and whether the installed torch fits it."""

import platform
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from shared.settings import Settings
from shared.status import Finding, Verdict
from worker.diagnosis import nvidia
from worker.diagnosis.numbers import dotted
from worker.engine import precision
from worker.engine.precision import Card


def look(report: nvidia.Report, settings: Settings) -> Iterator[Finding]:
    """What there is to say of cards and torch."""
    if not report.gpus:
        yield none(report.trouble, platform.system())
    for gpu in report.gpus:
        yield describe(gpu, report.cuda, settings)
    yield torch(report)


def none(trouble: str, system: str) -> Finding:
    """A machine without an NVIDIA card that answers."""
    apple = " Apple's own GPU is not used." if system == "Darwin" else ""
    return Finding("GPU", "note", f"none: {trouble or 'the driver lists no card.'}{apple}")


def describe(gpu: nvidia.Gpu, cuda: tuple[int, int] | None, settings: Settings) -> Finding:
    """A card, and the number formats that are safe on it."""
    memory = f"{gpu.memory / 2**30:.1f} GiB, {gpu.free / 2**30:.1f} GiB free"
    driver = f"driver {gpu.driver}" + (f" (CUDA up to {dotted(cuda)})" if cuda else "")
    fact = f"{gpu.name}, {memory}, {driver}"
    if gpu.capability is None:
        return Finding("GPU", "bad", fact, "Update the NVIDIA driver: it is too old to tell more.")
    card = Card(gpu.name, gpu.capability, gpu.memory)
    formats = precision.policy(settings.precision, card)
    return Finding("GPU", "good", f"{fact}, capability {dotted(gpu.capability)}: {formats}")


def torch(report: nvidia.Report) -> Finding:
    """Read from the package's files: importing it here could take this process down."""
    missing = [name for name in ("torch", "qwen_tts") if find_spec(name) is None]
    if missing:
        advice = "`ENGINE=qwen3 make run` installs what Qwen3-TTS needs." if report.gpus else ""
        return Finding("torch", "note", f"{' and '.join(missing)} not installed", advice)
    version, cuda = torch_build(_text_of("torch", "version.py"))
    verdict, advice = fit(cuda, report)
    built = f"built for CUDA {dotted(cuda)}" if cuda else "built for CPUs"
    return Finding("torch", verdict, f"{version}, {built}", advice)


def torch_build(version_file: str) -> tuple[str, tuple[int, int] | None]:
    """Version and CUDA version of a build of torch, from the text of its `version.py`."""
    version = re.search(r"^__version__ = '([^']+)'", version_file, re.MULTILINE)
    cuda = re.search(r"^cuda(?:: [^=]+)? = '(\d+)\.(\d+)", version_file, re.MULTILINE)
    return version[1] if version else "unknown", (int(cuda[1]), int(cuda[2])) if cuda else None


def fit(cuda: tuple[int, int] | None, report: nvidia.Report) -> tuple[Verdict, str]:
    """Whether a build of torch can use the card, and what to do if not."""
    if not report.gpus:
        return "good", ""
    if cuda is None:
        return "bad", "Let torch use the GPU: `make clean`, then `make run` installs it anew."
    # Within one major version, an older driver runs what was built for a newer minor version.
    if report.cuda and report.cuda[0] < cuda[0]:
        return "bad", f"Update the NVIDIA driver: this torch needs CUDA {cuda[0]}."
    return "good", ""


def _text_of(package: str, name: str) -> str:
    """A file of an installed package; empty if it has none of that name."""
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        if (path := Path(place) / name).is_file():
            return path.read_text(encoding="utf-8")
    return ""
