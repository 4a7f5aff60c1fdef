"""Every call of the API, described once; the sync and the async client only carry them out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from shared.batches import BatchView
from shared.client.call import NO_FILES, Call, File, reads, reads_nothing, segment, without_none
from shared.emotions import Emotion
from shared.errors import UnknownField
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.requests import contract
from shared.requests.declared import Format, UploadKind
from shared.stores.cleanup import Cleaned, Emptied, Restored
from shared.stores.listing import Disk, Facets, Output, Page, TrashPage
from shared.stores.presets import Preset, PresetPage
from shared.stores.uploads import Upload
from shared.views import (
    Accepted,
    Grain,
    History,
    JobPage,
    LinePage,
    LineView,
    ModelList,
    ModelView,
    Readiness,
    SpeakerView,
    Status,
    TaskView,
    TimingsView,
    TranscriptView,
    WaveformView,
)
from shared.voices.view import VoicePage, VoiceView
from shared.webhooks.webhook import Webhook


def submit(
    task: str,
    request: dict[str, Any],
    priority: str | None,
    key: str | None,
    files: Mapping[str, File],
    webhook: Webhook | str | None,
) -> Call[JobView]:
    query = {"priority": priority} if priority else {}
    path = f"/v1/jobs/{segment(task)}"
    call = Call("POST", path, reads(JobView), query, request, _keyed(key) | _told(webhook))
    return replace(call, files=files, fields={"request": json.dumps(request)})


def submit_batch(
    items: Sequence[Mapping[str, Any]],
    defaults: Mapping[str, Any] | None,
    partial: bool,
    webhook: Webhook | str | None,
    key: str | None,
) -> Call[BatchView]:
    body: dict[str, Any] = {"items": [*items], "defaults": defaults or {}, "partial": partial}
    if webhook:
        body["webhook"] = _as_webhook(webhook).model_dump()
    return Call("POST", "/v1/jobs/batch", reads(BatchView), body=body, headers=_keyed(key))


def batch(batch_id: str) -> Call[BatchView]:
    return Call("GET", f"/v1/batches/{segment(batch_id)}", reads(BatchView))


def plan(task: str, request: dict[str, Any], files: Mapping[str, File]) -> Call[PlanView]:
    path = f"/v1/jobs/{segment(task)}"
    call = Call("POST", path, reads(PlanView), {"plan": "1"}, request)
    return replace(call, files=files, fields={"request": json.dumps(request)})


def speech(
    text: str,
    voice: str | None,
    format: str | None,
    reference: File | None,
    fields: Mapping[str, Any],
    stream: bool = False,
) -> Call[bytes]:
    query = {"stream": "1"} if stream else {}
    body = without_none({"text": text, "voice": voice, "format": format, **fields})
    call = Call("POST", "/tts", bytes, query, body)
    if reference is None:
        return call
    words = {name: it if isinstance(it, str) else json.dumps(it) for name, it in body.items()}
    return replace(call, files={"reference": reference}, fields=words)


def narration(document: Path | str, path: Path | None, request: dict[str, Any]) -> dict[str, Any]:
    """The request for a document; its format is that of the file that is to be written."""
    text = None if isinstance(document, Path) else document
    return {**without_none({"text": text, "format": format_of(path)}), **request}


def format_of(path: Path | None) -> str | None:
    """The format of a file to be written: its ending, of which the service says if it is one."""
    return (path.suffix[1:].lower() or None) if path else None


def job(job_id: str) -> Call[JobView]:
    return Call("GET", f"/v1/jobs/{segment(job_id)}", reads(JobView))


def jobs(**query: Any) -> Call[JobPage]:
    return Call("GET", "/v1/jobs", reads(JobPage), without_none(query))


def cancel(job_id: str) -> Call[JobView]:
    return Call("DELETE", f"/v1/jobs/{segment(job_id)}", reads(JobView))


def again(job_id: str, key: str | None) -> Call[JobView]:
    path = f"/v1/jobs/{segment(job_id)}/again"
    return Call("POST", path, reads(JobView), headers=_keyed(key))


def pause(job_id: str) -> Call[JobView]:
    return Call("POST", f"/v1/jobs/{segment(job_id)}/pause", reads(JobView))


def resume(job_id: str, key: str | None) -> Call[JobView]:
    path = f"/v1/jobs/{segment(job_id)}/resume"
    return Call("POST", path, reads(JobView), headers=_keyed(key))


def retry(job_id: str, key: str | None) -> Call[JobView]:
    path = f"/v1/jobs/{segment(job_id)}/retry"
    return Call("POST", path, reads(JobView), headers=_keyed(key))


def audio(job_id: str, format: Format | None = None, follow: bool = False) -> Call[bytes]:
    query = without_none({"format": format, "follow": "1" if follow else None})
    return Call("GET", f"/v1/jobs/{segment(job_id)}/audio", bytes, query)


def part(whole: Call[bytes], span: str | None) -> Call[bytes]:
    headers = {"Range": span} if span else {}
    return replace(whole, headers=headers, accept=frozenset({416}))


def file(job_id: str, name: str) -> Call[bytes]:
    return Call("GET", f"/v1/jobs/{segment(job_id)}/files/{segment(name)}", bytes)


def events(job_id: str) -> Call[bytes]:
    return Call("GET", f"/v1/jobs/{segment(job_id)}/events", bytes)


def attach(job_id: str) -> str:
    """The path of a job's WebSocket."""
    return f"/v1/jobs/{segment(job_id)}/stream"


