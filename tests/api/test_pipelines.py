"""The four pipelines through the service: real documents, every file of the result, bad input."""

import codecs
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pyloudnorm
import pysubs2
import pytest
import soundfile

from shared.audio.pcm import SAMPLE_RATE
from shared.jobs import JobView
from shared.plans import exchange
from shared.plans.plan import Plan
from shared.requests import CONTRACTS
from shared.settings import ROOT
from shared.stores.uploads import content_id
from tests.api.jobs import ended, fault, no_room
from tests.listening import hear
from tests.shared.documents.making import changed, epub, page, word
from tests.stack import Stack

DATA = ROOT / "tests" / "data"
QUIET = {"retakes": 0}


@dataclass(frozen=True)
class Sample:
    """A document, what is asked for, and on which way it is sent."""

    task: str
    file: str
    fields: dict[str, Any]
    way: str

    @property
    def data(self) -> bytes:
        return (DATA / self.file).read_bytes()

    def document(self) -> io.BytesIO:
        document = io.BytesIO(self.data)
        document.name = self.file
        return document

    def send(self, stack: Stack) -> JobView:
        client = stack.client()
        if self.way == "json":
            return client.submit(self.task, {"text": self.data.decode(), **self.fields})
        if self.way == "form":
            return client.submit(self.task, self.fields, files={"source": self.document()})
        upload = client.upload("document", self.document())
        return client.submit(self.task, {"source": upload.id, **self.fields})


@dataclass(frozen=True)
class Made:
    """A finished sample."""

    sample: Sample
    job: dict[str, Any]
    files: dict[str, bytes]
    """As the archive of its output has them."""

    @property
    def result(self) -> dict[str, Any]:
        return self.job["result"]

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def plan(self) -> Plan:
        return Plan.model_validate_json(self.files["plan.json"])


BOOK = {"narrator": "ryan", "dialogue": "serena", "format": "m4b"}
SAMPLES = [
    pytest.param(Sample("narration", "lighthouse.md", BOOK, "upload"), marks=pytest.mark.slow),
    Sample("script", "table-read.fountain", {"narrator": "uncle_fu"}, "form"),
    Sample("npc_pack", "npc-pack.csv", {"tables": ["yarn", "godot", "unreal"]}, "json"),
    Sample("subtitles", "dubbing.srt", {"overrun": "overlap"}, "upload"),
    Sample("subtitles", "interview.vtt", {"format": "mp3"}, "form"),
]


@pytest.fixture(
    scope="module", params=SAMPLES, ids=lambda it: it.file if isinstance(it, Sample) else None
)
def made(stack: Stack, request: pytest.FixtureRequest) -> Made:
    sample: Sample = request.param
    return made_of(stack, sample, sample.send(stack).id)


def made_of(stack: Stack, sample: Sample, job_id: str) -> Made:
    http = stack.http(timeout=60)
    job = ended(http, job_id)
    assert job["state"] == "succeeded", job
    packed = http.get(f"/v1/outputs/{job_id}.zip").content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    return Made(sample, job, files)


