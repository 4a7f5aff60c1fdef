"""The engine that would speak, and why."""

import json
import subprocess
import sys

from shared.settings import ROOT, Settings
from tools.child import describe
from tools.doctor.finding import Finding

ADVICE = (
    "`ENGINE=stock make run` installs and downloads what Qwen3-TTS needs; without a GPU it is slow."
)
PATIENCE = 120.0
"""Seconds that the engine has to say what it is; importing torch takes most of them."""
CHOOSE = """
import dataclasses, json
from shared.errors import SpeechError
from shared.settings import load
from worker.engine.choice import choose
try:
    settings = load()
    choice = choose(settings)
    said = {**dataclasses.asdict(choice.description), "reason": choice.reason}
    said["trouble"] = choice.trouble(settings)
except SpeechError as error:
    said = {"name": "", "trouble": error.message, "next": error.next_step or ""}
print(json.dumps(said))
"""


def ask(settings: Settings) -> tuple[str, Finding]:
    """The engine's name, empty if none can speak; asked in a process that may die of it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", CHOOSE],
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", Finding("engine", "bad", f"it said nothing for {PATIENCE:.0f} s")
    if done.returncode:
        words = (done.stderr.strip().splitlines() or [describe(done.returncode)])[-1]
        return "", Finding("engine", "bad", f"it cannot be asked: {words}")
    return judge(json.loads(done.stdout.splitlines()[-1]), settings)


def judge(said: dict[str, str], settings: Settings) -> tuple[str, Finding]:
    """What the choice of an engine means for a person."""
    if not said["name"]:
        return "", Finding("engine", "bad", said["trouble"], said["next"])
    fact = f"{said['name']} ({said['version']}, {said['device']}, {said['precision']})"
    if said["trouble"]:
        advice = f"`qtts models pull` downloads the {settings.model_size} checkpoint."
        return "", Finding("engine", "bad", f"{fact}. {said['trouble']}", advice)
    if said["preview"]:
        fact = f"{fact}, a preview, not Qwen3-TTS. {said['reason']}"
        return said["name"], Finding("engine", "note", fact, ADVICE)
    return said["name"], Finding("engine", "good", f"{fact}. {said['reason']}")
