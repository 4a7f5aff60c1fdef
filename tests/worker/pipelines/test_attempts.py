"""A plan over several attempts: what was spoken stays spoken, and nobody hears it twice."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from shared import keys
from shared.audio import clip
from shared.connection import Connection, prompt
from shared.errors import NothingToSay, RunawaySpeech, SpeechError
from shared.jobs import JobRecord, LinesDone
from shared.plans.plan import Plan, Slot
from shared.plans.table import LINES, PLAN, LineTable, Take
from shared.queue import JobQueue
from shared.requests import contract
from shared.requests.role import Role
from shared.settings import Settings, load
from shared.states import JobState
from shared.stores import master
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.stores.recipe import Recipe
from shared.stores.uploads import FolderUploads
from shared.stores.voice_record import Voice, VoiceClip
from shared.stores.voices import FolderVoices
from shared.submission import Submission
from shared.voices.library import Library
from tests.worker.engine.speech import recording
from tests.worker.pipelines.plans import RYAN, SAILOR, TEXTS, Witness, plan, send
from worker import pipelines, tasks
from worker.aligning.aligner import LazyAligner
from worker.diary import Diary
from worker.engine.cache import Cache
from worker.engine.choice import Choice
from worker.engine.protocol import Aligner, Engine, Utterance
from worker.monitor import Monitor
from worker.performing import discover
from worker.reading import MORE, MORE_OF_PLAN
from worker.runner import Runner


class Killed(BaseException):
    """Nothing catches it: what it leaves is what a dead worker leaves."""


class Theatre:
    """A queue, a store and a worker's runner, without processes."""

    def __init__(
        self,
        url: str,
        folder: Path,
        engine: Engine | None = None,
        aligner: Aligner | None = None,
        **settings: Any,
    ) -> None:
        self.redis: Connection = redis.Redis.from_url(url, protocol=2)
        self.settings = load(
            redis_url=url,
            outputs_dir=folder / "outputs",
            voices_dir=folder / "voices",
            engine="preview",
            **settings,
        )
        self.queue = JobQueue(self.redis, self.settings)
        self.store = FolderOutputs(self.settings.outputs_dir)
        self.uploads = FolderUploads(folder / "uploads")
        self.engine = Witness()
        speaks = engine or self.engine
        self.library = Library(FolderVoices(self.settings.voices_dir))
        discover(tasks, pipelines)
        choice = Choice(speaks, speaks.describe(), "A test asks for it.")
        self.runner = Runner(
            self.redis,
            prompt(url),
            self.queue,
            self.store,
            self.settings,
            choice,
            Cache(speaks, self.settings, lambda name, stage: None),
            self.library,
            self.uploads,
            Diary(self.redis, "gpu-0", self.queue, Monitor("cpu", "cpu"), choice.info),
            aligner or LazyAligner(self.settings),
        )

    def submit(self, wanted: Plan, queue: str = keys.BATCH, **fields: Any) -> str:
        body = {"plan": send(self.uploads, wanted), "retakes": 0, "loudness": "off", **fields}
        request = contract("narration").parse(body)
        return self.queue.submit(Submission(request, "me", queue, wanted.seconds))[0].id

    def run(self, job: str) -> JobRecord:
        """One more attempt, as after a crash if the last one did not end."""
        if self.queue.get(job).state is JobState.RUNNING:
            self.queue.transition(self.queue.get(job), JobState.QUEUED)
        self.engine.asked.clear()
        self.runner.prepare()
        self.runner.run(job)
        return self.queue.get(job)

    def perform(self, wanted: Plan, **fields: Any) -> JobRecord:
        return self.run(self.submit(wanted, **fields))

    def somebody_waits(self) -> str:
        """An interactive job, which nobody takes."""
        request = contract("custom_voice").parse({"text": "Hello."})
        return self.queue.submit(Submission(request, "you", keys.INTERACTIVE, 1.0))[0].id

    def recipe(self, job: str) -> Recipe:
        return Recipe.model_validate(self.store.metadata(job))

    def table(self, job: str) -> LineTable:
        return LineTable.model_validate_json(self.store.read(job, LINES, 0, 1 << 20))

    def stream(self, job: str) -> bytes:
        return master.read(self.store, job, 0, 1 << 24)

    def audio(self, job: str) -> bytes:
        return self.store.read(job, self.recipe(job).audio, 0, 1 << 26)

    def published(self, job: str) -> list[str]:
        """The kinds of events that listeners were told."""
        entries = self.redis.xrange(keys.stream(job))
        return [json.loads(it[b"d"])["type"] for _, it in entries if it[b"k"] == b"e"]