def length_of(data: bytes) -> float:
    """Seconds of sound that FFmpeg's libraries decode."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        return sum(frame.samples for frame in container.decode(stream)) / stream.rate


# --- what is made of the samples ---


def test_every_file_is_there_and_is_what_the_metadata_say(made: Made) -> None:
    facts = made.json("metadata.json")["files"]
    promised = {*CONTRACTS[made.sample.task].artifacts, "plan.json", "lines.json", "stream.wav"}
    assert promised | {made.result["audio"]} <= facts.keys()
    assert facts.keys() == made.files.keys() - {"metadata.json"}
    for name, fact in facts.items():
        data = made.files[name]
        assert (fact["sha256"], fact["bytes"]) == (content_id(data), len(data)), name


def test_every_recording_can_be_opened(made: Made) -> None:
    for name, data in made.files.items():
        if name.endswith((".wav", ".flac")):
            assert soundfile.info(io.BytesIO(data)).frames > 0, name
        elif name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                assert packed.testzip() is None
    sound = length_of(made.files[made.result["audio"]])
    assert sound == pytest.approx(made.result["duration_seconds"], abs=0.1)
    assert soundfile.info(io.BytesIO(made.files["stream.wav"])).frames == made.result["samples"]


def test_the_finished_recording_comes_in_another_format_too(stack: Stack, made: Made) -> None:
    kept = length_of(made.files[made.result["audio"]])
    sent = stack.http(timeout=60).get(f"/v1/jobs/{made.job['id']}/audio?format=opus")
    assert sent.headers["content-type"].startswith("audio/ogg")
    assert length_of(sent.content) == pytest.approx(kept, abs=0.1)


def test_the_lines_are_heard_in_order_and_within_the_recording(made: Made) -> None:
    segments = made.result["segments"]
    assert [it["line"] for it in segments] == [it.number for it in made.plan().lines]
    starts = [it["start"] for it in segments]
    assert starts == sorted(starts)
    assert all(0 <= it["start"] < it["end"] for it in segments)
    assert max(it["end"] for it in segments) <= made.result["duration_seconds"] + 1e-6


def test_timings_are_written_in_every_form(made: Made) -> None:
    begun = np.array([it["start"] for it in made.result["segments"]])
    for name in ("audio.srt", "audio.vtt"):
        cues = pysubs2.SSAFile.from_string(made.files[name].decode(), Path(name).suffix[1:])
        starts = np.array([cue.start / 1_000 for cue in cues])
        assert np.abs(starts[:, None] - begun).min(axis=0).max() < 0.01
    timed = [(it["number"], it["start"], it["end"]) for it in made.json("timings.json")]
    told = [(it["line"], it["start"], it["end"]) for it in made.result["segments"]]
    assert np.allclose(timed, told, atol=1e-5)


def test_every_line_is_accounted_for(stack: Stack, made: Made) -> None:
    plan, lines = made.plan(), made.result["lines"]
    assert lines["planned"] == lines["spoken"] == len(plan.lines)
    assert (lines["failed"], lines["skipped"]) == (0, len(plan.skipped))
    shown = stack.client().lines(made.job["id"], limit=1_000)
    assert (shown.lines, shown.assembly.state) == (len(plan.lines), "done")
    for row in shown.items:
        (take,) = row.takes
        assert row.state == "spoken"
        assert take.file in made.files
        assert stack.http().get(take.audio).content == made.files[take.file]


def test_the_plan_alone_is_the_plan_that_was_spoken(stack: Stack, made: Made) -> None:
    sample = made.sample
    view = stack.client().plan(sample.task, sample.fields, files={"source": sample.document()})
    assert exchange.dumps(view) == made.files["plan.json"]
    assert view.id == made.job["request"]["plan"]


def test_it_is_heard_over_the_websocket_as_it_is_kept(stack: Stack, made: Made) -> None:
    """Sent once more it takes its lines over: what is heard is the same, and nothing is spoken."""
    text = {"text": made.sample.data.decode(), **made.sample.fields}
    with stack.client().stream(made.sample.task, text) as listening:
        heard = hear(listening)
    again = made_of(stack, made.sample, heard.end.id)
    assert heard.pcm == pcm_of(again.files["stream.wav"]) == pcm_of(made.files["stream.wav"])
    assert again.result["lines"]["taken_over"] == made.result["lines"]["planned"]
    for name in made.files.keys() - NAMING_THE_RUN:
        assert again.files[name] == made.files[name], name


NAMING_THE_RUN = {"metadata.json", "lines.json", "manifest.json", "pack.zip"}


def pcm_of(wav: bytes) -> bytes:
    samples, rate = soundfile.read(io.BytesIO(wav), dtype="int16")
    assert rate == SAMPLE_RATE
    return samples.astype("<i2").tobytes()


def test_what_belongs_to_the_pipeline_is_complete(made: Made) -> None:
    {
        "lighthouse.md": audiobook_has_its_chapters,
        "table-read.fountain": everybody_has_a_track,
        "npc-pack.csv": every_row_is_in_the_manifest,
        "dubbing.srt": every_cue_is_in_the_report,
        "interview.vtt": every_cue_is_in_the_report,
    }[made.sample.file](made)


def audiobook_has_its_chapters(made: Made) -> None:
    titles = [
        "Chapter One: A Light That Would Not Go Out",
        "Chapter Two: The Thing in the Fog",
    ]
    (second,) = [it["start"] for it in made.result["segments"] if it["text"] == titles[1]]
    assert nero_chapters(made.files["audio.m4b"]) == [
        (0.0, titles[0]),
        (pytest.approx(second, abs=1e-3), titles[1]),
    ]
    with av.open(io.BytesIO(made.files["audio.m4b"]), "r") as container:
        assert [it["metadata"]["title"] for it in container.chapters()] == titles
        assert container.metadata["title"] == "The Keeper of Hollow Point"
    assert {"chapter-001.m4b", "chapter-002.m4b"} <= made.files.keys()


def nero_chapters(data: bytes) -> list[tuple[float, str]]:
    """Begin and title of each chapter, read by hand from the box that players read."""
    at = data.index(b"chpl") + 4 + 8
    count, at = data[at], at + 1
    found: list[tuple[float, str]] = []
    for _ in range(count):
        ticks, length = int.from_bytes(data[at : at + 8], "big"), data[at + 8]
        found.append((ticks / 10_000_000, data[at + 9 : at + 9 + length].decode()))
        at += 9 + length
    return found


def everybody_has_a_track(made: Made) -> None:
    stems = {name for name in made.files if name.startswith("stem-")}
    assert stems == {
        "stem-narrator.wav",
        "stem-elodie.wav",
        "stem-inspector_okafor.wav",
        "stem-tannoy.wav",
    }
    frames = {soundfile.info(io.BytesIO(made.files[name])).frames for name in stems}
    assert frames == {made.result["audio_samples"]}
    said = {part.name: part.lines for part in made.plan().cast}
    assert said == {"ÉLODIE": 5, "INSPECTOR OKAFOR": 5, "TANNOY": 1}
    with zipfile.ZipFile(io.BytesIO(made.files["lines.zip"])) as packed:
        assert len(packed.namelist()) == made.result["lines"]["spoken"]


def every_row_is_in_the_manifest(made: Made) -> None:
    table = made.sample.data.decode().splitlines()
    ids = [row.partition(",")[0] for row in table[1:]]
    manifest = made.json("manifest.json")
    assert [it["id"] for it in manifest["lines"]] == ids
    kept = made.files["manifest.csv"].decode("utf-8-sig").splitlines()
    assert kept[0].startswith(table[0])
    assert [row.partition(",")[0] for row in kept[1:]] == ids
    with zipfile.ZipFile(io.BytesIO(made.files["pack.zip"])) as packed:
        for line in manifest["lines"]:
            assert hashlib.sha256(packed.read(line["file"])).hexdigest() == line["sha256"]
        assert packed.read("manifest.json") == made.files["manifest.json"]


def every_cue_is_in_the_report(made: Made) -> None:
    report = made.json("report.json")
    assert [it["cue"] for it in report] == [*range(1, len(report) + 1)]
    assert len(report) == made.sample.data.count(b" --> ")
    states = [it["state"] for it in report]
    assert states.count("spoken") == made.result["lines"]["spoken"]
    assert states.count("skipped") == made.result["lines"]["skipped"]


# --- plans ---


DIALOGUE = Sample("script", "dialogue.txt", {}, "json")
TALK = "ANNA: It was enough.\nMIKHAIL: It was never enough.\n"


def test_a_changed_plan_is_spoken_as_it_stands(stack: Stack) -> None:
    client = stack.client()
    plan = client.plan("script", {"text": TALK, "language": "english"})
    changes = {"text": "It is over.", "said": "It is over.", "role": {"voice": "dylan"}}
    body = json.loads(exchange.dumps(plan))
    body["lines"][0] |= changes
    sent = {"plan": io.BytesIO(json.dumps(body).encode())}
    made = made_of(stack, DIALOGUE, client.submit("script", QUIET, files=sent).id)
    assert [it["text"] for it in made.result["segments"]] == [
        "It is over.",
        "It was never enough.",
    ]
    assert b"It is over." in made.files["audio.srt"]
    (first, second) = client.lines(made.job["id"]).items
    assert (first.role.voice, first.takes[0].said) == ("dylan", "It is over.")
    assert second.role.voice == plan.lines[1].role.voice


def test_a_plan_is_made_while_no_job_would_be_taken(stack: Stack, http: httpx.Client) -> None:
    body = {"text": TALK}
    with no_room(stack):
        assert http.post("/v1/jobs/script", json=body).status_code == 429
        assert http.post("/v1/jobs/script", params={"plan": 1}, json=body).status_code == 200


# --- sound ---


STORY = "The lamp turned. It turned again, slowly.\n\nNobody came up the stairs. Ten seconds; ten."


def narrated(stack: Stack, loudness: str) -> tuple[np.ndarray, dict[str, Any]]:
    """The samples of a narration, and its result; the lines are spoken for the first one alone."""
    body = {"text": STORY, "language": "english", "loudness": loudness, **QUIET}
    http = stack.http(timeout=60)
    job = ended(http, stack.client().submit("narration", body).id)
    samples, rate = soundfile.read(io.BytesIO(http.get(job["links"]["audio"]).content))
    assert rate == job["result"]["sample_rate"]
    return samples, job["result"]


@pytest.mark.parametrize(
    ("loudness", "wanted"),
    [("audiobook", -20.0), ("podcast", -19.0), ("broadcast", -23.0), ("games", -23.0)],
)
def test_a_recording_is_as_loud_as_its_preset(stack: Stack, loudness: str, wanted: float) -> None:
    samples, _ = narrated(stack, loudness)
    if loudness == "audiobook":
        measured = 10 * math.log10(np.square(samples).mean())
    else:
        meter = pyloudnorm.Meter(SAMPLE_RATE, filter_class="DeMan")
        measured = meter.integrated_loudness(samples)
    assert measured == pytest.approx(wanted, abs=0.5)


@pytest.mark.parametrize("loudness", ["off", "audiobook"])
def test_no_step_at_a_seam_is_larger_than_inside_the_lines(stack: Stack, loudness: str) -> None:
    samples, result = narrated(stack, loudness)
    steps = np.abs(np.diff(samples))
    places = [
        (round(it["start"] * SAMPLE_RATE), round(it["end"] * SAMPLE_RATE))
        for it in result["segments"]
    ]
    inside = min(steps[start + 240 : end - 240].max() for start, end in places)
    seams = [steps[max(0, at - 240) : at + 240].max() for place in places for at in place]
    assert len(places) > 2
    assert max(seams) <= inside


# --- bad input ---


def bomb() -> bytes:
    return epub({"a.xhtml": page(f"<p>{'a' * (33 << 20)}</p>")})


def with_macros() -> bytes:
    return changed(word(), {}, **{"word/vbaProject.bin": b"\xd0\xcf"})


CAST_OF_500 = "\n".join(f"PERSON {number}: I am number {number}." for number in range(500))
WRONG_TIMES = (
    "1\n-00:00:01,000 --> 00:00:02,000\nMinus.\n\n"
    "2\n00:00:05,000 --> 00:00:03,000\nBackwards.\n\n"
    "3\n00:00:03,500 --> 00:00:06,000\nOver.\n"
)
GERMAN = "id,character,text,größe\n1,Wirt,Grüß Gott – für 5 €.,x\n"
REFUSED = {
    "empty.md": ("narration", b"", "nothing_to_say", "empty"),
    "empty.csv": ("npc_pack", b" \n\n", "nothing_to_say", "empty"),
    "prose.txt": ("script", b"Nobody says a word. It rains.", "invalid_request", "Nobody speaks"),
    "bomb.epub": ("narration", bomb, "unreadable_document", "too large"),
    "spineless.epub": (
        "narration",
        lambda: epub({"a.xhtml": page("<p>Hi.</p>")}, spine=""),
        "unreadable_document",
        "no spine",
    ),
    "columns.csv": (
        "npc_pack",
        codecs.BOM_UTF8 + "id,größe\n1,x\n".encode("cp1252"),
        "invalid_request",
        "Its columns are: id, größe",
    ),
    "twice.csv": (
        "npc_pack",
        b"id,character,text\na,X,One.\na,X,Two.\n",
        "invalid_request",
        "Row 2 and Row 3 have the same id",
    ),
    "long.csv": (
        "npc_pack",
        b"id,character,text\n1,X," + b"word " * 10_000,
        "invalid_request",
        "Row 2 has",
    ),
    "none.srt": ("subtitles", b"1\n\n2\n\n", "unreadable_document", "no cue"),
    "long.srt": (
        "subtitles",
        b"1\n00:00:01,000 --> 00:00:02,000\n" + b"word " * 10_000,
        "invalid_request",
        "Cue 1 (line 2)",
    ),
}
PLANNED = {
    "long.txt": ("narration", b"word " * 10_000, ""),
    "solid.txt": ("narration", b"a" * 50_000, ""),
    "crowd.txt": ("script", CAST_OF_500.encode(), "more characters without a role"),
    "german.csv": ("npc_pack", codecs.BOM_UTF8 + GERMAN.encode("cp1252"), ""),
    "times.srt": ("subtitles", WRONG_TIMES.encode(), "Cue 1 has a negative time"),
    "macros.docx": ("narration", with_macros, "macros, which are ignored"),
}


@pytest.fixture(scope="module")
def answering(stack: Stack) -> Iterator[httpx.Client]:
    """The API, which lives after all of it."""
    http = stack.http(timeout=60)
    before = stack.pids
    yield http
    assert http.get("/ready").json()["ready"]
    assert stack.pids == before
    assert "Traceback" not in stack.log("api-0")


def planned(http: httpx.Client, name: str, task: str, data: Any) -> httpx.Response:
    content = data if isinstance(data, bytes) else data()
    return http.post(f"/v1/jobs/{task}", params={"plan": 1}, files={"source": (name, content)})


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_its_place(answering: httpx.Client, name: str) -> None:
    task, data, code, words = REFUSED[name]
    answer = planned(answering, name, task, data)
    assert fault(answer) == (422, code)
    error = answer.json()["error"]
    assert words in error["message"]
    assert error["param"] == "source"
    assert error["hint"]


@pytest.mark.parametrize("name", PLANNED)
def test_odd_input_is_planned_and_told_of(answering: httpx.Client, name: str) -> None:
    task, data, warning = PLANNED[name]
    answer = planned(answering, name, task, data)
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert warning in " ".join(plan["warnings"])
    assert all(line["seconds"] <= 30 for line in plan["lines"])
    if name == "crowd.txt":
        assert len(plan["cast"]) == len(plan["lines"]) == 500
    if name == "german.csv":
        assert plan["lines"][0]["text"] == "Grüß Gott – für 5 €."
    if name == "long.txt":
        assert sum(line["text"].count("word") for line in plan["lines"]) == 10_000
