"""Where and on what a measurement was made."""

import os
import platform
import subprocess
from datetime import UTC, datetime

from shared import processor
from shared.settings import ROOT
from shared.version import __version__


def describe() -> str:
    """One line: date, machine, interpreter, version and commit."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {processor.name()}, {_cores()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, version {__version__}, commit {commit()}"
    )


def _cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def commit() -> str:
    """That of the working tree, with a plus where it has changed since."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit}+" if commit and _git("status", "--porcelain") else commit or "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
