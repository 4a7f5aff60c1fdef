"""Logs of a process of their own: `configure` changes the whole interpreter."""

import json
import subprocess
import sys

import pytest

from shared import logs
from shared.settings import ROOT
from tests.stack import clean_environment

PROGRAM = """
import contextvars, logging, structlog, threading
from shared import logs
from shared.settings import load
logs.configure(load(), "tester")
logging.getLogger("library").debug("too small")
logging.getLogger("library").info("hello %s", "world")
logging.getLogger("httpx").info("noise")
logging.getLogger("uvicorn.error").info("On %s (Press CTRL+C to quit)", "port 1")
with logs.about(request_id="r-1"):
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=[logs.learn], kwargs={"job_id": "j-1"})
    thread.start(), thread.join()
    words = logs.facts(**logs.gist("Nobody must read this."))
    logging.getLogger("library").info("Grüße", extra=words)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("broken")
"""


def said(**settings: str) -> list[str]:
    """The lines on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=clean_environment() | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.fixture(scope="module")
def written() -> list[str]:
    """The lines for machines."""
    return said(LOG_FORMAT="json")


def test_lines_for_machines_are_json_each(written: list[str]):
    lines = [json.loads(line) for line in written]
    assert [line["event"] for line in lines] == ["hello world", "On port 1", "Grüße", "broken"]
    assert lines[0]["level"] == "info"
    assert lines[0]["process"] == "tester"
    assert lines[0]["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in lines[3]["exception"]


def test_lines_carry_what_they_are_about_also_what_a_thread_has_learnt(written: list[str]):
    before, _, within, after = map(json.loads, written)
    assert (within["request_id"], within["job_id"]) == ("r-1", "j-1")
    assert not {"request_id", "job_id"} & (before.keys() | after.keys())


def test_letters_of_any_script_stand_as_they_are_and_texts_not_at_all(written: list[str]):
    assert "Grüße" in written[2]
    assert json.loads(written[2])["characters"] == 22
    assert "Nobody" not in "".join(written)


def test_equal_texts_can_be_told_from_others():
    assert logs.gist("one", "two") == logs.gist("one", "two")
    assert logs.gist("one", "two") != logs.gist("onet", "wo")


def test_lines_for_people_end_with_what_is_said():
    lines = said()
    assert lines[0].rstrip().endswith("hello world")
    assert any("ZeroDivisionError" in line for line in lines)


def test_the_level_is_a_setting():
    assert any("too small" in line for line in said(LOG_LEVEL="debug"))
    assert not any("hello" in line for line in said(LOG_LEVEL="error"))