def upload(kind: UploadKind, file: File) -> Call[Upload]:
    return Call("POST", "/v1/uploads", reads(Upload), {"kind": kind}, files={"file": file})


def upload_output(kind: UploadKind, job_id: str, name: str) -> Call[Upload]:
    body = {"job": job_id, "file": name}
    return Call("POST", "/v1/uploads", reads(Upload), {"kind": kind}, body)


def uploaded(kind: UploadKind, upload_id: str) -> Call[Upload]:
    return Call("GET", f"/v1/uploads/{kind}/{segment(upload_id)}", reads(Upload))


def kinds(task: str, files: Mapping[str, File]) -> dict[str, UploadKind]:
    """What each file of a request is checked as. Raises UnknownTask and UnknownField."""
    known = contract(task).uploads()
    for name in files:
        if name not in known:
            raise UnknownField(f"`{task}` takes no file called {name!r}.", param=name)
    return known


def voices(**query: Any) -> Call[VoicePage]:
    return Call("GET", "/v1/voices", reads(VoicePage), without_none(query))


def voice(voice_id: str) -> Call[VoiceView]:
    return Call("GET", _voice(voice_id), reads(VoiceView))


def create_voice(fields: dict[str, Any], reference: File | None) -> Call[VoiceView]:
    files = {"reference": reference} if reference else NO_FILES
    call = Call("POST", "/v1/voices", reads(VoiceView), body=fields)
    return replace(call, files=files, fields={"voice": json.dumps(fields)})


def change_voice(voice_id: str, changes: dict[str, Any]) -> Call[VoiceView]:
    return Call("PATCH", _voice(voice_id), reads(VoiceView), body=changes)


def delete_voice(voice_id: str) -> Call[None]:
    return Call("DELETE", _voice(voice_id), reads_nothing)


def voice_sample(voice_id: str) -> Call[bytes]:
    return Call("GET", f"{_voice(voice_id)}/sample", bytes)


def read_sample(voice_id: str, key: str | None) -> Call[JobView]:
    path = f"{_voice(voice_id)}/sample"
    return Call("POST", path, reads(JobView), headers=_keyed(key))


def set_voice_sample(voice_id: str, job_id: str) -> Call[VoiceView]:
    return Call("PUT", f"{_voice(voice_id)}/sample", reads(VoiceView), body={"job": job_id})


def voice_clip(voice_id: str, name: str) -> Call[bytes]:
    return Call("GET", f"{_voice(voice_id)}/clips/{segment(name)}", bytes)


def set_voice_clip(
    voice_id: str, emotion: str, reference: File, transcript: str | None
) -> Call[VoiceView]:
    path = f"{_voice(voice_id)}/clips/{segment(emotion)}"
    fields = without_none({"transcript": transcript})
    return Call("PUT", path, reads(VoiceView), files={"file": reference}, fields=fields)


def remove_voice_clip(voice_id: str, emotion: str) -> Call[VoiceView]:
    return Call("DELETE", f"{_voice(voice_id)}/clips/{segment(emotion)}", reads(VoiceView))


def export_voice(voice_id: str) -> Call[bytes]:
    return Call("GET", f"{_voice(voice_id)}/export", bytes)


def import_voice(file: File, name: str | None, checkpoint: str | None) -> Call[VoiceView]:
    fields = without_none({"name": name, "checkpoint": checkpoint})
    return Call("POST", "/v1/voices/import", reads(VoiceView), files={"file": file}, fields=fields)


def transcribe(upload_id: str, language: str | None) -> Call[TranscriptView]:
    path = f"/v1/uploads/{segment(upload_id)}/transcript"
    return Call("POST", path, reads(TranscriptView), without_none({"language": language}))


def emotions() -> Call[list[Emotion]]:
    return Call("GET", "/v1/emotions", reads(list[Emotion]))


def presets() -> Call[PresetPage]:
    return Call("GET", "/v1/presets", reads(PresetPage))


def preset(name: str) -> Call[Preset]:
    return Call("GET", f"/v1/presets/{segment(name)}", reads(Preset))


def save_preset(name: str, task: str, request: dict[str, Any]) -> Call[Preset]:
    body = {"name": name, "task": task, "request": request}
    return Call("POST", "/v1/presets", reads(Preset), body=body)


def replace_preset(name: str, task: str, request: dict[str, Any]) -> Call[Preset]:
    body = {"task": task, "request": request}
    return Call("PUT", f"/v1/presets/{segment(name)}", reads(Preset), body=body)


def delete_preset(name: str) -> Call[None]:
    return Call("DELETE", f"/v1/presets/{segment(name)}", reads_nothing)


def outputs(**query: Any) -> Call[Page]:
    return Call("GET", "/v1/outputs", reads(Page), without_none(query))


