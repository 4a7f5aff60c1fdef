"""What a model can do here: speak, look for voices, narrate, see how a job is.

The service does the work; this is a client of it. Sound is written into one folder, under names
made of the job's id: no word of a model becomes a path.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import move_on_after
from mcp.server.mcpserver import Audio
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from shared import speakers
from shared.audio.formats import FORMATS
from shared.client import AsyncClient, faults
from shared.errors import SpeechError, UnknownSpeaker
from shared.jobs import JobView
from shared.requests.declared import Format
from shared.requests.narration import Narration
from shared.states import JobState
from shared.stores.voice_record import VoiceKind

INSTRUCTIONS = (
    "Speech with Qwen3-TTS. `speak` reads a short text and gives the file; `narrate` reads a long "
    "one as a job that goes on by itself, and `job_status` says how far it is and fetches it."
)
LONGEST_SPOKEN = 4_000
"""Characters of a text that somebody waits for; a longer one is narrated."""
_MOST_VOICES = 1_000
"""As many as the service lists at once."""
_PATIENCE = 5.0
"""Seconds that a cancel may take."""

Spoken = Annotated[str, Field(min_length=1, max_length=LONGEST_SPOKEN)]
VoiceWord = Annotated[str, Field(max_length=100, description="Name or id from `list_voices`.")]
JobId = Annotated[str, Field(max_length=60, description="As `speak` or `narrate` gave it.")]


class Speech(BaseModel):
    """A finished recording."""

    job: str
    file: str
    """Where it lies on the machine of this server."""
    seconds: float
    seed: int
    engine: str
    preview: bool
    """True: a stand-in spoke, not Qwen3-TTS."""
    warnings: list[str]


class Progress(BaseModel):
    """How a job is."""

    job: str
    task: str
    state: JobState
    progress: float
    """0 to 1."""
    stage: str
    eta_seconds: float | None
    error: str = ""
    speech: Speech | None = None
    """Once it has succeeded."""


class VoiceFacts(BaseModel):
    """Who can read."""

    id: str
    name: str
    kind: str
    language: str
    description: str
    tags: list[str]


class SpeechTools:
    """The tools over one client; each tells a model of an error in the service's own words."""

    def __init__(self, client: AsyncClient, folder: Path) -> None:
        self._client = client
        self._folder = folder

    async def speak(
        self,
        text: Spoken,
        voice: VoiceWord = "ryan",
        language: str = "auto",
        instructions: str | None = None,
        emotion: str | None = None,
        seed: int | None = None,
        format: Format = "mp3",
        attach: bool = False,
    ) -> Any:
        """Read a text aloud and wait for the file. `instructions` say how, in words; `attach` sends
        the sound along with the answer."""
        request = {
            "text": text,
            "language": language,
            "instruct": instructions,
            "emotion": emotion,
            "seed": seed,
            "format": format,
        }
        with _told():
            task, chosen = _cast(voice)
            fields = {name: value for name, value in request.items() if value is not None}
            job = await self._finished(await self._client.submit(task, fields | chosen))
            speech = await self._fetched(job)
        if not attach:
            return speech
        kind = FORMATS[format].media_type.partition(";")[0].removeprefix("audio/")
        return [speech, Audio(path=speech.file, format=kind)]

    async def list_voices(
        self,
        search: Annotated[str, Field(max_length=100)] = "",
        kind: VoiceKind | None = None,
    ) -> list[VoiceFacts]:
        """Who can read: the preset speakers, and voices that were cloned or designed."""
        wanted = {"q": search, "kind": kind or "", "limit": _MOST_VOICES}
        with _told():
            found = await self._client.voices(**{name: it for name, it in wanted.items() if it})
        return [VoiceFacts.model_validate(voice, from_attributes=True) for voice in found.items]

    async def narrate(
        self,
        text: Annotated[str, Field(min_length=1, max_length=1_000_000)],
        voice: VoiceWord = "ryan",
        title: Annotated[str, Field(max_length=200)] = "",
        format: Literal[Format, "m4b"] = "mp3",
    ) -> Progress:
        """Read a long text, chapter by chapter; Markdown headings are chapters. Answers at once:
        ask `job_status` how far it is."""
        request = {"text": text, "narrator": voice, "format": format}
        with _told():
            job = await self._client.submit(
                Narration.name, request | ({"book_title": title} if title else {})
            )
        return _progress(job)

    async def job_status(self, job: JobId) -> Progress:
        """How far a job is; its recording, fetched, once it has succeeded."""
        with _told():
            found = await self._client.job(job)
            told = _progress(found)
            if found.state is JobState.SUCCEEDED and (found.result or {}).get("audio"):
                told.speech = await self._fetched(found)
        return told

    async def _finished(self, job: JobView) -> JobView:
        """The job at its good end; it is cancelled when whoever waits for it does so no more.

        Raises its own error, or JobFailed.
        """
        ended = False
        try:
            job = await self._client.wait(job.id)
            ended = True
        finally:
            if not ended:
                with move_on_after(_PATIENCE, shield=True), suppress(SpeechError):
                    await self._client.cancel(job.id)
        return faults.require_success(job)

    async def _fetched(self, job: JobView) -> Speech:
        """The recording of a job that has succeeded, in our folder. Raises OSError."""
        result = job.result or {}
        name = f"{job.id}{Path(result['audio']).suffix}"
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / name
        if not path.exists():
            await self._client.download(job.id, path)
        return Speech(
            job=job.id,
            file=str(path),
            seconds=result["duration_seconds"],
            seed=job.seed,
            engine=job.engine.name if job.engine else "",
            preview=bool(job.engine and job.engine.preview),
            warnings=job.warnings,
        )


def _cast(word: str) -> tuple[str, dict[str, Any]]:
    """The task in which a voice reads, and the field that names it."""
    try:
        return "custom_voice", {"speaker": speakers.canonical(word)}
    except UnknownSpeaker:  # no voice of the library can have a speaker's name
        return "voice_clone", {"voice": word}


def _progress(job: JobView) -> Progress:
    return Progress(
        job=job.id,
        task=job.task,
        state=job.state,
        progress=job.progress,
        stage=job.stage,
        eta_seconds=job.eta_seconds,
        error=(job.error or {}).get("message", ""),
    )


@contextmanager
def _told() -> Generator[None]:
    """Tell of an error what a model can act on: the sentence, the code, what to do next."""
    try:
        yield
    except SpeechError as error:
        said = f"{error.message} ({error.code}) {error.next_step or ''}"
        raise ToolError(said.strip()) from error
    except OSError as error:
        raise ToolError(f"The recording could not be written: {error.strerror}.") from error
