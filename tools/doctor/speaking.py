"""The engine that would speak, asked in a process of its own."""

from shared.settings import Settings
from shared.status import Finding
from tools.doctor.asking import Unanswered, answer
from worker.diagnosis.speaking import judge

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
