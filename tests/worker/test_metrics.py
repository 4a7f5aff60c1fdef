"""What a worker shows of the jobs that it ended, and of what it is at."""

import json
import socket
import urllib.request
from contextlib import closing
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families as read

from shared.history import End
from shared.jobs import JobRecord
from shared.readings import CacheStats, GpuReading, LoadedModel, ModelReport
from shared.settings import load
from shared.status import WorkerStatus
from tests.announcing import QWEN3
from tools import ports
from worker.metrics import Metrics

ENGINE = QWEN3.model_copy(update={"device": "NVIDIA H200", "precision": "bf16"})
STATUS = WorkerStatus(
    name="gpu-0",
    host="here",
    pid=1,
    version="1",
    started_at=0,
    told_at=0,
    engine=ENGINE,
    reason="A test asks for it.",
    ready=True,
    job=None,
    loaded={"custom-0.6B": LoadedModel(10**9, ModelReport(4.5, None, 8, "bf16"))},
    caches={"prompts": CacheStats(entries=1, nbytes=5, max_nbytes=9, hits=3, misses=2)},
    gpu=GpuReading(
        name="NVIDIA H200",
        utilization=0.5,
        memory_bytes=7,
        memory_total_bytes=9,
        temperature=61.0,
        power=300.0,
    ),
)
"""Of a worker on a card."""


def metrics(status: WorkerStatus = STATUS, **settings: Any) -> Metrics:
    return Metrics(load(device="cuda:1", **settings), lambda: status)


def record(**changes: Any) -> JobRecord:
    known = {"id": "1", "queue": "batch", "client": "somebody", "request": "{}", "seed": 1}
    told = {**known, "task": "narration", "estimate": 1, "created_at": 100.0, **changes}
    return JobRecord.model_validate(told)


def end(**changes: Any) -> End:
    known = {"task": "narration", "state": "succeeded", "engine": "qwen3", "preview": False}
    return End.model_validate({**known, "queued": 3.0, **changes})


def samples(shown: Metrics) -> dict[tuple[str, ...], float]:
    """Values by name and labels, each as `label=value`."""
    families: list[Metric] = list(read(generate_latest(shown.registry).decode()))
    return {
        (it.name, *(f"{name}={text}" for name, text in sorted(it.labels.items()))): it.value
        for family in families
        for it in family.samples
    }


def test_a_job_that_succeeded_leaves_what_the_diary_says_of_it():
    shown = metrics()
    pace = {"first_audio": 0.4, "audio": 12.5, "real_time_factor": 0.25, "characters": 180}
    shown.performed(record(), end(**pace))
    found = samples(shown)
    assert found["tts_queue_wait_seconds_sum", "queue=batch"] == 3
    assert found["tts_time_to_first_audio_seconds_bucket", "le=0.5", "task=narration"] == 1
    assert found["tts_time_to_first_audio_seconds_bucket", "le=0.3", "task=narration"] == 0
    assert found["tts_real_time_factor_sum", "task=narration"] == 0.25
    assert found["tts_audio_seconds_total", "task=narration"] == 12.5
    assert found["tts_characters_total", "task=narration"] == 180


def test_a_job_that_was_ended_is_counted_by_task_and_state_and_by_its_code():
    shown = metrics()
    late = {"code": "engine_failed"}
    shown.ends.count(record(state="failed", error=json.dumps(late), finished_at=107.5))
    found = samples(shown)
    assert found["tts_requests_total", "status=failed", "task=narration"] == 1
    assert found["tts_errors_total", "code=engine_failed"] == 1
    assert found["tts_request_duration_seconds_sum", "task=narration"] == 7.5


def test_what_a_worker_did_stands_under_the_names_of_rq_too():
    shown = metrics(worker_queues=("codec",))
    for state in ("succeeded", "succeeded", "failed", "cancelled"):
        shown.performed(record(), end(state=state))
    shown.worked(2.5)
    found, me = samples(shown), ("name=gpu-0", "queues=codec")
    assert found["rq_workers_success_total", *me] == 2
    assert found["rq_workers_failed_total", *me] == 1
    assert found["rq_workers_working_time_total", *me] == 2.5
    assert ("tts_real_time_factor_count", "task=narration") not in found


def test_what_is_not_declared_has_one_name_in_labels():
    shown = metrics()
    for word in ("made-up-1", "made-up-2"):
        made_up = record(task=word, queue=word, state="failed", error=json.dumps({"code": word}))
        shown.ends.count(made_up)
        shown.performed(made_up, end(task=word, state="failed", code=word))
    found = samples(shown)
    assert found["tts_requests_total", "status=failed", "task=other"] == 2
    assert found["tts_errors_total", "code=other"] == 2
    assert not [key for key in found if "made-up" in str(key)]


def test_what_it_is_at_is_asked_for_at_each_scrape():
    found = samples(metrics())
    card = ("gpu=1", "name=NVIDIA H200")
    assert found["gpu_utilization_ratio", *card] == 0.5
    assert found["gpu_memory_used_bytes", *card] == 7
    assert found["tts_model_loaded", "model=custom-0.6B"] == 1
    assert found["tts_model_load_seconds", "model=custom-0.6B"] == 4.5
    assert found["tts_cache_hits_total", "cache=prompts"] == 3
    assert found["tts_cache_misses_total", "cache=prompts"] == 2


def test_a_worker_without_a_card_says_nothing_of_one():
    found = samples(metrics(STATUS.model_copy(update={"gpu": None})))
    assert not [key for key in found if key[0].startswith("gpu_")]


def test_its_port_answers_until_it_is_closed():
    port = ports.any_free()
    close = metrics(worker_metrics_port=port).serve()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"tts_model_loaded" in answer.read()
    close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)


def test_a_port_that_is_taken_costs_no_speech(caplog: pytest.LogCaptureFixture):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        metrics(worker_metrics_port=taken.getsockname()[1]).serve()()
    assert "No metrics are shown" in caplog.text


def test_nothing_listens_unless_a_port_is_set(caplog: pytest.LogCaptureFixture):
    metrics().serve()()
    assert not caplog.text
