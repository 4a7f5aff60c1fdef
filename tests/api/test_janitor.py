import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api import janitor
from api.app import open_context
from api.deps import Context
from api.janitor import Janitor
from shared import keys
from shared.errors import UnknownUpload
from shared.jobs import JobRecord
from shared.requests.custom_voice import CustomVoice
from shared.requests.declared import Declared
from shared.requests.narration import Narration
from shared.requests.voice_clone import VoiceClone
from shared.settings import Settings
from shared.states import JobState
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.stores.uploads import UploadFacts
from shared.submission import Submission
from tests.api.jobs import PATIENCE, said, sounding, wait_for
from tests.shared.stores.runs import make, new_id
from tests.shared.stores.test_uploads import FACTS
from tests.stack import Stack

pytestmark = pytest.mark.slow


def soon(reached: Callable[[], object], seconds: float = 2 * PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_job_of_a_worker_that_never_comes_back_waits_for_another(make_stack):
    stack: Stack = make_stack(PREVIEW_PACE="1", LEASE_SECONDS="3")
    http = stack.http()
    job = sounding(http)
    stack.kill_worker()
    wait_for(http, job["id"], lambda job: job["state"] == "queued")
    assert http.get("/v1/status").json()["workers"] == []


def test_old_outputs_are_thrown_away_but_no_starred_ones(make_stack):
    stack: Stack = make_stack(OUTPUTS_KEEP_DAYS="30")
    http = stack.http()
    store = FolderOutputs(stack.outputs_dir)
    old, kept, new = make(store), make(store), said(http)["id"]
    http.patch(f"/v1/outputs/{kept}", json={"starred": True})
    stack.kill_api(0)
    stack.start_api(0)
    soon(lambda: http.get(f"/v1/outputs/{old}").status_code == 404)
    assert http.get(f"/v1/outputs/{kept}").status_code == 200
    assert http.get(f"/v1/outputs/{new}").status_code == 200


def test_files_that_were_sent_are_purged_but_none_that_a_job_waits_with(
    redis_url: str, tmp_path: Path
):
    context = open_context(Settings(redis_url=redis_url, outputs_dir=tmp_path))
    kept, gone = (
        context.uploads.put("reference", sound, FACTS).id for sound in (b"wanted", b"left")
    )
    request = VoiceClone.parse({"text": "Hello.", "reference": kept})
    context.queue.submit(Submission(request, client="me", queue=keys.INTERACTIVE, estimate=1.0))
    for path in (tmp_path / ".uploads" / "reference").iterdir():
        os.utime(path, (1, 1))
    Janitor(context).tidy()
    assert context.uploads.read("reference", kept) == b"wanted"
    with pytest.raises(UnknownUpload):
        context.uploads.get("reference", gone)
    context.redis.close()


def test_what_a_pipeline_left_stays_until_its_job_is_forgotten(redis_url: str, tmp_path: Path):
    """Another job may go on with it, so its plan stays too."""
    context = open_context(Settings(redis_url=redis_url, outputs_dir=tmp_path))
    paused, ended, task = (
        _left(context, Narration.parse({"plan": _sent(context, b"paused")})),
        _left(context, Narration.parse({"plan": _sent(context, b"ended")})),
        _left(context, CustomVoice.parse({"text": "Hello."})),
    )
    context.queue.transition(paused, JobState.PAUSED)
    for record in (ended, task):
        context.queue.transition(record, JobState.CANCELLED)
    gone = _sent(context, b"nobody's")
    for path in (tmp_path / ".uploads" / "plan").iterdir():
        os.utime(path, (1, 1))
    Janitor(context).tidy()
    assert sorted(context.outputs.growing()) == sorted([paused.id, ended.id])
    for record in (paused, ended):
        assert context.uploads.holds("plan", record.request["plan"])
    assert not context.uploads.holds("plan", gone)
    context.redis.close()


def test_where_no_texts_are_kept_plans_go_once_nobody_needs_them(redis_url: str, tmp_path: Path):
    context = open_context(Settings(redis_url=redis_url, outputs_dir=tmp_path, store_text=False))
    active, done, fresh = (_sent(context, name) for name in (b"active", b"done", b"fresh"))
    sound = context.uploads.put("audio", b"sound", FACTS).id
    request = Narration.parse({"plan": active})
    context.queue.submit(Submission(request, "me", keys.BATCH, estimate=1.0))
    ago = time.time() - 700
    for path in (tmp_path / ".uploads").rglob("*"):
        if path.stem != fresh:
            os.utime(path, (ago, ago))
    Janitor(context).tidy()
    assert [context.uploads.holds("plan", plan) for plan in (active, done, fresh)] == [
        True,
        False,
        True,
    ]
    assert context.uploads.holds("audio", sound)
    context.redis.close()


def test_what_a_job_goes_on_with_stays_though_its_own_job_is_forgotten(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(janitor, "_LEFT_OVER", -1.0)
    context = open_context(Settings(redis_url=redis_url, outputs_dir=tmp_path))
    first, other = (
        _left(context, Narration.parse({"plan": _sent(context, name)})) for name in (b"a", b"b")
    )
    on = Narration.parse({"plan": first.request["plan"], "continues": first.id})
    context.queue.submit(Submission(on, "me", keys.BATCH, estimate=1.0))
    for record in (first, other):
        context.queue.transition(record, JobState.CANCELLED)
        context.redis.delete(keys.job(record.id))
    Janitor(context).tidy()
    assert context.outputs.growing() == [first.id]
    context.redis.close()


def _sent(context: Context, content: bytes) -> str:
    return context.uploads.put("plan", content, UploadFacts(task="narration")).id


def _left(context: Context, request: Declared) -> JobRecord:
    """A job whose worker has made something of it."""
    record, _ = context.queue.submit(Submission(request, "me", keys.BATCH, estimate=1.0))
    attempt = context.queue.transition(record, JobState.RUNNING)
    context.outputs.begin(record.id, attempt).append(MASTER, b"sound")
    return record


def test_more_files_than_there_is_room_for_go_though_they_are_young(redis_url: str, tmp_path: Path):
    context = open_context(Settings(redis_url=redis_url, outputs_dir=tmp_path, max_upload_mb=1))
    old, new = (
        context.uploads.put("reference", bytes([number]) * (17 << 20), FACTS).id
        for number in (0, 1)
    )
    ago = time.time() - 60
    os.utime(tmp_path / ".uploads" / "reference" / f"{old}.json", (ago, ago))
    Janitor(context).tidy()
    assert not context.uploads.holds("reference", old)
    assert context.uploads.holds("reference", new)
    context.redis.close()


def test_jobs_that_redis_has_forgotten_leave_the_list(make_stack):
    stack: Stack = make_stack(JOB_KEEP_SECONDS="60")
    forgotten = new_id()
    stack.redis().zadd(keys.JOBS, {forgotten: time.time() - 3_600})
    stack.kill_api(0)
    stack.start_api(0)
    soon(lambda: stack.redis().zscore(keys.JOBS, forgotten) is None)


def test_one_service_tidies_at_a_time_and_another_takes_over(make_stack):
    stack: Stack = make_stack(apis=2)
    holder = stack.redis().get
    soon(lambda: holder(keys.JANITOR))
    first = holder(keys.JANITOR)
    for _ in range(40):
        time.sleep(0.1)
        assert holder(keys.JANITOR) == first
    for api in (0, 1):
        stack.kill_api(api)
        stack.start_api(api)
    soon(lambda: holder(keys.JANITOR) not in (None, first))