@pytest.fixture
def theatre(redis_url: str, tmp_path: Path) -> Theatre:
    return Theatre(redis_url, tmp_path)


def stopping(text: str, error: BaseException) -> Callable[[Utterance], None]:
    def stop(utterance: Utterance) -> None:
        if utterance.text == text:
            raise error

    return stop


# --- one attempt ---------------------------------------------------------------------------------


def test_a_plan_is_spoken_in_order_and_accounted_for(theatre: Theatre) -> None:
    wanted = plan(*TEXTS)
    job = theatre.perform(wanted)
    assert job.state is JobState.SUCCEEDED
    assert theatre.engine.said == list(TEXTS)
    assert job.result is not None
    assert [it["text"] for it in job.result["segments"]] == list(TEXTS)
    assert job.result["lines"]["spoken"] == 4
    assert job.result["stream"] == "stream.wav"
    assert not any(name.startswith("line-") for name in job.result["files"])
    files = theatre.recipe(job.id).files
    assert {row.takes[0].file for row in theatre.table(job.id).lines} <= files.keys()
    assert theatre.store.read(job.id, PLAN, 0, 1 << 20) == wanted.model_dump_json().encode()
    assert set(theatre.store.files(job.id)) == {*files, "metadata.json"}
    assert len(theatre.stream(job.id)) == 2 * job.samples


def test_lines_that_sound_the_same_are_spoken_once(theatre: Theatre) -> None:
    wanted = plan("Yes.", "No.", "Yes.")
    same = [line.model_copy(update={"seed": 1}) for line in wanted.lines]
    job = theatre.perform(wanted.model_copy(update={"lines": same}))
    assert theatre.engine.said == ["Yes.", "No."]
    assert theatre.recipe(job.id).lines is not None
    first, _, third = theatre.table(job.id).lines
    assert first.takes == third.takes


def test_a_voice_in_words_is_designed_once_and_kept(theatre: Theatre) -> None:
    job = theatre.perform(plan(*TEXTS[:3], roles=[SAILOR, SAILOR]))
    designs = [it for it in theatre.engine.asked if it.description]
    assert len(designs) == 1
    clones = {it.prompt.digest for it in theatre.engine.asked if it.prompt}
    assert len(clones) == 1
    assert theatre.table(job.id).voices.keys() == {SAILOR.description}
    assert set(theatre.table(job.id).voices.values()) <= theatre.recipe(job.id).files.keys()


def test_a_line_that_fails_is_accounted_for_and_the_rest_is_spoken(theatre: Theatre) -> None:
    theatre.engine.before = stopping(TEXTS[1], RunawaySpeech("It does not end."))
    job = theatre.perform(plan(*TEXTS), retakes=1)
    assert theatre.engine.said.count(TEXTS[1]) == 2
    assert job.result is not None
    assert (job.result["lines"]["spoken"], job.result["lines"]["failed"]) == (3, 1)
    row = theatre.table(job.id).row(2)
    assert (row.state, row.why) == ("failed", "It does not end.")
    assert job.warnings == ["Line 2 was not spoken: It does not end."]


