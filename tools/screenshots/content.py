"""What a service looks like that has been worked with: voices, outputs of every kind, a queue."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.client import Client
from shared.errors import JobFailed
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.settings import ROOT
from shared.states import JobState

REFERENCE = ROOT / "docs" / "examples" / "reference.flac"
_DOCUMENTS = ROOT / "tests" / "data"
_TRANSCRIPT = CONTRACTS["voice_clone"].example["transcript"]
_LOG = (
    "Keeper's log. The lamp turned. Ten seconds; ten seconds; ten. "
    "Nobody came up the stairs that night, and nobody went down."
)
_DESIGNED = {
    "Old sailor": "An old sailor, hoarse and slow, with a smile in his voice.",
    "Night radio": "A woman of forty close to the microphone, low and unhurried, late at night.",
}
_CLONED: Sequence[dict[str, Any]] = (
    {"name": "Keeper", "tags": ["narrator", "warm"], "description": "Reads the lighthouse book."},
    {
        "name": "Harbour office",
        "tags": ["announcements"],
        "description": "Clear, and a little dry.",
    },
)
_SPOKEN: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (
    (
        {"text": "Doors close in one minute. Please keep the stairs clear.", "speaker": "serena"},
        {"title": "Announcement, first gong", "tags": ["museum", "final"], "starred": True},
    ),
    (
        {"text": "Willkommen an Bord. Wir legen in fünf Minuten ab.", "speaker": "aiden"},
        {"tags": ["ferry", "german"]},
    ),
    (
        {"text": "You again? I thought the tide had taken you.", "emotion": "sarcastic"},
        {"title": "Smith, greeting 3", "tags": ["game"]},
    ),
)
"""Requests of custom_voice and how their outputs are marked."""
_WAITING: Sequence[tuple[str, dict[str, Any]]] = (
    ("narration", {"text": f"# The long watch\n\n{(_LOG + chr(10) + chr(10)) * 12}"}),
    ("custom_voice", {"text": _LOG, "speaker": "ryan"}),
    ("voice_design", {**CONTRACTS["voice_design"].example, "text": _LOG}),
    ("script", CONTRACTS["script"].example),
)


def fill(client: Client) -> dict[str, str]:
    """Make voices, and an output of every contract: a finished job of each, by the contract's name.

    Raises SpeechError.
    """
    for request, marks in _SPOKEN:
        spoken = _finished(client, "custom_voice", request)
        client.mark(spoken.id, **marks)
    for place, (name, description) in enumerate(_DESIGNED.items()):
        request = {**CONTRACTS["voice_design"].example, "description": description, "seed": place}
        designed = _finished(client, "voice_design", request)
        client.create_voice({"name": name, "from_job": designed.id, "candidate": 1})
    for facts in _CLONED:
        client.create_voice({**facts, "language": "english", "transcript": _TRANSCRIPT}, REFERENCE)
    jobs = {contract.name: _example(client, contract).id for contract in CONTRACTS.values()}
    client.mark(jobs["narration"], title="The Keeper of Hollow Point", starred=True)
    return jobs


def wait_in_line(client: Client) -> None:
    """Give the queue something to do; a worker at the pace of speech needs minutes for it."""
    for task, request in _WAITING:
        client.submit(task, request)


def _example(client: Client, contract: type[Declared]) -> JobView:
    """A finished job of a contract, with a document that is long enough to look at."""
    request, files = _documents().get(contract.name, (contract.example, contract.example_files))
    sources = {name: ROOT / path for name, path in files.items()}
    if contract.kind == "pipeline":
        # A page shows the plan of a job that was submitted with one.
        request = {**request, "plan": client.plan(contract.name, request, files=sources).id}
    return _finished(client, contract.name, request, sources)


def _documents() -> Mapping[str, tuple[dict[str, Any], dict[str, str]]]:
    """Requests that show more than the example of their contract does."""

    def read(name: str, **also: Any) -> tuple[dict[str, Any], dict[str, str]]:
        return {"text": (_DOCUMENTS / name).read_text(encoding="utf-8"), **also}, {}

    return {
        "custom_voice": ({"text": _LOG, "speaker": "vivian", "emotion": "tired"}, {}),
        "narration": read("lighthouse.md", language="english"),
        "script": read(
            "table-read.fountain",
            language="english",
            cast={"ÉLODIE": "serena", "INSPECTOR OKAFOR": {"voice": "aiden", "instruct": "dry"}},
        ),
        "subtitles": read("dubbing.srt", language="english"),
        "npc_pack": read("npc-pack.csv"),
    }


def _finished(
    client: Client, task: str, request: dict[str, Any], files: Mapping[str, Path] | None = None
) -> JobView:
    job = client.wait(client.submit(task, request, files=files or {}).id)
    if job.state is not JobState.SUCCEEDED:
        raise JobFailed(f"A job of {task} that should be shown ended as {job.state.value}.")
    return job
