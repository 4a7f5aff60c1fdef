"""What the doctor sees around the service."""

from pathlib import Path

import pytest

from shared.settings import load
from tools.doctor import surroundings


@pytest.mark.parametrize(
    ("status", "info", "complaint", "words"),
    [
        (0, '{"Runtimes": {"nvidia": {}, "runc": {}}}', "", "with the NVIDIA runtime"),
        (0, '{"Runtimes": {"runc": {}}}', "", "without the NVIDIA runtime"),
        (1, "", "Cannot connect to the Docker daemon", "does not answer"),
        (0, '{"ServerErrors": []}', "Cannot connect to the Docker daemon", "does not answer"),
    ],
)
def test_a_container_engine_is_judged_by_what_it_says(
    status: int, info: str, complaint: str, words: str
):
    assert words in surroundings.engine_of("docker", status, info, complaint)[1]


def test_a_machine_without_containers_is_not_ill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = surroundings.containers()
    assert finding.verdict == "note"
    assert not finding.advice


def test_a_password_in_redis_url_is_not_shown():
    finding = surroundings.redis(load(redis_url="redis://:secret@db:6379/0"))
    assert "secret" not in finding.fact
    assert "db:6379" in finding.fact


def test_the_embedded_server_is_named():
    finding = surroundings.redis(load(redis_url=""))
    assert finding.verdict == "good"
    assert "embedded" in finding.fact