def test_a_take_that_does_not_pass_is_made_again(theatre: Theatre) -> None:
    theatre.engine.ending = lambda said: "loop" if said.seed == 2 else "stop"
    job = theatre.perform(plan(*TEXTS), retakes=2)
    assert theatre.engine.said.count(TEXTS[1]) == 2
    take = theatre.table(job.id).row(2).takes[0]
    assert [it.seed for it in take.retaken] == [2]
    assert take.retaken[0].why
    assert (take.finish_reason, take.faults) == ("stop", [])
    assert job.result is not None
    assert job.result["lines"]["retaken"] == 1


def test_a_take_that_never_passes_is_kept_with_its_faults(theatre: Theatre) -> None:
    theatre.engine.ending = lambda said: "length" if said.text == TEXTS[1] else "stop"
    job = theatre.perform(plan(*TEXTS), retakes=2)
    assert theatre.engine.said.count(TEXTS[1]) == 3
    take = theatre.table(job.id).row(2).takes[0]
    assert (take.seed, len(take.retaken)) == (2, 2)
    assert job.warnings == [f"Line 2: {take.faults[0]}"]


def test_a_job_fails_by_the_first_reason_if_no_line_can_be_spoken(theatre: Theatre) -> None:
    def refuse(utterance: Utterance) -> None:
        raise NothingToSay(f"Nothing in {utterance.text!r}.")

    theatre.engine.before = refuse
    job = theatre.perform(plan("One.", "Two."))
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["message"] == "Nothing in 'One.'."


def test_many_lines_that_fail_make_few_warnings(theatre: Theatre) -> None:
    texts = [f"{number}." for number in range(60)]
    job = theatre.perform(plan(*texts, "Yes.", roles=[Role(voice="nobody")] * 60))
    assert job.state is JobState.SUCCEEDED
    assert job.warnings is not None
    assert len(job.warnings) == 51
    assert job.warnings[-1] == MORE


def test_an_attempt_that_goes_on_does_not_begin_to_count_its_warnings_anew(
    theatre: Theatre,
) -> None:
    texts = [f"{number}." for number in range(120)]
    job = theatre.submit(plan(*texts, "Yes.", roles=[Role(voice="nobody")] * 120))
    theatre.somebody_waits()
    theatre.run(job)
    again = theatre.run(job)
    assert again.warnings is not None
    assert len(again.warnings) == 51


def test_lines_are_counted_while_they_are_spoken_and_when_it_goes_on(theatre: Theatre) -> None:
    wanted = plan("Yes.", "No.", "Yes.", "Never.")
    same = [line.model_copy(update={"seed": 1}) for line in wanted.lines]
    job = theatre.submit(wanted.model_copy(update={"lines": same}))
    theatre.somebody_waits()
    told = theatre.run(job).progress
    assert told is not None
    assert told.lines == LinesDone(done=2, total=4)
    assert theatre.queue.look(job).lines == told.lines


def test_a_plan_of_many_warnings_makes_few(theatre: Theatre) -> None:
    many = plan(TEXTS[0]).model_copy(update={"warnings": [f"{number}!" for number in range(80)]})
    job = theatre.perform(many)
    assert job.warnings is not None
    assert len(job.warnings) == 51
    assert job.warnings[-1] == MORE_OF_PLAN


def test_no_text_is_kept_where_none_shall_be(redis_url: str, tmp_path: Path) -> None:
    theatre = Theatre(redis_url, tmp_path, store_text=False)
    job = theatre.perform(plan("Nobody must read this.", roles=[SAILOR]))
    assert job.state is JobState.SUCCEEDED
    files = theatre.store.files(job.id)
    assert PLAN not in files
    told = theatre.table(job.id).model_dump_json() + theatre.recipe(job.id).model_dump_json()
    assert "Nobody must" not in told
    assert "sailor" not in told


