"""Questions that need torch, asked in a process that may die of it."""

import json
import subprocess
import sys
from typing import Any

from shared.settings import ROOT
from tools.child import describe

PATIENCE = 120.0
"""Seconds that an answer may take; importing torch takes most of them."""


class Unanswered(Exception):
    """What happened instead of an answer, in words."""


def answer(script: str, *arguments: str) -> dict[str, Any]:
    """The JSON in the last line that a script prints. Raises Unanswered."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unanswered(f"it said nothing for {PATIENCE:.0f} s") from None
    if done.returncode:
        words = (done.stderr.strip().splitlines() or [describe(done.returncode)])[-1]
        raise Unanswered(f"it cannot be asked: {words}")
    return json.loads(done.stdout.splitlines()[-1])
