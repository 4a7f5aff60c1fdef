"""The supervisor, with real processes in place of the service's."""

import io
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from tests.processes import alive
from tools.child import Part, describe
from tools.screen import Screen, rotate
from tools.supervisor import Supervisor

SLEEP = "import time; time.sleep(600)"
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
PARENT = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
{DEAF}
"""


def part(name: str, code: str, **fields: object) -> Part:
    return Part(name, (sys.executable, "-c", code), **fields)  # pyright: ignore[reportArgumentType]


class Stage:
    """A supervisor whose terminal is a text."""

    def __init__(self, folder: Path, *parts: Part) -> None:
        self.folder = folder
        self._terminal = io.StringIO()
        self._screen = Screen(folder / "logs", Console(file=self._terminal, width=200))
        self.supervisor = Supervisor(parts, self._screen)

    def run_until(self, satisfied: Callable[[], bool], signals: int = 1) -> int:
        """Run, and press Ctrl-C when `satisfied`."""

        def look() -> None:
            if satisfied():
                for _ in range(signals):
                    os.kill(os.getpid(), signal.SIGINT)

        try:
            return self.supervisor.run(look)
        finally:
            self._screen.close()

    def pid(self, number: int = 0) -> int | None:
        return self.supervisor.children[number].pid

    def said(self, name: str) -> str:
        log = self.folder / "logs" / f"{name}.log"
        return log.read_text() if log.exists() else ""

    @property
    def shown(self) -> str:
        return self._terminal.getvalue()


def test_ctrl_c_ends_every_part_in_order_of_need(tmp_path: Path):
    stage = Stage(tmp_path, part("first", SLEEP), part("second", SLEEP))
    seen: list[psutil.Process] = []

    def both_run() -> bool:
        pids = [stage.pid(0), stage.pid(1)]
        seen.extend(psutil.Process(pid) for pid in pids if pid)
        return all(pids)

    assert stage.run_until(both_run) == 0
    assert seen
    assert not alive(seen)


def test_what_a_part_says_is_shown_with_its_name_and_kept(tmp_path: Path):
    stage = Stage(tmp_path, part("parrot", f"print('hello', flush=True); {SLEEP}"))
    stage.run_until(lambda: "hello" in stage.said("parrot"))
    assert "parrot │ hello" in stage.shown


def test_a_quiet_part_is_heard_only_when_it_dies(tmp_path: Path):
    stage = Stage(tmp_path, part("mouse", "print('one'); print('two')", quiet=True))
    stage.run_until(lambda: stage.supervisor.children[0].deaths > 0)
    assert "one" in stage.said("mouse")
    assert "one" not in stage.shown
    assert "mouse │ two" in stage.shown


def test_a_part_that_dies_is_started_again_later_each_time(tmp_path: Path):
    stage = Stage(tmp_path, part("mayfly", "import sys; sys.exit(3)"))
    stage.run_until(lambda: stage.supervisor.children[0].deaths == 3)
    assert "ended with exit status 3: it starts again in 0.1 s" in stage.shown
    assert "ended with exit status 3: it starts again in 0.4 s" in stage.shown


def test_a_part_that_was_killed_is_started_again_under_a_new_id(tmp_path: Path):
    stage = Stage(tmp_path, part("cat", SLEEP))
    pids: list[int] = []

    def killed_and_back() -> bool:
        pid = stage.pid()
        if pid and not pids:
            os.kill(pid, signal.SIGKILL)
        if pid and pid not in pids:
            pids.append(pid)
        return len(pids) == 2

    stage.run_until(killed_and_back)
    assert "was ended by SIGKILL" in stage.shown


def test_a_part_whose_settings_cannot_be_met_stops_everything(tmp_path: Path):
    stage = Stage(tmp_path, part("other", SLEEP), part("wrong", "import sys; sys.exit(2)"))
    assert stage.run_until(lambda: False) == 2
    assert "wrong │ ended over its settings: it is not started again" in stage.shown
    assert stage.pid(0) is None


def test_a_part_that_does_not_listen_is_ended_by_force_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stage = Stage(tmp_path, part("deaf", PARENT, patience=0.1))
    family: list[psutil.Process] = []

    def has_child() -> bool:
        pid = stage.pid()
        if not pid or "up" not in stage.said("deaf"):
            return False
        family.extend([psutil.Process(pid), *psutil.Process(pid).children()])
        return True

    stage.run_until(has_child)
    assert "ended by force" in stage.shown
    assert len(family) == 2
    assert not alive(family)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path):
    stage = Stage(tmp_path, part("deaf", DEAF, patience=600))
    stage.run_until(lambda: "up" in stage.said("deaf"), signals=2)
    assert "Everything has ended" in stage.shown


def test_what_somebody_else_runs_is_not_started(tmp_path: Path):
    stage = Stage(tmp_path, part("mine", SLEEP, provided=lambda: True))
    stage.run_until(lambda: stage.supervisor.children[0].state == "shared")
    assert stage.pid() is None


def test_what_somebody_else_ran_is_started_when_they_stop(tmp_path: Path):
    answers = [True, False]
    stage = Stage(tmp_path, part("mine", SLEEP, provided=lambda: answers.pop(0)))
    began = time.monotonic()
    stage.run_until(lambda: stage.pid() is not None)
    assert not answers
    assert time.monotonic() > began


def test_a_log_that_has_grown_large_is_put_aside(tmp_path: Path):
    log = tmp_path / "api.log"
    log.write_text("old")
    rotate(log, large=2)
    assert not log.exists()
    assert (tmp_path / "api.log.1").read_text() == "old"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with exit status 0"),
        (-9, "was ended by SIGKILL"),
        (-99, "was ended by signal 99"),
    ],
)
def test_an_exit_status_is_said_in_words(status: int, words: str):
    assert describe(status) == words