@pytest.mark.parametrize(
    "changes",
    [
        {"opening": 1e12},
        {"opening": -1.0},
        {"duration": 1e12},
        {"slot": (5.0, 4.0)},
        {"slot": (0.0, 1e9)},
    ],
)
def test_a_plan_that_asks_for_impossible_times_is_refused(
    theatre: Theatre, changes: dict[str, Any]
) -> None:
    wanted = plan(TEXTS[0])
    if times := changes.pop("slot", None):
        slot = Slot(start=times[0], end=times[1])
        changes = {"lines": [wanted.lines[0].model_copy(update={"slot": slot})]}
    job = theatre.perform(wanted.model_copy(update=changes))
    assert job.error is not None
    assert job.error["code"] in ("invalid_request", "record_damaged")
    assert theatre.engine.said == []


# --- several -------------------------------------------------------------------------------------


def test_a_killed_attempt_costs_no_line_and_changes_nothing(theatre: Theatre) -> None:
    whole = theatre.perform(plan(*TEXTS))
    theatre.engine.before = stopping(TEXTS[2], Killed())
    job = theatre.submit(plan(*TEXTS))
    with pytest.raises(Killed):
        theatre.run(job)
    theatre.engine.before = lambda utterance: None
    again = theatre.run(job)
    assert theatre.engine.said == list(TEXTS[2:])
    assert (again.attempt, again.take) == (2, 0)
    assert theatre.stream(job) == theatre.stream(whole.id)
    assert theatre.audio(job) == theatre.audio(whole.id)
    assert "restart" not in theatre.published(job)


def test_it_gives_way_between_two_lines_and_goes_on(theatre: Theatre) -> None:
    whole = theatre.perform(plan(*TEXTS))
    job = theatre.submit(plan(*TEXTS))
    impatient: list[str] = []

    def wait(utterance: Utterance) -> None:
        if utterance.text == TEXTS[1]:
            impatient.append(theatre.somebody_waits())

    theatre.engine.before = wait
    assert theatre.run(job).state is JobState.QUEUED
    assert theatre.engine.said == list(TEXTS[:2])
    theatre.queue.cancel(*impatient)
    again = theatre.run(job)
    assert theatre.engine.said == list(TEXTS[2:])
    assert (again.state, again.attempt) == (JobState.SUCCEEDED, 1)
    assert theatre.stream(job) == theatre.stream(whole.id)


def test_a_worker_that_is_to_stop_leaves_at_the_next_line(theatre: Theatre) -> None:
    theatre.runner.leaving = True
    job = theatre.submit(plan(*TEXTS))
    assert theatre.run(job).state is JobState.QUEUED
    assert theatre.engine.said == [TEXTS[0]]


def test_a_take_of_one_line_is_added_to_the_output_that_it_is_for(theatre: Theatre) -> None:
    output = theatre.perform(plan(*TEXTS)).id
    request = contract("custom_voice").parse({"text": TEXTS[1], "seed": 9})
    wanted = Submission(request, "me", keys.INTERACTIVE, 1.0, line=f"{output}/2")
    job = theatre.run(theatre.queue.submit(wanted)[0].id)
    assert job.state is JobState.SUCCEEDED
    takes = theatre.table(output).row(2).takes
    assert [(take.number, take.seed, take.job) for take in takes] == [(1, 2, ""), (2, 9, job.id)]


def test_a_take_that_counts_no_more_begins_the_audio_anew(theatre: Theatre) -> None:
    """As if its voice had been changed while the job rested."""
    job = theatre.submit(plan(*TEXTS))
    theatre.engine.before = stopping(TEXTS[2], Killed())
    with pytest.raises(Killed):
        theatre.run(job)
    takes = [path.read_bytes() for path in notes(theatre, job)]
    (spoiled,) = [it for it in takes if Take.model_validate_json(it).seed == 2]
    other = Take.model_validate_json(spoiled).model_copy(update={"sounding": "another"})
    growing = theatre.store.begin(job, 1)
    (growing.stage() / other.file).with_suffix(".json").write_text(other.model_dump_json())
    growing.truncate(MASTER, growing.size(MASTER) - 20_000)
    growing.append(MASTER, bytes(20_000))
    theatre.engine.before = lambda utterance: None
    again = theatre.run(job)
    assert theatre.engine.said == list(TEXTS[1:])
    assert again.take == 1
    assert theatre.stream(job) == theatre.stream(theatre.perform(plan(*TEXTS)).id)


