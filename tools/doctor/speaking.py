"""The engine that would speak, and why."""

from shared.settings import Settings
from tools.doctor.asking import Unanswered, answer
from tools.doctor.finding import Finding

ADVICE = (
    "`ENGINE=qwen3 make run` installs and downloads what Qwen3-TTS needs; without a GPU it is slow."
)
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
    """The engine's name, empty if none can speak."""
    try:
        return judge(answer(CHOOSE), settings)
    except Unanswered as error:
        return "", Finding("engine", "bad", str(error))


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
