"""What came of a job, as pages tell it: how far it is, what spoke, and all that it made."""

from collections.abc import Iterable, Iterator
from typing import Any

from shared.jobs import JobView, has_lines
from shared.states import JobState
from shared.stores.recipe import Candidate, LineCount, Segment, VoiceFact
from ui import markup, recordings
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import mark, plural, tr

PREVIEW = mark("PREVIEW - this is not Qwen3-TTS.")
_GOES_ON = mark("What is spoken is kept; Resume goes on with the next line.")
_MODES = {"in_context": mark("in context"), "speaker_only": mark("sound of the voice only")}
_STAGES = {
    "waiting": mark("Waiting"),
    "loading": mark("Loading the model"),
    "speaking": mark("Speaking"),
    "finishing": mark("Writing the files"),
    "paused": mark("Paused"),
}
_EVEN = 0.05
"""How far from the pace of speech an engine may be to be called as fast."""


def told(dashboard: Dashboard, job: JobView, away: str = "") -> Html:
    """What is known of a job: how far it is, or what became of it; `away` says why no worker is
    there to take it."""
    warnings = [markup.notice("warning", warning) for warning in job.warnings]
    match job.state:
        case JobState.SUCCEEDED:
            parts = [_preview(job), *warnings, *_made(dashboard, job)]
        case JobState.FAILED:
            parts = [_failure(job), *warnings]
        case JobState.CANCELLED:
            parts = [_stopped(job)]
        case JobState.PAUSED:
            paused = markup.notice("note", tr("Paused."), tr(_GOES_ON))
            parts = [_preview(job), paused, _progress(job), *warnings]
        case JobState.QUEUED if away:
            parts = [_waits(away)]
        case _:
            parts = [_preview(job), _progress(job), *warnings]
    return element("div", *parts, class_="result", data_job=job.id, data_state=job.state.value)


def downloads(dashboard: Dashboard, job_id: str, others: Iterable[str] = ()) -> Html:
    """Links to the finished audio in every usual format, and to the other files of the result."""
    links = (
        markup.link(
            dashboard.audio(job_id, format), format, download=f"speech-{job_id[-8:]}.{format}"
        )
        for format in recordings.DOWNLOADS
    )
    files = (
        markup.link(dashboard.file(job_id, name), name, download=f"{job_id[-8:]}-{name}")
        for name in others
    )
    hint = element("span", tr("Download"), class_="hint")
    return element("div", hint, *links, *files, class_="downloads")


def progress(job: JobView) -> str:
    """How far a job is, in words."""
    words = [_place(job)]
    if job.lines and job.stage != "finishing":
        words.append(_line(job.lines.done, job.lines.total))
    if job.state is JobState.RUNNING and job.progress:
        words.append(f"{job.progress:.0%}")
    if job.eta_seconds:
        words.append(tr("about {time} left", time=markup.about(job.eta_seconds)))
    return ", ".join(words)


def _place(job: JobView) -> str:
    if job.state is not JobState.QUEUED:
        return tr(_STAGES.get(job.stage, job.stage.capitalize()))
    if job.position:
        return plural("Waiting, {count} ahead", "Waiting, {count} ahead", job.position)
    return tr("Waiting, next in line")


def _line(done: int, total: int) -> str:
    """Which line is next."""
    return tr("line {line} of {lines}", line=f"{min(done + 1, total):,}", lines=f"{total:,}")


def candidates(job: JobView) -> list[Candidate]:
    """The takes of a designed voice that a finished job has to choose from."""
    return [Candidate.model_validate(each) for each in (job.result or {}).get("candidates", ())]


def _made(dashboard: Dashboard, job: JobView) -> Iterator[Html | None]:
    found = job.result or {}
    yield _locked(dashboard, found.get("locked_as", ""))
    yield _facts(job)
    yield _sentences([Segment.model_validate(each) for each in found.get("segments", ())])
    if has_lines(job.task):
        yield recordings.files(dashboard, job.id, found.get("files", ()))
        return
    takes = {take.file for take in candidates(job)}
    others = [n for n in found.get("files", ()) if n not in takes and not n.startswith("audio.")]
    yield downloads(dashboard, job.id, others)


def _locked(dashboard: Dashboard, voice_id: str) -> Html | None:
    if not voice_id:
        return None
    link = markup.link(dashboard.page("voice_clone", voice=voice_id), tr("Speak with it"))
    return markup.notice("note", tr("The voice is in the library."), None, link)


