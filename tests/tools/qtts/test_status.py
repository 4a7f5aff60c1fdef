"""`qtts status` and `qtts cache clear`."""

import json

from shared.readings import CacheStats, GpuReading, LoadedModel, ModelReport
from shared.status import Finding, WorkerStatus
from shared.stores.listing import Usage
from shared.views import QueueStatus, Status
from tests.announcing import QWEN3
from tests.tools.qtts.conftest import Type
from tools.qtts.status import lines

ENGINE = QWEN3.model_copy(update={"device": "NVIDIA H200", "precision": "bf16"})
WORKER = WorkerStatus(
    name="gpu-0",
    host="here",
    pid=1,
    version="",
    started_at=0,
    engine=ENGINE,
    reason="",
    ready=True,
    told_at=0,
    job="j",
    loaded={
        "0.6B-Base": LoadedModel(10**9, ModelReport(4.2, 2 * 10**9, 32, "bf16", graphs="captured")),
    },
    caches={"prompts": CacheStats(3, 10**6, 10**9, 3, 1), "codes": CacheStats(0, 0, 0, 0, 0)},
    gpu=GpuReading(
        name="NVIDIA H200",
        utilization=0.87,
        memory_bytes=3 * 10**9,
        memory_total_bytes=150 * 10**9,
        temperature=64,
        power=401,
    ),
)


def text(*workers: WorkerStatus) -> str:
    queue = QueueStatus(waiting={"interactive": 2}, running=1, limit=200, pace=1)
    disk = Usage(outputs=5, bytes=10**6, trash=0, trash_bytes=0, free_bytes=10**9)
    found = Status(version="", workers=list(workers), queue=queue, listeners=0, outputs=disk)
    return "\n".join(lines(found))


def test_a_worker_with_a_card_takes_a_line_for_each():
    assert text(WORKER).splitlines() == [
        "gpu-0 on here: qwen3 on NVIDIA H200, speaking",
        "  GPU: NVIDIA H200, 87% busy, 3.0 GB of 150.0 GB, 64 °C, 401 W",
        "  0.6B-Base: 1.0 GB, bf16, loaded in 4.2 s, peak 2.0 GB, 32 at once, captured",
        "  caches: prompts 3 (1.0 MB, 75% found); codes 0 (0 bytes)",
        "queue: 2 waiting, 1 running",
        "outputs: 5, 1.0 MB; 1.0 GB free on disk",
    ]


def test_what_the_card_does_not_tell_is_left_out():
    quiet = WORKER.model_copy(update={"gpu": GpuReading(name="Quiet")})
    assert "  GPU: Quiet\n" in text(quiet)


def test_a_service_without_a_worker_says_so():
    assert text().startswith("No worker is alive.")


def test_a_running_service_is_told_of(type_in: Type):
    said = type_in("status").stdout
    assert "preview on cpu" in said
    assert "% of a core" in said
    assert "  GPU: " not in said


def test_scripts_get_the_whole_status(type_in: Type):
    found = json.loads(type_in("status", "--json-output").stdout)
    assert found["workers"][0]["process"]["memory_bytes"] > 0
    assert found["workers"][0]["gpu"] is None


def test_caches_are_emptied(type_in: Type):
    done = type_in("cache", "clear")
    assert done.exit_code == 0
    assert "gpu-0 will empty the caches" in done.stderr


def test_what_is_amiss_is_told_last_with_its_advice():
    ill = [Finding("disk", "note", "1 GB free.", "Free some."), Finding("GPU", "note", "none")]
    last = text(WORKER.model_copy(update={"findings": ill})).splitlines()[-1]
    assert last == "gpu-0: warning: disk: 1 GB free. Free some."
