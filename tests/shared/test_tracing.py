"""Spans: where nothing is traced there are none, and elsewhere one trace leads through."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import tracing
from shared.errors import QueueFull
from shared.settings import ROOT
from tests.stack import clean_environment

REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OFF = """
import sys
from shared import tracing
tracing.configure("api")
with tracing.span("submit", {"a": 1}) as span:
    span.tell({"b": 2})
    tracing.past("queue", 0.0, 1.0)
    print(repr(tracing.carried()), [name for name in sys.modules if "opentelemetry" in name])
"""


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was traced."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracing.use(provider)
    yield kept
    tracing.use(None)


def named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


def parent_of(span: ReadableSpan) -> int:
    assert span.parent
    return span.parent.span_id


def id_of(span: ReadableSpan) -> int:
    assert span.context
    return span.context.span_id


def test_where_nobody_asks_for_traces_nothing_is_even_imported():
    done = subprocess.run(
        [sys.executable, "-c", OFF],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "'' []\n"


def test_a_trace_goes_on_where_its_job_is_performed(spans: InMemorySpanExporter):
    with tracing.span("POST /v1/jobs", parent=REMOTE, serves=True), tracing.span("submit"):
        carried = tracing.carried()
    tracing.past("queue", 100.0, 101.5, {"tts.task": "custom_voice"}, parent=carried)
    found = named(spans)
    assert f"{parent_of(found['POST /v1/jobs']):016x}" == REMOTE.split("-")[2]
    assert parent_of(found["submit"]) == id_of(found["POST /v1/jobs"])
    assert parent_of(found["queue"]) == id_of(found["submit"])
    assert found["queue"].start_time == 100_000_000_000
    assert found["queue"].end_time == 101_500_000_000


def test_a_fault_leaves_its_code_and_not_its_words(spans: InMemorySpanExporter):
    with pytest.raises(QueueFull), tracing.span("submit"):
        raise QueueFull("Nobody must read this.")
    submit = named(spans)["submit"]
    assert submit.status.description == "queue_full"
    assert not submit.events
    assert "Nobody" not in submit.to_json()
