"""NVIDIA cards and their driver, as `nvidia-smi` tells of them."""

import csv
import re
import shutil
import subprocess
from dataclasses import dataclass

FIELDS = ("index", "name", "driver_version", "memory.total", "memory.free", "compute_cap")
NEWEST_FIELD = FIELDS[-1]
"""Drivers before 510 do not know it."""
PATIENCE = 10.0
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Gpu:
    """One card."""

    index: int
    name: str
    driver: str
    memory: int
    """Bytes."""
    free: int
    """Bytes."""
    capability: tuple[int, int] | None
    """Compute capability; None where the driver is too old to tell."""


@dataclass(frozen=True)
class Report:
    """What `nvidia-smi` said."""

    gpus: tuple[Gpu, ...] = ()
    cuda: tuple[int, int] | None = None
    """The newest CUDA that the driver runs."""
    trouble: str = ""
    """Why there is no more to tell."""


def visible() -> bool:
    """Whether a card answers here."""
    return bool(ask().gpus)


def ask() -> Report:
    """Ask the driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Report(trouble="nvidia-smi is not installed: no NVIDIA driver.")
    try:
        listing = _list(program, FIELDS)
        if NEWEST_FIELD in listing.stdout:  # it is named in a complaint
            listing = _list(program, FIELDS[:-1])
        if listing.returncode:
            return Report(trouble=_first_line(listing.stdout + listing.stderr))
        return Report(parse_listing(listing.stdout), parse_cuda(_run([program]).stdout))
    except (OSError, subprocess.TimeoutExpired) as error:
        return Report(trouble=f"nvidia-smi does not answer: {error}")


def parse_listing(text: str) -> tuple[Gpu, ...]:
    """The cards in the comma-separated answer to a query for `FIELDS`, the last of them or not."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    cells = ([cell.strip() for cell in row] for row in rows)
    return tuple(_gpu(*row) for row in cells if len(row) in (len(FIELDS) - 1, len(FIELDS)))


def parse_cuda(text: str) -> tuple[int, int] | None:
    """The CUDA version in the banner of `nvidia-smi`."""
    found = re.search(r"CUDA(?: UMD)? Version:\s*(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _gpu(index: str, name: str, driver: str, memory: str, free: str, capability: str = "") -> Gpu:
    return Gpu(int(index), name, driver, _bytes(memory), _bytes(free), _version(capability))


def _bytes(mebibytes: str) -> int:
    """Some cards tell nothing of their memory: `[N/A]`."""
    return int(mebibytes) * MEBIBYTE if mebibytes.isdecimal() else 0


def _version(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _list(program: str, fields: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return _run([program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it said nothing")
