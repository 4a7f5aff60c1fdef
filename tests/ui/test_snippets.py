"""What is shown for developers runs as it stands, and sends what the form would."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.client import Client
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.settings import ROOT
from tests.stack import Stack
from tests.ui.conftest import built
from tools.qtts import qtts
from ui import snippets
from ui.form import Form
from ui.snippets import Sent, Service, Ways

pytestmark = pytest.mark.redis

WHERE = Service("http://127.0.0.1:8000")
EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
HARD = 'It\'s “$(rm -rf /)” `id` \\ "$HOME" 🎙️\n!! -- %s\n'


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with stack.client() as client:
        yield client


def code(ways: Ways, name: str) -> str:
    return "\n".join(step.code for step in ways[name])


def run(command: list[str], folder: Path, stack: Stack | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=(stack.environment if stack else {})
        | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def form_of(contract: type[Declared]) -> Form:
    def place() -> Form:
        with gr.Blocks():
            form = Form(contract)
            form.rest()
        return form

    return built(place)


def filled(form: Form, contract: type[Declared]) -> list[Any]:
    """What the inputs hold when the page has opened and the example's files were put in."""
    files = {name: str(ROOT / path) for name, path in contract.example_files.items()}
    values = {name: getattr(form.widgets[name], "value", None) for name in form.widgets}
    values |= dict.fromkeys(form.of_shape("preset"))
    return [*(values | files).values(), *({} for _ in form.slots)]


def sent(contract: type[Declared], request: dict[str, Any], **more: Any) -> Sent:
    files = {name: Path(path).name for name, path in contract.example_files.items()}
    said = {name: value for name, value in request.items() if name not in files}
    about = {"planned": contract.kind == "pipeline", "codes": "codes.npz" in contract.artifacts}
    brief = snippets.brief(contract, said, ())
    return Sent(contract.name, brief, files, contract.uploads(), **(about | more))


def asked(job: JobView) -> dict[str, Any]:
    """The request of a job, but for the seed that was drawn and the like job before it."""
    drawn = ("seed", "continues")
    return {name: value for name, value in job.request.items() if name not in drawn}


@EVERY
def test_what_is_shown_makes_the_request_that_the_form_makes(
    contract: type[Declared], stack: Stack, client: Client, tmp_path: Path
):
    for path in contract.example_files.values():
        shutil.copy(ROOT / path, tmp_path)
    form = form_of(contract)
    request = form.read(filled(form, contract))
    files = {name: Path(it) for name, it in request.items() if isinstance(it, Path)}
    said = {name: value for name, value in request.items() if name not in files}
    expected = asked(client.wait(client.submit(contract.name, said, files=files).id))
    shown = snippets._unusual(form, request)
    ways = snippets.ways(Service(stack.url), sent(contract, shown))

    (tmp_path / "curl.sh").write_text(code(ways, "curl") + '\nprintf %s "$job"')
    (tmp_path / "program.py").write_text(code(ways, "Python") + "\nprint(job.id)")
    by_curl = run(["sh", "curl.sh"], tmp_path, stack)
    by_python = run([sys.executable, "program.py"], tmp_path, stack).split()[-1]
    by_qtts = newest_of_qtts(ways, tmp_path, client)

    for job in map(client.job, (by_curl, by_python, by_qtts)):
        assert job.state == "succeeded", job.error
        assert asked(job) == expected
    made = {path.name for path in tmp_path.iterdir() if path.stat().st_size}
    assert {"live.mp3", "speech.wav"} <= made


