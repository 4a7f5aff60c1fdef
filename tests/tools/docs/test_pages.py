"""What the code declares is documented, and a page that has drifted is found."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import SpeechError
from shared.requests import CONTRACTS
from shared.requests.script import Script
from shared.settings import ROOT, Settings
from tools.docs import configuration, errors, routes, tasks


def below(kind: type[SpeechError]) -> Iterator[type[SpeechError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return routes.application().openapi()


def test_the_pages_are_those_that_the_code_would_write():
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_is_documented():
    page, summary = configuration.page(), configuration.summary()
    rows = {name: f"| `{name}` | `{name.upper()}` |" for name in Settings.model_fields}

    assert {name for name, row in rows.items() if row not in page} == set()
    assert {name for name in rows if f"| `{name.upper()}` |" not in summary} == set()


def test_every_setting_says_what_it_means():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_error_that_a_client_can_meet_is_documented():
    for home in ("shared", "api", "worker"):
        package = importlib.import_module(home)
        for module in pkgutil.walk_packages(package.__path__, f"{home}."):
            if not module.name.startswith("worker.engine.stock") and "__main__" not in module.name:
                importlib.import_module(module.name)
    served = [kind for kind in below(SpeechError) if kind.__module__.split(".")[0] != "tools"]

    page = errors.page()

    assert {kind.__name__ for kind in served if f"`{kind.__name__}`" not in page} == set()


def test_every_error_says_what_it_means():
    assert [kind.__name__ for kind in errors.kinds() if not kind.__doc__] == []


def test_codes_are_told_apart():
    codes = [kind.code for kind in errors.kinds()]

    assert {code for code in codes if codes.count(code) > 1} == set()


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_task_is_documented_field_by_field(name: str):
    section = tasks.section(CONTRACTS[name])

    assert f"`{name}`" in section
    assert {
        field for field in CONTRACTS[name].model_fields if f"| `{field}` |" not in section
    } == set()


def test_a_pipeline_is_shown_with_a_file_its_plan_and_its_command():
    section = tasks.section(Script)

    assert "cat > market.txt <<'END'\nNARRATOR: The market closes at dusk.\n" in section
    assert "curl -sf 'http://127.0.0.1:8000/v1/jobs/script?plan=1'" in section
    assert "-F source=@market.txt" in section
    assert "qtts plan script --source market.txt" in section
    assert """--cast 'WREN={"voice": "aiden", "instruct": "wary"}'""" in section
    assert "qtts run script --plan plan.json -o market.wav --all market" in section


@pytest.mark.parametrize("heading", ["## Role", "## Pauses"])
def test_what_fields_refer_to_is_documented_once(heading: str):
    assert tasks.page().count(f"{heading}\n") == 1


def test_every_route_is_documented(openapi: dict[str, Any]):
    page = routes.page()

    for path, methods in openapi["paths"].items():
        for method in methods:
            assert f"| `{method.upper()} {path}` |" in page


def test_every_route_is_explained_with_an_example(openapi: dict[str, Any]):
    pages = {*(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "http.md"}
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    forms = {path: re.sub(r"\\{\w+\\}", r"[^/\\s?]+", re.escape(path)) for path in openapi["paths"]}

    assert [path for path, form in forms.items() if not re.search(form, text)] == []


def test_every_websocket_is_documented():
    paths = {route.path for route in routes.sockets()}

    assert {"/v1/stream", "/v1/jobs/{id}/stream", "/v1/live"} <= paths
    assert all(f"`WS {path}`" in routes.page() for path in paths)
