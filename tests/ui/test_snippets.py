"""What is shown for developers runs as it stands, and sends what the form would."""

import contextlib
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
from ui import snippets, ways
from ui.form import Form
from ui.ways import Ways, curl
from ui.ways.sent import Sent, Service, brief, file_name

pytestmark = pytest.mark.redis

WHERE = Service("http://127.0.0.1:8000")
EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))
HARD = 'It\'s “$(rm -rf /)” `id` \\ "$HOME" 🎙️\n!! -- %s\n'


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with stack.client() as client:
        yield client


def code(shown: Ways, name: str) -> str:
    return "\n".join(step.code for step in shown[name])


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def run_here(program: str, folder: Path) -> dict[str, Any]:
    """What a program knows at its end; a process of its own would take longer than its job."""
    known: dict[str, Any] = {}
    with contextlib.chdir(folder):
        exec(compile(program, "shown", "exec"), known)
    known["client"].close()
    return known


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
    shown = brief(contract, said, ())
    return Sent(contract.name, shown, files, contract.uploads(), **(about | more))


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
    job = client.submit(contract.name, said, files=files)
    client.cancel(job.id)
    shown = ways.of_request(Service(stack.url), sent(contract, snippets._unusual(form, request)))

    (tmp_path / "curl.sh").write_text(code(shown, "curl") + '\nprintf %s "$job"')
    by_curl = run(["sh", "curl.sh"], tmp_path)
    by_python = run_here(code(shown, "Python"), tmp_path)["job"].id
    by_qtts = newest_of_qtts(shown, tmp_path, client)

    for done in map(client.job, (by_curl, by_python, by_qtts)):
        assert done.state == "succeeded", done.error
        assert asked(done) == asked(job)
    made = {path.name for path in tmp_path.iterdir() if path.stat().st_size}
    assert {"live.mp3", "speech.wav"} <= made


def newest_of_qtts(shown: Ways, folder: Path, client: Client) -> str:
    """The id of the job that the last of these commands starts."""
    command, _, body = shown["qtts"][-1].code.partition("\n{")
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
    shown = ways.of_request(WHERE, Sent("custom_voice", {"text": text, "speaker": text}, {}, {}))
    spoken = {"text": text, "speaker": text}

    written = code(shown, "curl").split("\njob=")[0]
    assert json.loads(run(["sh", "-c", f'{written}\nprintf %s "$request"'], tmp_path)) == spoken

    known: dict[str, Any] = {}
    program = next(step.code for step in shown["Python"] if step.code.startswith("request ="))
    exec(compile(program, "shown", "exec"), known)
    assert known["request"] == spoken

    typed = code(shown, "qtts").replace("qtts", "printf '%s\\0'", 1)
    if "\0" not in text:
        assert text in run(["sh", "-c", typed], tmp_path).split("\0")


@pytest.mark.parametrize(
    "name", ["it's.wav", 'a";b.wav', "$(id) `id`.wav", "-x.wav", "Käse, 🎙️.wav"]
)
def test_any_name_of_a_file_is_typed_as_it_is(name: str, tmp_path: Path):
    (tmp_path / name).write_text("Rain.")
    command = f"curl -sS -F {shlex.quote(curl.part(file_name(f'/tmp/{name}')))}"
    # Nothing listens there; curl says 26 if it cannot read the file, and 7 if it could.
    done = subprocess.run(["sh", "-c", f"{command} http://127.0.0.1:9"], cwd=tmp_path, check=False)
    assert done.returncode == 7


def test_a_long_text_is_read_from_a_file(tmp_path: Path):
    text = HARD * 400
    (tmp_path / "text.txt").write_text(text)
    long = Sent("custom_voice", {"text": text, "speaker": "serena"}, {}, {})
    shown = ways.of_request(WHERE, long)

    assert all(len(code(shown, name)) < 2_000 for name in shown)
    steps = [step.code for step in shown["curl"] if "request.json" in step.code][:1]
    run(["sh", "-c", "\n".join(steps)], tmp_path)
    assert json.loads((tmp_path / "request.json").read_text()) == long.request


def test_what_the_settings_of_a_voice_would_fill_in_is_not_left_out():
    contract = CONTRACTS["custom_voice"]
    request = {"text": "One.", "speaker": "ryan", "temperature": 0.9, "top_k": 50}
    kept = {"text": "One.", "speaker": "ryan", "temperature": 0.9}
    assert brief(contract, request, {"temperature"}) == kept


def test_a_key_is_never_shown_and_always_sent():
    shown = ways.of_request(
        Service("https://speech.example", keyed=True), Sent("narration", {}, {}, {})
    )
    asking = [line for line in code(shown, "curl").splitlines() if "curl" in line]
    assert all("Bearer $API_KEY" in line for line in asking)
    assert 'os.environ["API_KEY"]' in code(shown, "Python")


def test_what_pages_look_at_is_there_for_programs(stack: Stack, tmp_path: Path):
    asked: list[tuple[str, dict[str, Any]]] = [
        ("outputs", {"q": "it's & <b>", "starred": None, "limit": 30, "tag": ["a b", "c"]}),
        ("voices", {"kind": "preset"}),
        ("jobs", {"limit": 5, "active": False}),
        ("status", {}),
    ]
    shown = [ways.of_call(Service(stack.url), call, **query) for call, query in asked]
    commands = "\necho\n".join(code(each, "curl") for each in shown)
    answers = run(["sh", "-ec", commands], tmp_path).splitlines()
    assert all(json.loads(answer) for answer in answers)
    assert len(answers) == len(asked)
    assert run([sys.executable, "-c", "\n".join(code(each, "Python") for each in shown)], tmp_path)
