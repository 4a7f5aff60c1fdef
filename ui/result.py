"""What came of a job, as pages tell it: how far it is, what spoke, and all that it made."""

from collections.abc import Iterable, Iterator
from typing import Any

from shared.jobs import JobView, has_lines
from shared.requests.declared import Format
from shared.states import JobState
from shared.stores.recipe import Candidate, LineCount, Segment, VoiceFact
from ui import markup, player, recordings
from ui.dashboard import Dashboard
from ui.markup import Html, element

PREVIEW = "PREVIEW - this is not Qwen3-TTS."
DOWNLOADS: tuple[Format, ...] = ("wav", "flac", "mp3", "opus")
_GOES_ON = "What is spoken is kept; Resume goes on with the next line."
_MODES = {"in_context": "in context", "speaker_only": "sound of the voice only"}


def told(dashboard: Dashboard, job: JobView, at: str = "") -> Html:
    """What is known of a job: how far it is, or what became of it; `at` says where it is now."""
    warnings = (markup.notice("warning", warning) for warning in job.warnings)
    match job.state:
        case JobState.SUCCEEDED:
            parts = [_preview(job), *_made(dashboard, job), *warnings]
        case JobState.FAILED:
            parts = [_failure(job)]
        case JobState.CANCELLED:
            parts = [_stopped(job)]
        case JobState.PAUSED:
            parts = [_preview(job), markup.notice("note", "Paused.", _GOES_ON), _progress(job, at)]
        case _:
            parts = [_preview(job), _progress(job, at), *warnings]
    return element("div", *parts, class_="result", data_job=job.id, data_state=job.state.value)


def downloads(dashboard: Dashboard, job_id: str, others: Iterable[str] = ()) -> Html:
    """Links to the finished audio in every usual format, and to the other files of the result."""
    links = (
        markup.link(
            dashboard.audio(job_id, format), format, download=f"speech-{job_id[-8:]}.{format}"
        )
        for format in DOWNLOADS
    )
    files = (
        markup.link(dashboard.file(job_id, name), name, download=f"{job_id[-8:]}-{name}")
        for name in others
    )
    hint = element("span", "Download", class_="hint")
    return element("div", hint, *links, *files, class_="downloads")


def progress(job: JobView) -> str:
    """How far a job is, in words."""
    if job.state is JobState.QUEUED:
        ahead = job.position or 0
        place = f"Waiting, {ahead} ahead" if ahead else "Waiting, next in line"
    else:
        place = job.stage.capitalize()
    rest = f", about {markup.about(job.eta_seconds)} left" if job.eta_seconds else ""
    return f"{place}{rest}"


def candidates(job: JobView) -> list[Candidate]:
    """The takes of a designed voice that a finished job has to choose from."""
    return [Candidate.model_validate(each) for each in (job.result or {}).get("candidates", ())]


def _made(dashboard: Dashboard, job: JobView) -> Iterator[Html | None]:
    found = job.result or {}
    yield _locked(dashboard, found.get("locked_as", ""))
    yield _candidates(dashboard, job)
    yield _facts(job)
    yield _sentences([Segment.model_validate(each) for each in found.get("segments", ())])
    if has_lines(job.task):
        yield recordings.files(dashboard, job.id, found.get("files", ()))
        return
    takes = {take.file for take in candidates(job)}
    others = [n for n in found.get("files", ()) if n not in takes and not n.startswith("audio.")]
    yield downloads(dashboard, job.id, others)


def _candidates(dashboard: Dashboard, job: JobView) -> Html | None:
    cards = [_candidate(dashboard, job.id, take) for take in candidates(job)]
    return element("div", *cards, class_="candidates") if cards else None


