"""The engine that would speak, and why."""

from collections.abc import Mapping

from shared.settings import Settings
from shared.status import Finding

ADVICE = (
    "`ENGINE=qwen3 make run` installs and downloads what Qwen3-TTS needs; without a GPU it is slow."
)


def judge(said: Mapping[str, object], settings: Settings) -> tuple[str, Finding]:
    """The engine's name, empty if none can speak, and what its choice means for a person.

    `said` is the engine's description with the `reason` and the `trouble` of its choice; where
    there is none, an empty `name`, its `trouble`, and what is `next`.
    """
    name, trouble = str(said["name"]), str(said["trouble"])
    if not name:
        return "", Finding("engine", "bad", trouble, str(said["next"]))
    fact = f"{name} ({said['version']}, {said['device']}, {said['precision']})"
    if trouble:
        advice = f"`qtts models pull` downloads the {settings.model_size} checkpoint."
        return "", Finding("engine", "bad", f"{fact}. {trouble}", advice)
    if said["preview"]:
        fact = f"{fact}, a preview, not Qwen3-TTS. {said['reason']}"
        return name, Finding("engine", "note", fact, ADVICE)
    return name, Finding("engine", "good", f"{fact}. {said['reason']}")