def test_what_was_spoken_by_a_voice_that_is_gone_stays(theatre: Theatre) -> None:
    record = {"name": "Ada", "kind": "cloned", "created": datetime.now(UTC), "clips": [VoiceClip()]}
    sound = {"reference.wav": clip.dumps(recording())}
    ada = theatre.library.create(Voice.model_validate(record), sound)
    wanted = plan(*TEXTS, roles=[RYAN, Role(voice=ada), RYAN, Role(voice=ada)])
    job = theatre.submit(wanted, keys.INTERACTIVE)
    theatre.engine.before = stopping(TEXTS[2], Killed())
    with pytest.raises(Killed):
        theatre.run(job)
    theatre.library.delete(ada)
    theatre.engine.before = lambda utterance: None
    again = theatre.run(job)
    assert theatre.engine.said == [TEXTS[2]]
    assert [row.state for row in theatre.table(job).lines] == ["spoken"] * 3 + ["failed"]
    assert again.take == 0


def test_a_line_that_is_lost_takes_none_of_the_others_with_it(theatre: Theatre) -> None:
    """Its take counts no more, and another one cannot be made."""
    job = theatre.submit(plan(*TEXTS))
    theatre.engine.before = stopping(TEXTS[3], Killed())
    with pytest.raises(Killed):
        theatre.run(job)
    (path,) = [
        it for it in notes(theatre, job) if Take.model_validate_json(it.read_bytes()).seed == 1
    ]
    other = Take.model_validate_json(path.read_bytes()).model_copy(update={"sounding": "another"})
    path.write_text(other.model_dump_json())
    theatre.engine.before = stopping(TEXTS[0], RunawaySpeech("It does not end."))
    theatre.run(job)
    without = theatre.perform(plan(*TEXTS))
    assert theatre.stream(job) == theatre.stream(without.id)


def test_a_take_that_cannot_be_read_is_not_taken_over(theatre: Theatre) -> None:
    before = theatre.perform(plan(*TEXTS)).id
    broken = theatre.table(before).row(2).takes[0].file
    (theatre.settings.outputs_dir / before / broken).write_bytes(b"no sound")
    job = theatre.perform(plan(*TEXTS), continues=before)
    assert theatre.engine.said == [TEXTS[1]]
    assert job.result is not None
    assert job.result["lines"]["spoken"] == 4


def test_a_take_whose_sound_is_gone_is_made_again(theatre: Theatre) -> None:
    job = theatre.submit(plan(*TEXTS))
    theatre.engine.before = stopping(TEXTS[2], Killed())
    with pytest.raises(Killed):
        theatre.run(job)
    notes(theatre, job)[0].with_suffix(".flac").write_bytes(b"")
    theatre.engine.before = lambda utterance: None
    assert theatre.run(job).state is JobState.SUCCEEDED
    assert len(theatre.engine.said) == 3


def test_an_engine_that_makes_nothing_of_a_line_costs_that_line(theatre: Theatre) -> None:
    theatre.engine.mute = lambda said: said.text == TEXTS[1]
    job = theatre.perform(plan(*TEXTS))
    assert job.result is not None
    assert (job.result["lines"]["spoken"], job.result["lines"]["failed"]) == (3, 1)


