"""The health check of a worker's container, against a service that runs."""

import subprocess
import sys

import pytest

from shared.settings import ROOT
from tests.stack import Stack
from tools import ports

pytestmark = pytest.mark.redis


def check(stack: Stack, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker.health"],
        cwd=ROOT,
        env=stack.environment | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_live_worker_is_healthy(stack: Stack):
    done = check(stack)

    assert (done.returncode, done.stdout) == (0, "preview: ready\n")


def test_a_worker_that_nobody_started_is_not(stack: Stack):
    done = check(stack, WORKER_NAME="gpu-9")

    assert done.returncode == 1
    assert done.stderr == "No worker gpu-9 lives on this host.\n"


def test_without_redis_one_line_says_so(stack: Stack):
    done = check(stack, REDIS_URL=f"redis://127.0.0.1:{ports.any_free()}/0")

    assert done.returncode == 1
    assert "Connection refused" in done.stderr
    assert "Traceback" not in done.stderr
