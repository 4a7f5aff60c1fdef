"""Every byte of a checkpoint against the hashes that are known for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.checkpoints import record
from shared.checkpoints.catalogue import Pin, Released
from shared.checkpoints.folder import examine, place
from shared.checkpoints.progress import Meter, Report
from shared.errors import CheckpointMissing


@dataclass(frozen=True)
class Finding:
    """Something wrong with one file, said to a person."""

    file: str
    problem: str


def verify(models_dir: Path, checkpoint: Released, report: Report) -> list[Finding]:
    """What is wrong with a released checkpoint on disk. Raises CheckpointMissing."""
    folder = place(models_dir, checkpoint)
    if not folder.is_dir():
        raise CheckpointMissing(f"{checkpoint.id} is not in {models_dir}.")
    return verify_folder(folder, checkpoint, report)


def verify_folder(folder: Path, checkpoint: Released | None, report: Report) -> list[Finding]:
    """What is wrong with `folder`: missing and broken files, and hashes that differ.

    Files without a known hash are checked by their structure alone.
    """
    presence = examine(folder, checkpoint)
    known = _known(folder, checkpoint.pins if checkpoint else ())
    absent = {*presence.missing, *(path for path in known if not (folder / path).is_file())}
    findings = [Finding(path, "is missing") for path in sorted(absent)]
    findings += [
        Finding(path, "is truncated, unreadable or of another checkpoint")
        for path in presence.damaged
    ]
    named = {finding.file for finding in findings}
    rest = [pin for path, pin in known.items() if path not in named]
    return findings + _differences(folder, rest, report)


def _known(folder: Path, pins: Iterable[Pin]) -> dict[str, Pin]:
    """The known hashes by path: those of `sha256.json`, overruled by the pins."""
    recorded = record.read(folder)
    files = recorded.files if recorded else {}
    known = {path: Pin(path, file.sha256, file.nbytes) for path, file in files.items()}
    return known | {pin.path: pin for pin in pins}


def _differences(folder: Path, pins: list[Pin], report: Report) -> list[Finding]:
    meter = Meter(sum((folder / pin.path).stat().st_size for pin in pins), report)
    return [finding for pin in pins if (finding := _difference(folder, pin, meter))]


def _difference(folder: Path, pin: Pin, meter: Meter) -> Finding | None:
    read = 0

    def moved(position: int) -> None:
        nonlocal read
        meter.move(pin.path, position, position - read)
        read = position

    sha256 = record.digest(folder / pin.path, moved)
    meter.finish(pin.path, read)
    wrong = sha256 != pin.sha256
    return Finding(pin.path, f"has sha256 {sha256}, not {pin.sha256}") if wrong else None