def output(run: str) -> Call[Output]:
    return Call("GET", f"/v1/outputs/{segment(run)}", reads(Output))


def mark(run: str, **marks: Any) -> Call[Output]:
    return Call("PATCH", f"/v1/outputs/{segment(run)}", reads(Output), body=marks)


def discard(run: str) -> Call[None]:
    return Call("DELETE", f"/v1/outputs/{segment(run)}", reads_nothing)


def restore(run: str) -> Call[Output]:
    return Call("POST", f"/v1/outputs/{segment(run)}/restore", reads(Output))


def restore_all(runs: list[str]) -> Call[Restored]:
    return Call("POST", "/v1/outputs/restore", reads(Restored), body={"ids": runs})


def facets() -> Call[Facets]:
    return Call("GET", "/v1/outputs/facets", reads(Facets))


def usage() -> Call[Disk]:
    return Call("GET", "/v1/outputs/usage", reads(Disk))


def clean(**rule: Any) -> Call[Cleaned]:
    return Call("POST", "/v1/outputs/clean", reads(Cleaned), body=rule)


def trash(limit: int) -> Call[TrashPage]:
    return Call("GET", "/v1/outputs/trash", reads(TrashPage), {"limit": limit})


def empty_trash() -> Call[Emptied]:
    return Call("DELETE", "/v1/outputs/trash", reads(Emptied))


def waveform(run: str, points: int) -> Call[WaveformView]:
    path = f"/v1/outputs/{segment(run)}/waveform"
    return Call("GET", path, reads(WaveformView), {"points": points})


def timings(job_id: str, level: Grain) -> Call[TimingsView]:
    return Call("GET", _timings(job_id), reads(TimingsView), {"level": level})


def subtitles(job_id: str, format: Literal["srt", "vtt"], level: Grain) -> Call[str]:
    return Call("GET", _timings(job_id), bytes.decode, {"format": format, "level": level})


def lines(output: str, after: int, limit: int, **wanted: Any) -> Call[LinePage]:
    query = {"after": after, "limit": limit, **without_none(wanted)}
    return Call("GET", _lines(output), reads(LinePage), query)


def line(output: str, number: int) -> Call[LineView]:
    return Call("GET", f"{_lines(output)}/{number}", reads(LineView))


def retake(output: str, number: int, changes: dict[str, Any]) -> Call[JobView]:
    return Call("POST", f"{_lines(output)}/{number}/takes", reads(JobView), body=changes)


def choose(output: str, number: int, take: int) -> Call[LinePage]:
    return Call("PATCH", f"{_lines(output)}/{number}", reads(LinePage), body={"take": take})


def archive(run: str) -> Call[bytes]:
    return Call("GET", f"/v1/outputs/{segment(run)}.zip", bytes)


def archives(runs: list[str]) -> Call[bytes]:
    return Call("GET", "/v1/outputs.zip", bytes, {"id": runs})


def tasks() -> Call[list[TaskView]]:
    return Call("GET", "/v1/tasks", reads(list[TaskView]))


def speakers() -> Call[list[SpeakerView]]:
    return Call("GET", "/v1/speakers", reads(list[SpeakerView]))


def models() -> Call[list[ModelView]]:
    return Call("GET", "/v1/models", _checkpoints)


def model(checkpoint: str) -> Call[ModelView]:
    return Call("GET", f"/v1/models/{segment(checkpoint)}", reads(ModelView))


def change_model(checkpoint: str, action: str) -> Call[Accepted]:
    return Call("POST", f"/v1/models/{segment(checkpoint)}/{action}", reads(Accepted))


def unload_all() -> Call[Accepted]:
    return Call("POST", "/v1/models/unload", reads(Accepted))


def clear_caches() -> Call[Accepted]:
    return Call("POST", "/v1/cache/clear", reads(Accepted))


def status() -> Call[Status]:
    return Call("GET", "/v1/status", reads(Status))


def history(minutes: int, points: int) -> Call[History]:
    query = {"minutes": minutes, "points": points}
    return Call("GET", "/v1/history", reads(History), query)


def ready() -> Call[Readiness]:
    return Call("GET", "/ready", reads(Readiness), accept=frozenset({503}))


def _checkpoints(content: bytes) -> list[ModelView]:
    """Those of a list that are no mere names."""
    listed = ModelList.model_validate_json(content).data
    return [model for model in listed if isinstance(model, ModelView)]


def _keyed(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def _as_webhook(webhook: Webhook | str) -> Webhook:
    return Webhook(url=webhook) if isinstance(webhook, str) else webhook


def _told(webhook: Webhook | str | None) -> dict[str, str]:
    """The headers that ask for one."""
    if webhook is None:
        return {}
    asked = _as_webhook(webhook)
    return {"Webhook-Url": asked.url, "Webhook-Events": ",".join(asked.events)}


def _voice(voice_id: str) -> str:
    return f"/v1/voices/{segment(voice_id)}"


def _timings(job_id: str) -> str:
    return f"/v1/jobs/{segment(job_id)}/timings"


def _lines(output: str) -> str:
    return f"/v1/outputs/{segment(output)}/lines"
