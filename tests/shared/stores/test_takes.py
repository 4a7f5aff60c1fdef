"""Further takes of the lines of an output, and the recording assembled anew with one of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.assembly.assembling import assemble
from shared.assembly.renewing import renew, renew_in, segments_of
from shared.audio import flac
from shared.errors import Conflict, UnknownLine
from shared.plans.plan import Plan
from shared.plans.table import LINES, PLAN, LineRow, LineTable, Take
from shared.requests.pipeline import Pipeline
from shared.stores import takes
from shared.stores.facts import fact_of
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA, OutputStore
from shared.stores.recipe import LineCount, Recipe
from shared.stores.takes import Spoken
from tests.shared.assembly.materials import materials, planned
from tests.shared.stores.runs import make, new_id, recipe, wav

SCRIPT = "ANNA: The first line.\n\nBEN: The second.\n\nANNA: The third."


def finished(store: OutputStore, folder: Path) -> str:
    """A finished output of a script, with tones in place of speech."""
    request, plan = planned("script", SCRIPT, loudness="off")
    given = materials(folder, request, plan)
    assembled = assemble(given)
    table = LineTable(lines=[row(request, plan, number) for number in given.sounds])
    segments = segments_of(plan, table, assembled)
    run = new_id()
    growing = store.begin(run, 1)
    stage = growing.stage()
    for path in assembled.files:
        path.rename(stage / path.name)
    for number, sound in given.sounds.items():
        sound.path.rename(stage / f"line-{number}.flac")
    (stage / PLAN).write_text(plan.model_dump_json())
    (stage / LINES).write_text(table.model_dump_json())
    sent = request.model_dump(mode="json")
    made = recipe(run, wav(), task="script", segments=segments)
    made = made.model_copy(update={"request": sent, "audio": assembled.audio})
    facts = {path.name: fact_of(path) for path in stage.iterdir()}
    made = made.model_copy(update={"files": facts})
    (stage / METADATA).write_text(made.model_dump_json())
    growing.finish()
    return run


def row(request: Pipeline, plan: Plan, number: int) -> LineRow:
    line = plan.by_number[number]
    take = Take(
        file=f"line-{number}.flac",
        seed=line.seed,
        seconds=line.seconds,
        text=line.text,
        said=line.said,
        role=line.role,
    )
    key = line.key(request.sampling, request.size)
    return LineRow(number=number, key=key, state="spoken", takes=[take])


@pytest.fixture
def output(store: OutputStore, tmp_path: Path) -> str:
    return finished(store, tmp_path)


def adopted(store: OutputStore, output: str, number: int, seconds: float) -> str:
    """The job whose sound has become take 2 of a line."""
    job = make(store, seconds=seconds)
    line = takes.plan_of(store, output).by_number[number]
    spoken = Spoken(job, 99, "Other words.", "Other words.", line.role)
    assert takes.adopt(store, output, number, spoken).number == 2
    return job


def test_a_take_is_kept_and_not_heard_before_it_is_chosen(store: OutputStore, output: str):
    job = adopted(store, output, 2, 0.75)
    row = takes.table_of(store, output).row(2)
    assert [take.job for take in row.takes] == ["", job]
    assert row.chosen == 1
    sound = flac.loads(store.read(output, row.takes[1].file, 0, 1 << 30))
    assert len(sound) == 18_000


def test_a_job_is_adopted_once(store: OutputStore, output: str):
    job = adopted(store, output, 2, 0.75)
    line = takes.plan_of(store, output).by_number[2]
    takes.adopt(store, output, 2, Spoken(job, 99, "x", "x", line.role))
    assert len(takes.table_of(store, output).row(2).takes) == 2


def test_the_recording_follows_the_choice(store: OutputStore, output: str, tmp_path: Path):
    before = Recipe.model_validate(store.metadata(output))
    adopted(store, output, 2, 5.0)
    takes.choose(store, output, 2, 2)
    renew(store, output, tmp_path / "work")
    after = Recipe.model_validate(store.metadata(output))
    assert after.duration_seconds > before.duration_seconds + 2
    assert [segment.text for segment in after.segments] == [
        "The first line.",
        "Other words.",
        "The third.",
    ]
    assert "Other words." in store.read(output, "audio.srt", 0, 1 << 20).decode()
    table = takes.table_of(store, output)
    assert table.assembled == table.revision == 1
    assert table.row(3).start == after.segments[2].start


def test_going_back_makes_the_same_files_again(store: OutputStore, output: str, tmp_path: Path):
    def sound() -> bytes:
        return store.read(output, "audio.wav", 0, 1 << 30)

    before = sound()
    adopted(store, output, 2, 5.0)
    for take in (2, 1):
        takes.choose(store, output, 2, take)
        renew(store, output, tmp_path / "work")
    assert sound() == before


def test_the_metadata_are_true_of_every_file(store: OutputStore, output: str, tmp_path: Path):
    adopted(store, output, 2, 1.0)
    takes.choose(store, output, 2, 2)
    renew(store, output, tmp_path / "work")
    for name, fact in Recipe.model_validate(store.metadata(output)).files.items():
        (tmp_path / name).write_bytes(store.read(output, name, 0, 1 << 30))
        assert fact_of(tmp_path / name).sha256 == fact.sha256


def test_what_is_chosen_already_is_no_change(store: OutputStore, output: str):
    assert takes.choose(store, output, 2, 1).revision == 0


@pytest.mark.parametrize(("line", "take"), [(9, 1), (2, 7)])
def test_a_line_or_take_that_is_not_there_is_unknown(
    store: OutputStore, output: str, line: int, take: int
):
    with pytest.raises(UnknownLine):
        takes.choose(store, output, line, take)


def test_a_line_that_failed_is_heard_once_a_take_of_it_is_chosen(
    store: OutputStore, output: str, tmp_path: Path
):
    count = LineCount(planned=3, spoken=2, failed=1, skipped=0, retaken=0, taken_over=0)
    table = takes.table_of(store, output)
    table.row(2).state, table.row(2).takes, table.row(2).why = "failed", [], "Nothing was heard."
    with store.amend(output) as folder:
        (folder / LINES).unlink()
        (folder / LINES).write_text(table.model_dump_json())
        before = Recipe.model_validate_json((folder / METADATA).read_bytes())
        (folder / METADATA).unlink()
        told = before.model_copy(update={"lines": count}).model_dump_json()
        (folder / METADATA).write_text(told)
    line = takes.plan_of(store, output).by_number[2]
    spoken = Spoken(make(store, seconds=0.75), 9, line.text, line.said, line.role)
    number = takes.adopt(store, output, 2, spoken).number
    assert takes.table_of(store, output).row(2).take is None
    takes.choose(store, output, 2, number)
    renew(store, output, tmp_path / "work")
    row = takes.table_of(store, output).row(2)
    assert (row.state, row.why, row.take and row.take.seed) == ("spoken", "", 9)
    assert row.start is not None
    after = Recipe.model_validate(store.metadata(output))
    assert [segment.line for segment in after.segments] == [1, 2, 3]
    assert after.lines is not None
    assert (after.lines.spoken, after.lines.failed) == (3, 0)


def test_an_output_is_assembled_by_one_process_at_a_time(tmp_path: Path):
    """The folder of the work goes while the next one waits for it."""
    store = FolderOutputs(tmp_path / "outputs")
    output = finished(store, tmp_path)
    adopted(store, output, 2, 5.0)
    takes.choose(store, output, 2, 2)
    with ThreadPoolExecutor(3) as threads:
        ends = [threads.submit(renew_in, tmp_path / "outputs", output) for _ in range(3)]
    assert [end.exception() for end in ends] == [None] * 3
    table = takes.table_of(store, output)
    assert table.assembled == table.revision


@pytest.mark.parametrize("task", ["custom_voice", "of_tomorrow"])
def test_what_no_pipeline_made_has_no_lines(task: str):
    with pytest.raises(Conflict, match="no lines"):
        takes.request_of(recipe(new_id(), wav(), task=task))


def test_what_another_version_made_is_told_from_what_was_sent_wrongly():
    made = recipe(new_id(), wav(), task="script").model_copy(update={"request": {"old": 1}})
    with pytest.raises(Conflict, match="Another version"):
        takes.request_of(made)


def test_an_output_of_a_task_has_no_lines(store: OutputStore):
    with pytest.raises(Conflict):
        takes.table_of(store, make(store))