def test_many_voices_in_words_are_designed_a_batch_at_a_time(theatre: Theatre) -> None:
    room = theatre.engine.load("preview", None, lambda stage: None).report.batch
    roles = [Role(description=f"Sailor number {number}.") for number in range(room + 1)]
    job = theatre.submit(plan(*["Yes."] * len(roles), roles=roles))
    theatre.somebody_waits()
    assert theatre.run(job).state is JobState.QUEUED
    assert [len(batch) for batch in theatre.engine.batches if batch[0].description] == [room]
    assert "Yes." not in theatre.engine.said
    theatre.run(job)
    assert [len(batch) for batch in theatre.engine.batches if batch[0].description] == [room, 1]


def notes(theatre: Theatre, job: str) -> list[Path]:
    """The files of what is known of the takes of a job that grows."""
    return sorted(theatre.settings.outputs_dir.glob(f".growing/{job}.*/line-*.json"))


def test_a_paused_job_rests_until_it_is_resumed(theatre: Theatre) -> None:
    job = theatre.submit(plan(*TEXTS))
    theatre.engine.before = lambda utterance: theatre.queue.pause(job) and None
    assert theatre.run(job).state is JobState.PAUSED
    theatre.engine.before = lambda utterance: None
    theatre.queue.resume(job)
    assert theatre.run(job).state is JobState.SUCCEEDED
    assert theatre.engine.said == list(TEXTS[1:])


def test_a_changed_line_is_the_only_one_that_is_spoken_again(theatre: Theatre) -> None:
    before = theatre.perform(plan(*TEXTS, roles=[SAILOR]))
    texts = [*TEXTS[:2], "Eleven seconds passed.", *TEXTS[3:]]
    job = theatre.perform(plan(*texts, roles=[SAILOR]), continues=before.id)
    assert theatre.engine.said == ["Eleven seconds passed."]
    assert theatre.recipe(job.id).lines is not None
    taken = [row.taken_over for row in theatre.table(job.id).lines]
    assert taken == [before.id, before.id, "", before.id]
    fresh = theatre.perform(plan(*texts), continues=before.id, fresh=True)
    assert len(theatre.engine.said) == 4
    assert fresh.state is JobState.SUCCEEDED


def test_the_lines_of_a_failed_job_are_taken_over(theatre: Theatre) -> None:
    broken = SpeechError("The house is on fire.")
    theatre.engine.before = stopping(TEXTS[2], broken)
    failed = theatre.perform(plan(*TEXTS))
    assert failed.state is JobState.FAILED
    theatre.engine.before = lambda utterance: None
    job = theatre.perform(plan(*TEXTS), continues=failed.id)
    assert theatre.engine.said == list(TEXTS[2:])
    assert job.state is JobState.SUCCEEDED


def test_another_engine_speaks_every_line_again(theatre: Theatre, tmp_path: Path) -> None:
    before = theatre.perform(plan(*TEXTS))
    table = theatre.table(before.id)
    for row in table.lines:
        row.takes[0].sounding = "another"
    path = theatre.settings.outputs_dir / before.id / LINES
    path.write_text(table.model_dump_json())
    theatre.perform(plan(*TEXTS), continues=before.id)
    assert theatre.engine.said == list(TEXTS)


@pytest.mark.slow
def test_a_model_that_is_interrupted_at_every_line_says_the_same(
    redis_url: str, tmp_path: Path, tiny_engine: Engine, tiny_settings: Settings
) -> None:
    """A preset and a clone, which is designed before; unbatched, as a batch decides the last
    digits."""
    room = tiny_settings.model_dump(include={"models_dir", "max_loaded_models", "max_batch"})
    theatre = Theatre(redis_url, tmp_path, tiny_engine, device="cpu", **room)
    wanted = plan("Yes.", "No.", roles=[SAILOR, RYAN])
    whole = theatre.perform(wanted)
    assert whole.state is JobState.SUCCEEDED
    theatre.somebody_waits()
    job = theatre.submit(wanted)
    states = [theatre.run(job).state for _ in range(1 + len(wanted.lines))]
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.SUCCEEDED]
    assert theatre.stream(job) == theatre.stream(whole.id)
    assert theatre.audio(job) == theatre.audio(whole.id)