def newest_of_qtts(ways: Ways, folder: Path, client: Client) -> str:
    """The id of the job that the last of these commands starts."""
    command, _, body = ways["qtts"][-1].code.partition("\n{")
    words = shlex.split(command.removesuffix(" <<'END'").replace("\\\n", " "))[1:]
    words = [str(folder / word) if (folder / word).is_file() else word for word in words]
    words[words.index("-o") + 1] = str(folder / words[words.index("-o") + 1])
    done = CliRunner().invoke(qtts, words, input="{" + body.removesuffix("END") if body else None)
    assert done.exit_code == 0, done.output
    return client.jobs(limit=1).items[0].id


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.just(HARD))
def test_any_text_reaches_the_service_as_it_is(tmp_path: Path, text: str):
    ways = snippets.ways(WHERE, Sent("custom_voice", {"text": text, "speaker": text}, {}, {}))
    spoken = {"text": text, "speaker": text}

    curl = code(ways, "curl").split("\njob=")[0]
    assert json.loads(run(["sh", "-c", f'{curl}\nprintf %s "$request"'], tmp_path)) == spoken

    known: dict[str, Any] = {}
    program = next(step.code for step in ways["Python"] if step.code.startswith("request ="))
    exec(compile(program, "shown", "exec"), known)
    assert known["request"] == spoken

    qtts = code(ways, "qtts").replace("qtts", "printf '%s\\0'", 1)
    if "\0" not in text:
        assert text in run(["sh", "-c", qtts], tmp_path).split("\0")


@pytest.mark.parametrize(
    "name", ["it's.wav", 'a";b.wav', "$(id) `id`.wav", "-x.wav", "Käse, 🎙️.wav"]
)
def test_any_name_of_a_file_is_typed_as_it_is(name: str, tmp_path: Path):
    (tmp_path / name).write_text("Rain.")
    command = f"curl -sS -F {shlex.quote(snippets._part(snippets._name(f'/tmp/{name}')))}"
    # Nothing listens there; curl says 26 if it cannot read the file, and 7 if it could.
    done = subprocess.run(["sh", "-c", f"{command} http://127.0.0.1:9"], cwd=tmp_path, check=False)
    assert done.returncode == 7


def test_a_long_text_is_read_from_a_file(tmp_path: Path):
    text = HARD * 400
    (tmp_path / "text.txt").write_text(text)
    long = Sent("custom_voice", {"text": text, "speaker": "serena"}, {}, {})
    ways = snippets.ways(WHERE, long)

    assert all(len(code(ways, name)) < 2_000 for name in ways)
    steps = [step.code for step in ways["curl"] if "request.json" in step.code][:1]
    run(["sh", "-c", "\n".join(steps)], tmp_path)
    assert json.loads((tmp_path / "request.json").read_text()) == long.request


def test_what_the_settings_of_a_voice_would_fill_in_is_not_left_out():
    contract = CONTRACTS["custom_voice"]
    request = {"text": "One.", "speaker": "ryan", "temperature": 0.9, "top_k": 50}
    kept = {"text": "One.", "speaker": "ryan", "temperature": 0.9}
    assert snippets.brief(contract, request, {"temperature"}) == kept


def test_a_key_is_never_shown_and_always_sent():
    shown = snippets.ways(
        Service("https://speech.example", keyed=True), Sent("narration", {}, {}, {})
    )
    asking = [line for line in code(shown, "curl").splitlines() if "curl" in line]
    assert all("Bearer $API_KEY" in line for line in asking)
    assert 'os.environ["API_KEY"]' in code(shown, "Python")


@pytest.mark.parametrize(
    ("call", "query"),
    [
        ("outputs", {"q": "it's & <b>", "starred": None, "limit": 30}),
        ("voices", {"kind": "preset"}),
        ("jobs", {"limit": 5}),
        ("status", {}),
        ("emotions", {}),
    ],
)
def test_what_a_page_looks_at_is_there_for_programs(
    call: str, query: dict[str, Any], stack: Stack, tmp_path: Path
):
    ways = snippets.of_call(Service(stack.url), call, **query)
    assert json.loads(run(["sh", "-c", code(ways, "curl")], tmp_path, stack))
    assert run([sys.executable, "-c", code(ways, "Python")], tmp_path, stack)
