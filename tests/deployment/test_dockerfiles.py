"""The Dockerfiles, as far as they can be judged without an engine."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.deployment.dockerfile import NAMES, ROOT, context, last_stage, one, read
from tests.stack import Stack
from tools import ports

both = pytest.mark.parametrize("name", NAMES)
PYTHON = re.compile(r"python:3\.\d+-slim-[a-z]+")


@both
def test_every_base_image_is_a_pinned_slim_python(name: str):
    bases = {found.words[0] for found in read(name) if found.verb == "FROM"}
    (default,) = [found.rest for found in read(name) if found.rest.startswith("PYTHON_IMAGE=")]

    assert bases == {"${PYTHON_IMAGE}"}
    assert PYTHON.fullmatch(default.removeprefix("PYTHON_IMAGE="))


@both
def test_the_image_runs_as_the_numbered_user_that_it_makes(name: str):
    uid, _, gid = one(name, "USER").rest.partition(":")
    (made,) = [found.rest for found in last_stage(name) if "useradd" in found.rest]

    assert uid == gid
    assert int(uid) > 0
    assert f"--uid {uid} " in made


@both
def test_the_image_has_a_health_check_a_stop_signal_and_a_command_in_exec_form(name: str):
    assert one(name, "HEALTHCHECK").command[0] == "python"
    assert one(name, "STOPSIGNAL").rest == "SIGTERM"
    assert one(name, "CMD").command


@both
def test_every_module_that_the_image_starts_exists(name: str):
    started = " ".join([*one(name, "CMD").command, *one(name, "HEALTHCHECK").command])

    assert all(find_spec(module) for module in re.findall(r"-m ([\w.]+)", started))


@both
def test_what_is_copied_exists_and_is_let_through(name: str):
    copied = [found for found in read(name) if found.verb == "COPY" and "--from" not in found.rest]
    sources = {source for found in copied for source in found.words[:-1]}

    assert sources
    for source in sources - {"."}:
        assert (ROOT / source).exists()
        assert Path(source).parts[0] in context()


def test_licences_are_let_through_and_nothing_secret_or_heavy_is():
    assert {"LICENSE", "NOTICE", "constraints.txt"} <= context()
    assert not context() & {".env", ".git", ".venv", "models", "voices", "outputs", "tests"}


@both
def test_the_image_says_what_licences_it_holds(name: str):
    label = one(name, "LABEL").rest

    assert "org.opencontainers.image.title=" in label
    assert "Apache-2.0 AND GPL-3.0-or-later" in label


def test_the_notice_offers_the_sources_of_an_image():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")

    assert "Dockerfile.api" in notice
    assert "Dockerfile.worker" in notice


@both
def test_nothing_is_fetched_but_by_the_one_installer(name: str):
    runs = [found.rest for found in read(name) if found.verb == "RUN"]

    assert not [found for found in read(name) if found.verb == "ADD"]
    assert not [run for run in runs if re.search(r"\b(apt|apt-get|curl|wget|pip|sudo)\b", run)]
    assert len([run for run in runs if "tools/install.py" in run]) == 1


@both
def test_no_setting_and_no_secret_is_baked_in(name: str):
    baked = " ".join(found.rest for found in read(name) if found.verb in ("ENV", "ARG"))
    names = set(re.findall(r"([A-Z_]+)=", baked))

    assert not names & {field.upper() for field in Settings.model_fields}
    assert not [name for name in names if re.search("KEY|TOKEN|SECRET|PASSWORD", name)]


def test_the_worker_takes_a_torch_with_code_for_turing_unless_told_otherwise():
    (default,) = [
        found.rest for found in read(NAMES[1]) if found.rest.startswith("TORCH_INDEX_URL=")
    ]

    # Both have code for sm_75; the CPU's build, the other one of this torch that we name, has none.
    assert default.endswith(("/cu126", "/cu130"))


def test_the_health_check_of_the_api_tells_a_live_one_from_none(stack: Stack):
    _, *check = one("Dockerfile.api", "HEALTHCHECK").command

    def healthy(port: int) -> bool:
        environment = {**os.environ, "PORT": str(port), "http_proxy": "http://127.0.0.1:1"}
        command = [sys.executable, *check]
        return not subprocess.run(
            command, env=environment, capture_output=True, check=False
        ).returncode

    assert healthy(int(stack.url.rpartition(":")[2]))
    assert not healthy(ports.any_free())
