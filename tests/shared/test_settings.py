"""The four layers, each tested in a copy of the module beside configuration files of the test's."""

import importlib.util
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import SecretStr

from shared import settings
from shared.errors import ConfigurationError
from tests.stack import clean_environment

PROFILES = ["cpu", "datacenter", "gtx1660ti"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that holds the top-level packages, with a `default.yaml` that says nothing."""
    (tmp_path / "shared").mkdir()
    shutil.copy(settings.__file__, tmp_path / "shared")
    shutil.copytree(settings.CONFIGS, tmp_path / "configs")
    (tmp_path / "configs" / "default.yaml").write_text("{}\n")
    return tmp_path


@pytest.fixture
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of that folder, in an environment without settings."""
    monkeypatch.setattr("os.environ", clean_environment())
    spec = importlib.util.spec_from_file_location("settings_here", root / "shared" / "settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def write(root: Path) -> Callable[[str, str], Path]:
    """Write a configuration file: `write("cpu.yaml", "port: 1")`, `write(".env", "PORT=1")`."""

    def write(name: str, text: str) -> Path:
        path = root / name if name == ".env" else root / "configs" / name
        path.write_text(text + "\n")
        return path

    return write


def complaint(here: ModuleType, arguments: list[str] | None = None) -> str:
    """What `load` says is wrong."""
    with pytest.raises(ConfigurationError) as error:
        here.load(arguments or [])
    return error.value.message


# --- precedence ---


def test_without_any_layer_the_class_decides(here):
    assert here.load().port == 8000


def test_default_yaml_overrides_the_class(here, write):
    write("default.yaml", "port: 8001")
    assert here.load().port == 8001


def test_the_profile_overrides_default_yaml(here, write, monkeypatch):
    write("default.yaml", "port: 8001\ngradio_port: 7001")
    write("cpu.yaml", "port: 8002")
    monkeypatch.setenv("PROFILE", "cpu")
    assert (here.load().port, here.load().gradio_port) == (8002, 7001)


def test_dotenv_overrides_the_profile(here, write, monkeypatch):
    write("cpu.yaml", "port: 8002")
    write(".env", "PORT=8003")
    monkeypatch.setenv("PROFILE", "cpu")
    assert here.load().port == 8003


def test_the_environment_overrides_dotenv(here, write, monkeypatch):
    write(".env", "PORT=8003")
    monkeypatch.setenv("PORT", "8004")
    assert here.load().port == 8004


def test_the_command_line_overrides_the_environment(here, monkeypatch):
    monkeypatch.setenv("PORT", "8004")
    assert here.load(["--port", "8005"]).port == 8005


def test_an_empty_environment_variable_says_nothing(here, write, monkeypatch):
    write("default.yaml", "port: 8001")
    monkeypatch.setenv("PORT", "")
    assert here.load().port == 8001


@pytest.mark.parametrize("layer", ["default.yaml", ".env", "environment", "command line"])
def test_every_layer_can_name_the_profile(here, write, monkeypatch, layer):
    write("cpu.yaml", "port: 8002")
    arguments: list[str] = []
    match layer:
        case "default.yaml":
            write("default.yaml", "profile: cpu\nport: 8001")
        case ".env":
            write(".env", "PROFILE=cpu")
        case "environment":
            monkeypatch.setenv("PROFILE", "cpu")
        case _:
            arguments = ["--profile", "cpu"]
    assert here.load(arguments).port == 8002
    assert here.load(arguments).profile == "cpu"


def test_the_stronger_layer_chooses_the_profile(here, write, monkeypatch):
    write("cpu.yaml", "port: 8002")
    write("datacenter.yaml", "port: 8003")
    monkeypatch.setenv("PROFILE", "cpu")
    assert here.load(["--profile=datacenter"]).port == 8003


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_of_the_project_is_valid(here, profile):
    assert here.load(["--profile", profile]).profile == profile


def test_the_defaults_of_the_project_are_valid(here, root):
    shutil.copy(settings.DEFAULTS, root / "configs" / "default.yaml")
    assert here.load().port == 8000


def test_a_bare_off_in_yaml_is_a_word(here, write):
    write("default.yaml", "graphs: off")
    assert here.load().graphs == "off"


# --- what is wrong is named with its place and the choices ---


def test_a_wrong_value_in_default_yaml_is_named(here, write):
    path = write("default.yaml", "log_level: loud")
    said = complaint(here)
    assert str(path) in said
    assert "'log_level'" in said
    assert "'loud'" in said
    assert "Choose from: debug, info, warning, error" in said


def test_a_wrong_value_in_a_profile_is_named(here, write, monkeypatch):
    path = write("cpu.yaml", "engine: fast")
    monkeypatch.setenv("PROFILE", "cpu")
    said = complaint(here)
    assert str(path) in said
    assert "'engine'" in said
    assert "Choose from: auto, " in said


def test_a_wrong_value_in_dotenv_is_named(here, write):
    path = write(".env", "HUB=github")
    said = complaint(here)
    assert str(path) in said
    assert "'hub'" in said
    assert "Choose from: huggingface, modelscope" in said


def test_a_wrong_value_in_the_environment_is_named(here, monkeypatch):
    monkeypatch.setenv("PRECISION", "int8")
    said = complaint(here)
    assert "The environment sets 'precision' to 'int8'" in said
    assert "Choose from: auto, fp32, bf16, fp16" in said


def test_a_wrong_value_on_the_command_line_is_named(here, monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "json")
    said = complaint(here, ["--log-format", "xml"])
    assert "The command line sets 'log_format' to 'xml'" in said
    assert "Choose from: console, json" in said


@pytest.mark.parametrize("name", ["default.yaml", "cpu.yaml"])
def test_a_typo_in_a_file_is_answered_with_the_nearest_key(here, write, monkeypatch, name):
    path = write(name, "max_qeue: 7")
    monkeypatch.setenv("PROFILE", "cpu")
    said = complaint(here)
    assert f"{path} has an unknown setting 'max_qeue'" in said
    assert "did you mean max_queue?" in said


def test_a_typo_in_dotenv_is_answered_with_the_nearest_key(here, write):
    path = write(".env", "GRADIO_PROT=1")
    said = complaint(here)
    assert f"{path} has an unknown setting 'gradio_prot'" in said
    assert "did you mean gradio_port?" in said


def test_a_typo_on_the_command_line_is_answered_with_the_nearest_flag(here):
    said = complaint(here, ["--gradio-prot", "1"])
    assert said == (
        "The command line has an unknown setting '--gradio-prot': did you mean --gradio-port?"
    )


def test_a_stray_word_on_the_command_line_is_refused(here):
    assert "stray" in complaint(here, ["stray"])


def test_every_fault_is_named_at_once(here, write):
    write("default.yaml", "port: 99999\nlog_level: loud")
    said = complaint(here)
    assert "'port'" in said
    assert "'log_level'" in said


@pytest.mark.parametrize("profile", ["gpu", "default", "emotions", "../secrets", "cpu.yaml"])
def test_an_unknown_profile_is_answered_with_those_there_are(here, monkeypatch, profile):
    monkeypatch.setenv("PROFILE", profile)
    said = complaint(here)
    assert repr(profile) in said
    assert f"Choose from: {', '.join(PROFILES)}" in said


@pytest.mark.parametrize("text", ["port: [", "- port", "just words"])
def test_a_file_that_is_no_mapping_is_named(here, write, text):
    path = write("default.yaml", text)
    assert str(path) in complaint(here)


def test_a_file_in_another_encoding_is_named(here, root):
    path = root / "configs" / "default.yaml"
    path.write_bytes("host: höst\n".encode("latin-1"))
    assert str(path) in complaint(here)


# --- values ---


@pytest.mark.parametrize("name", ["models_dir", "voices_dir", "outputs_dir", "run_dir"])
def test_a_relative_folder_starts_at_the_root(here, root, monkeypatch, name):
    monkeypatch.setenv(name.upper(), "some/where")
    monkeypatch.chdir("/")
    assert getattr(here.load(), name) == root / "some" / "where"


def test_an_absolute_folder_stays(here, tmp_path, monkeypatch):
    monkeypatch.setenv("OUTPUTS_DIR", str(tmp_path / "elsewhere"))
    assert here.load().outputs_dir == tmp_path / "elsewhere"


def test_a_folder_may_begin_at_home(here, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OUTPUTS_DIR", "~/speech")
    assert here.load().outputs_dir == tmp_path / "speech"


def test_lists_are_separated_by_commas(here, monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "tts.example.org, localhost,,")
    assert here.load().allowed_hosts == ["tts.example.org", "localhost"]


def test_lists_in_files_may_be_lists(here, write):
    write("default.yaml", "allowed_hosts: [a.example, b.example]")
    assert here.load().allowed_hosts == ["a.example", "b.example"]


def test_keys_are_separated_by_commas(here, monkeypatch):
    monkeypatch.setenv("API_KEYS", "one,two")
    assert here.load().api_keys == [SecretStr("one"), SecretStr("two")]


def test_settings_cannot_be_changed(here):
    with pytest.raises(ValueError, match="frozen"):
        here.load().port = 1


def test_every_setting_says_what_it_means():
    silent = [
        name for name, field in settings.Settings.model_fields.items() if not field.description
    ]
    assert silent == []


# --- secrets ---


def test_secrets_are_not_shown_in_settings(here, monkeypatch):
    monkeypatch.setenv("API_KEYS", "hunter2,hunter3")
    monkeypatch.setenv("API_KEY", "hunter2")
    assert "hunter" not in f"{here.load()} {here.load()!r} {here.load().model_dump_json()}"


@pytest.mark.parametrize("key", ["api_key", "api_keys"])
def test_secrets_are_not_shown_in_errors(here, write, key):
    write("default.yaml", f"{key}: {{hunter2: hunter2}}")
    said = complaint(here)
    assert f"'{key}'" in said
    assert "hunter2" not in said


def test_secrets_are_not_shown_in_the_trace_of_an_error(here, write):
    write("default.yaml", "api_keys: {hunter2: hunter2}")
    with pytest.raises(ConfigurationError) as error:
        here.load()
    assert "hunter2" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("address", ["gpu:8000", "ftp://gpu", "http://", "http:///v1"])
def test_an_api_url_that_is_none_is_refused(here: ModuleType, write, address: str):
    write(".env", f"API_URL={address}")
    message = complaint(here)
    assert "api_url" in message
    assert "it must begin with http:// or https://" in message


# --- who may come in ---


def test_insecure_is_short_for_a_bind_without_keys(here):
    assert here.load(["--insecure"]).insecure_bind is True
    assert here.load().insecure_bind is False


def test_the_key_ring_lies_in_the_run_folder_unless_it_is_said(here, tmp_path):
    assert here.load(["--run-dir", str(tmp_path)]).key_ring == tmp_path / "keys.json"
    assert here.load(["--keys-file", "own/ring.json"]).key_ring == here.ROOT / "own" / "ring.json"


@pytest.mark.parametrize(
    "origin", ["*", "app.example", "https://app.example/", "https://*.example"]
)
def test_a_page_is_named_exactly(here, origin):
    with pytest.raises(ConfigurationError, match="cors_origins"):
        here.load(["--cors-origins", f"http://localhost:3000,{origin}"])


def test_pages_are_as_the_browser_spells_them(here):
    found = here.load(["--cors-origins", "https://App.example, http://localhost:3000"])
    assert found.cors_origins == ["https://app.example", "http://localhost:3000"]
