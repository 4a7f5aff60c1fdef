"""The System page: what a worker's card, checkpoints and caches look like."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.client import AsyncClient
from shared.jobs import JobView
from shared.readings import CacheStats, LoadedModel, ModelReport
from shared.states import JobState
from shared.status import Finding, ModelAction, WorkerStatus
from shared.stores.listing import Usage
from shared.views import ModelView, QueueStatus, Status
from tests.announcing import status
from tests.stack import Stack
from ui.dashboard import Dashboard
from ui.markup import Html
from ui.pages import checkpoints, system, worker

GIGABYTE = 10**9
REPORT = ModelReport(4.2, 2 * GIGABYTE, 4, "fp16+fp32", graphs="eager: capture failed")

DASHBOARD = Dashboard(AsyncClient())
JOB = JobView(
    id="01a2005f-f397-761a-8af3-2d823cf8e167",
    task="narration",
    state=JobState.RUNNING,
    created_at=datetime.now(UTC),
    seed=1,
    request={},
)


def finding(verdict: Any, subject: str, advice: str = "") -> Finding:
    return Finding(subject, verdict, f"The {subject} is so.", advice)


def whole(workers: list[WorkerStatus], *findings: Finding) -> Status:
    queue = QueueStatus(waiting={}, running=0, limit=1, pace=1)
    disk = Usage(outputs=0, bytes=0, trash=0, trash_bytes=0, free_bytes=0)
    told: dict[str, Any] = {"version": "1", "listeners": 0, "outputs": disk}
    return Status(workers=workers, queue=queue, findings=list(findings), **told)


def model(state: str = "present", **told: Any) -> ModelView:
    known: dict[str, Any] = dict(id="0.6B-Base", kind="base", size="0.6B", revision="abc")
    known |= dict(bytes=0, missing=[], damaged=[], loaded_by=[], action=None, state=state)
    return ModelView(**(known | told))


# --- health and workers ---


def test_one_sentence_says_that_all_is_well():
    holder = status(loaded={"0.6B-CustomVoice": LoadedModel(GIGABYTE, REPORT)})
    said = system.health([status(name="codec-0", queues=["codec"]), holder])
    assert "Ready: qwen3 0.6B-CustomVoice on cpu, fp16+fp32." in said
    assert "the first job loads one" in system.health([status()])
    told = status().engine.model_copy(update={"name": "preview", "preview": True})
    one = status(engine=told, loaded={"preview": LoadedModel(0, REPORT)})
    assert "Ready: preview on" in system.health([one])


@pytest.mark.parametrize(
    ("workers", "said"),
    [
        ([], "No worker is alive."),
        ([status(queues=["codec"])], "No worker that speaks is alive."),
        ([status(ready=False, trouble="No checkpoint lies here.")], "No checkpoint lies here."),
    ],
)
def test_or_what_is_wrong_and_what_to_do(workers: list[WorkerStatus], said: str):
    shown = system.health(workers)
    assert said in shown
    assert 'role="alert"' in shown
    assert 'class="hint"' in shown


def test_what_the_doctor_found_amiss_stands_there_with_its_advice_the_worst_first():
    ill = [finding("note", "disk", "Free `some`."), finding("good", "Python")]
    shown = system.warnings(
        whole([status(findings=ill)], finding("bad", "queue", "Name it."), finding("note", "GPU"))
    )
    warned, looked_at = shown.split("<details")
    assert warned.index("The queue is so.") < warned.index("The disk is so.")
    assert "Free <code>some</code>." in warned
    assert "GPU" not in warned
    assert "The Python is so." in looked_at


def test_equal_findings_of_several_workers_are_one_with_their_names():
    same = [finding("note", "disk", "Free some.")]
    shown = system.warnings(whole([status(findings=same), status(name="gpu-1", findings=same)]))
    assert shown.count("The disk is so.") == 1
    assert "gpu-0, gpu-1" in shown


def test_a_worker_says_what_it_is_at_with_the_way_there():
    shown = worker.card(DASHBOARD, status(job=JOB.id), {JOB.id: JOB})
    assert f'href="/narration?job={JOB.id}"' in shown
    assert "speaking" in shown
    assert "a job" in worker.card(DASHBOARD, status(job="forgotten"), {})


def test_a_worker_that_was_not_heard_of_is_silent():
    shown = worker.card(DASHBOARD, status(told_at=time.time() - 40), {})
    assert "silent" in shown
    assert "40 s ago" in shown


# --- checkpoints ---


def test_a_download_tells_how_far_and_how_fast_it_is():
    action = ModelAction(
        action="pull",
        state="running",
        done_bytes=GIGABYTE,
        total_bytes=4 * GIGABYTE,
        rate=12_000_000,
        message="model.safetensors",
    )
    shown = checkpoints.under_way([model("partial", action=action)])
    for said in ("0.6B-Base: downloading", "25%", "1.00 GB of 4.00 GB", "12 MB/s", "about 4 min"):
        assert said in shown
    assert 'value="0.250"' in shown
    row = checkpoints.table([model("partial", action=action)], [], False)
    assert "downloading" in row
    assert "25%" not in row
    assert "<button" not in row


def test_what_has_no_measure_moves_and_what_failed_says_so():
    loading = model(action=ModelAction(action="load", state="running"))
    assert "<progress aria-label=" in checkpoints.under_way([loading])
    failed = model(action=ModelAction(action="load", state="failed", message="No memory."))
    shown = checkpoints.under_way([failed, model(action=ModelAction(action="load", state="done"))])
    assert shown.count('role="alert"') == 1
    assert "0.6B-Base was not loaded." in shown
    assert "No memory." in shown


@pytest.mark.parametrize(
    ("shown", "label"),
    [
        (model("absent"), "Download"),
        (model("damaged", damaged=["a"]), "Download again"),
        (model("present"), "Load"),
        (model("present", loaded_by=["gpu-0"]), "Unload"),
        (model("partial", revision="local", missing=["a"]), ""),
    ],
)
def test_a_checkpoint_has_the_button_that_helps(shown: ModelView, label: str):
    row = checkpoints.table([shown], [], False)
    found = re.findall(r"<button[^>]*>([^<]*)<", row)
    assert found == ([label] if label else [])


def test_the_preview_engine_is_given_none_to_load():
    row = checkpoints.table([model()], [], True)
    assert "<button" not in row
    assert "needs no checkpoint" in row


# --- caches ---


def test_caches_are_shown_with_hit_rates_and_a_button():
    stats = {
        "prompts": CacheStats(3, GIGABYTE, 2 * GIGABYTE, 3, 1),
        "codes": CacheStats(0, 0, 0, 0, 0),
    }
    holder = status(caches=stats)
    shown = worker.caches([holder])
    assert "75% (3 of 4)" in shown
    assert "1 GB of 2 GB" in shown
    assert "(off)" in shown
    assert "not asked yet" in shown
    assert 'data-action="clear_caches"' in worker.emptying([holder])
    assert "<button" not in shown


def test_without_caches_there_is_nothing_to_empty():
    assert worker.caches([status()]) == worker.emptying([status()]) == ""


def test_a_loaded_checkpoint_says_how_it_runs():
    holder = status(loaded={"0.6B-CustomVoice": LoadedModel(GIGABYTE, REPORT)})
    shown = worker.loaded("0.6B-CustomVoice", [status(name="gpu-1"), holder])
    for said in ("gpu-0", "1 GB, fp16+fp32", "4.2 s (peak 2 GB)", "4 at once", "capture failed"):
        assert said in shown
    assert "gpu-1" not in shown


def test_a_checkpoint_that_nobody_holds_is_not_loaded():
    assert "not loaded" in worker.loaded("0.6B-CustomVoice", [status()])


def press(stack: Stack, action: str) -> Html:
    async def pressed() -> Html:
        client = AsyncClient(stack.url)
        try:
            return await system.act(Dashboard(client), action, "")
        finally:
            await client.close()

    return asyncio.run(pressed())


@pytest.mark.redis
def test_the_button_empties_the_caches_of_a_running_service(stack: Stack):
    assert "gpu-0 will empty the caches" in press(stack, "clear_caches")


@pytest.mark.redis
def test_an_action_that_no_button_has_does_nothing(stack: Stack):
    assert press(stack, "close") == ""


@pytest.mark.redis
def test_without_a_worker_the_button_says_what_to_do(make_stack: Callable[..., Stack]):
    stack = make_stack()
    stack.kill_worker(15)
    assert 'role="alert"' in press(stack, "clear_caches")