def _candidate(dashboard: Dashboard, job_id: str, take: Candidate) -> Html:
    name = f"Candidate {take.number}"
    return element(
        "div",
        player.sample(dashboard.file(job_id, take.file), name),
        element(
            "div",
            element("div", element("strong", name), f" · {markup.seconds(take.duration_seconds)}"),
            element("div", f"seed {take.seed}", class_="hint"),
        ),
        class_="candidate",
        data_candidate=take.number,
    )


def _locked(dashboard: Dashboard, voice_id: str) -> Html | None:
    if not voice_id:
        return None
    link = markup.link(dashboard.page("voice_clone", voice=voice_id), "Speak with it")
    return markup.notice("note", "The voice is in the library.", None, link)


def _facts(job: JobView) -> Html:
    found = job.result or {}
    pace = found.get("timings", {}).get("real_time_factor")
    length = markup.seconds(found.get("duration_seconds", job.audio_seconds))
    pairs: list[tuple[str, object]] = [("Engine", _engine(job)), ("Seed", job.seed)]
    if found.get("voice"):
        pairs.insert(0, ("Voice", _voice(VoiceFact.model_validate(found["voice"]))))
    if found.get("similarity") is not None:
        pairs.append(("Similarity to the reference", f"{found['similarity']:.2f}"))
    pairs.append(("Length", length))
    if found.get("lines"):
        pairs.append(("Lines", _lines(LineCount.model_validate(found["lines"]))))
    pairs.append(("Real-time factor", f"{pace:.2f}" if pace is not None else "unknown"))
    return markup.facts(pairs)


def _lines(count: LineCount) -> str:
    """What became of the lines of a plan; what did not happen is not said."""
    others = {
        "taken over": count.taken_over,
        "spoken more than once": count.retaken,
        "failed": count.failed,
        "left out of the document": count.skipped,
    }
    said = (f"{number:,} {what}" for what, number in others.items() if number)
    return ", ".join((f"{count.spoken:,} of {count.planned:,}", *said))


def _voice(fact: VoiceFact) -> str:
    parts = [fact.name or f"from the {fact.kind}", _MODES[fact.mode], fact.emotion]
    return ", ".join(part for part in parts if part)


def _sentences(segments: list[Segment]) -> Html | None:
    """How alike each sentence is, so that a drift over a long text can be seen."""
    measured = [segment for segment in segments if segment.similarity is not None]
    if not measured:
        return None
    rows = (_sentence(segment.text, segment.similarity or 0.0) for segment in measured)
    title = element("summary", "Similarity of each sentence")
    return element("details", title, element("ol", *rows, class_="sentences"))


def _sentence(text: str, similarity: float) -> Html:
    said = f"{similarity:.2f}"
    meter = element(
        "meter", said, min=0, max=1, value=f"{max(0.0, similarity):.3f}", aria_label="Similarity"
    )
    return element("li", meter, element("span", said, class_="number"), element("span", text))


def _progress(job: JobView, at: str = "") -> Html:
    words = progress(job)
    made = f"{markup.seconds(job.audio_seconds)} of sound" if job.audio_seconds else ""
    said = " · ".join(filter(None, [words, at, made]))
    return element("div", markup.bar(job.progress, words), element("span", said))


def _preview(job: JobView) -> Html | None:
    if not (job.engine and job.engine.preview):
        return None
    return markup.notice("preview", PREVIEW, f"{job.engine.version} speaks in its place.")


def _engine(job: JobView) -> str:
    if job.engine is None:
        return "unknown"
    checkpoint = "" if job.engine.preview else f", {job.engine.checkpoint}"
    return f"{job.engine.name}{checkpoint}"


def _failure(job: JobView) -> Html:
    error: dict[str, Any] = job.error or {}
    kept = _GOES_ON if "resume" in job.links else ""
    step = " ".join(filter(None, [error.get("hint"), kept]))
    return markup.notice("error", error.get("message", "The job failed."), step)


def _stopped(job: JobView) -> Html:
    kept = _GOES_ON if "resume" in job.links else "Nothing was kept."
    return markup.notice("note", "Stopped.", kept)
