"""`qtts jobs | show | cancel | again`, against the running service."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.client import Client
from shared.jobs import JobView
from tests.stack import Stack
from tests.tools.qtts.conftest import Type


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture
def job(client: Client) -> JobView:
    """A job that has succeeded."""
    return client.wait(client.submit("custom_voice", {"text": "Hello there.", "seed": 3}).id)


def test_jobs_are_listed_the_newest_first(type_in: Type, client: Client, job: JobView):
    newer = client.wait(client.submit("custom_voice", {"text": "Later."}).id)
    listed = type_in("jobs").stdout
    assert listed.index(newer.id) < listed.index(job.id)
    assert "succeeded" in listed


def test_a_narrow_terminal_cuts_nothing_off(
    make_stack: Callable[..., Stack], type_in: Type, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "60")
    stack = make_stack(PREVIEW_PACE="1")
    job = stack.client().submit("custom_voice", {"text": "A long sentence. " * 50})
    listed = type_in("--url", stack.url, "jobs").stdout
    assert job.id in listed
    assert "…" not in listed


def test_jobs_can_be_read_by_scripts(type_in: Type, job: JobView):
    listed = json.loads(type_in("jobs", "--state", "succeeded", "--json-output").stdout)
    assert JobView.model_validate(listed[0]).state == "succeeded"


def test_a_job_is_shown_with_what_spoke_and_its_seed(type_in: Type, job: JobView):
    shown = type_in("show", job.id).stdout
    assert "Spoken by preview" in shown
    assert "Hello there." in shown
    assert json.loads(type_in("show", job.id, "--json-output").stdout)["seed"] == 3


def test_the_files_of_a_result_are_fetched(
    type_in: Type, client: Client, job: JobView, tmp_path: Path
):
    done = type_in("show", job.id, "--files", str(tmp_path / "made" / "here"))
    assert done.exit_code == 0, done.output
    fetched = tmp_path / "made" / "here" / "audio.wav"
    assert fetched.read_bytes() == client.audio(job.id)


def test_again_makes_the_same_file(type_in: Type, client: Client, job: JobView, tmp_path: Path):
    path = tmp_path / "again.wav"
    done = type_in("again", job.id, "-o", str(path))
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == client.audio(job.id)


def test_a_job_that_has_ended_cannot_be_cancelled(type_in: Type, job: JobView):
    done = type_in("cancel", job.id)
    assert done.exit_code == 1
    assert "(already_ended)" in done.stderr


def test_a_job_that_runs_can_be_cancelled(make_stack: Callable[..., Stack], type_in: Type):
    stack = make_stack(PREVIEW_PACE="1")
    client = stack.client()
    job = client.submit("custom_voice", {"text": "A long sentence. " * 50})
    done = type_in("--url", stack.url, "cancel", job.id)
    assert done.exit_code == 0, done.output
    assert client.wait(job.id).state == "cancelled"


def test_what_has_succeeded_is_not_tried_again(type_in: Type, job: JobView):
    done = type_in("retry", job.id)
    assert done.exit_code == 1
    assert "(already_ended)" in done.stderr


@pytest.mark.parametrize("word", ["show", "cancel", "again", "retry"])
@pytest.mark.parametrize("name", ["nope", "../../etc/passwd", "%2e%2e"])
def test_a_job_that_does_not_exist_is_one_error(type_in: Type, word: str, name: str):
    done = type_in(word, name)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
