"""Logs of a process of their own: `configure` changes the whole interpreter."""

import json
import subprocess
import sys

from shared.settings import ROOT
from tests.stack import clean_environment

PROGRAM = """
import logging, structlog
from shared import logs
from shared.settings import load
logs.configure(load(), "tester")
logging.getLogger("library").debug("too small")
logging.getLogger("library").info("hello %s", "world")
logging.getLogger("httpx").info("noise")
logging.getLogger("uvicorn.error").info("On %s (Press CTRL+C to quit)", "port 1")
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


def test_lines_for_machines_are_json_each():
    lines = [json.loads(line) for line in said(LOG_FORMAT="json")]
    assert [line["event"] for line in lines] == ["hello world", "On port 1", "broken"]
    assert lines[0]["level"] == "info"
    assert lines[0]["process"] == "tester"
    assert lines[0]["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_lines_for_people_end_with_what_is_said():
    lines = said()
    assert lines[0].rstrip().endswith("hello world")
    assert any("ZeroDivisionError" in line for line in lines)


def test_the_level_is_a_setting():
    assert any("too small" in line for line in said(LOG_LEVEL="debug"))
    assert not any("hello" in line for line in said(LOG_LEVEL="error"))