def _facts(job: JobView) -> Html:
    found = job.result or {}
    pace = found.get("timings", {}).get("real_time_factor")
    length = markup.seconds(found.get("duration_seconds", job.audio_seconds))
    pairs: list[tuple[str, object]] = []
    if found.get("voice"):
        pairs.append((tr("Voice"), _voice(VoiceFact.model_validate(found["voice"]))))
    pairs += [(tr("Length"), length), (tr("Speed"), _speed(pace))]
    if found.get("lines"):
        pairs.append((tr("Lines"), _lines(LineCount.model_validate(found["lines"]))))
    if found.get("similarity") is not None:
        pairs.append((tr("Similarity to the reference"), f"{found['similarity']:.2f}"))
    pairs += [(tr("Engine"), _engine(job)), (tr("Seed"), _seed(job.seed))]
    return markup.facts(pairs)


def _speed(pace: float | None) -> Html:
    """`pace`: seconds that a second of sound took to make."""
    if not pace:
        return element("span", tr("unknown"))
    if abs(pace - 1) <= _EVEN:
        words = tr("as fast as it is heard")
    elif pace < 1:
        words = tr("{times}× faster than real time", times=f"{1 / pace:.1f}")
    else:
        words = tr("{times}× slower than real time", times=f"{pace:.1f}")
    return element("span", words, title=tr("Real-time factor {pace}", pace=f"{pace:.2f}"))


def _seed(seed: int) -> Html:
    """A seed, and a button that copies it."""
    copy = element(
        "button",
        tr("Copy"),
        type="button",
        class_="small",
        data_copy=seed,
        data_done=tr("Copied"),
        aria_label=tr("Copy the seed"),
    )
    return element("span", element("span", seed), copy, class_="copied")


def _lines(count: LineCount) -> str:
    """What became of the lines of a plan; what did not happen is not said."""
    others = {
        mark("{count} taken over"): count.taken_over,
        mark("{count} spoken more than once"): count.retaken,
        mark("{count} failed"): count.failed,
        mark("{count} left out of the document"): count.skipped,
    }
    said = (tr(what, count=f"{number:,}") for what, number in others.items() if number)
    all_of = tr("{count} of {all}", count=f"{count.spoken:,}", all=f"{count.planned:,}")
    return ", ".join((all_of, *said))


def _voice(fact: VoiceFact) -> str:
    name = fact.name or tr("from the {kind}", kind=fact.kind)
    parts = [name, tr(_MODES[fact.mode]), fact.emotion]
    return ", ".join(part for part in parts if part)


def _sentences(segments: list[Segment]) -> Html | None:
    """How alike each sentence is, so that a drift over a long text can be seen."""
    measured = [segment for segment in segments if segment.similarity is not None]
    if not measured:
        return None
    rows = (_sentence(segment.text, segment.similarity or 0.0) for segment in measured)
    title = element("summary", tr("Similarity of each sentence"))
    return element("details", title, element("ol", *rows, class_="sentences"))


def _sentence(text: str, similarity: float) -> Html:
    said = f"{similarity:.2f}"
    meter = element(
        "meter",
        said,
        min=0,
        max=1,
        value=f"{max(0.0, similarity):.3f}",
        aria_label=tr("Similarity"),
    )
    return element("li", meter, element("span", said, class_="number"), element("span", text))


def _progress(job: JobView) -> Html:
    words = progress(job)
    length = markup.seconds(job.audio_seconds)
    made = tr("{length} of sound", length=length) if job.audio_seconds else ""
    said = " · ".join(filter(None, [words, made]))
    return element("div", markup.bar(job.progress, words), element("span", said))


def _waits(reason: str) -> Html:
    step = tr(
        "{reason} The job is kept, and begins by itself once a worker is there.", reason=reason
    )
    return markup.notice("warning", tr("Waits for a worker."), step)


def _preview(job: JobView) -> Html | None:
    if not (job.engine and job.engine.preview):
        return None
    instead = tr("{engine} speaks in its place.", engine=job.engine.version)
    return markup.notice("preview", tr(PREVIEW), instead)


def _engine(job: JobView) -> str:
    if job.engine is None:
        return tr("unknown")
    checkpoint = "" if job.engine.preview else f", {job.engine.checkpoint}"
    return f"{job.engine.name}{checkpoint}"


def _failure(job: JobView) -> Html:
    error: dict[str, Any] = job.error or {}
    kept = tr(_GOES_ON) if "resume" in job.links else ""
    step = " ".join(filter(None, [error.get("hint"), kept]))
    message = error.get("message") or tr("The job failed.")
    return markup.notice("error", message, step, *_retry(job))


def _stopped(job: JobView) -> Html:
    kept = tr(_GOES_ON) if "resume" in job.links else tr("Nothing was kept.")
    return markup.notice("note", tr("Stopped."), kept, *_retry(job))


def _retry(job: JobView) -> Iterator[Html]:
    """The button that tries it again, unless there is one that goes on with it."""
    if "retry" in job.links and "resume" not in job.links:
        yield markup.button("retry", job.id, tr("Try again"), tr("this job"))
