"""Set-up: what is wanted, what is there already, which torch."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools import install
from tools.install import ROOT, Environment, InstallError, Stamp

BASE = Stamp(root="/here", python="3.11", level="base", declared="digest")
ENGINE = replace(BASE, level="engine", torch="cpu")


def reachable(_: str) -> bool:
    return True


def unreachable(_: str) -> bool:
    return False


# --- level ---


@pytest.mark.parametrize(
    ("engine", "gpu", "level"),
    [
        ("", False, "base"),
        ("auto", False, "base"),
        ("", True, "engine"),
        ("auto", True, "engine"),
        ("stock", False, "engine"),
        ("qwen3", False, "engine"),
        ("preview", True, "base"),
    ],
)
def test_torch_is_installed_only_where_it_will_be_used(engine: str, gpu: bool, level: str):
    assert install.chosen_level(engine, gpu) == level


def test_the_command_line_chooses_the_engine_before_the_environment():
    assert install.chosen_engine("preview", {"ENGINE": "stock"}, "ENGINE=auto") == "preview"


def test_the_environment_chooses_the_engine_before_dotenv():
    assert install.chosen_engine("", {"ENGINE": "stock"}, "ENGINE=auto") == "stock"


@pytest.mark.parametrize(
    "line", ["ENGINE=stock", "engine = 'stock'", 'export ENGINE="stock"', "ENGINE=stock # why"]
)
def test_dotenv_chooses_the_engine(line: str):
    assert install.chosen_engine("", {}, f"PORT=1\n{line}\n") == "stock"


def test_a_comment_in_dotenv_chooses_nothing():
    assert install.chosen_engine("", {}, "#ENGINE=stock\n") == ""


def test_each_level_asks_for_what_the_one_below_asks_for():
    base, engine, dev = (set(install.requirements(ROOT, level)) for level in install.LEVELS)

    assert base < engine < dev
    assert "torch==2.13.0" not in base
    assert "torch==2.13.0" in engine


# --- torch ---


def test_an_index_asked_for_by_name_wins():
    url = "https://mirror.example/cu126"

    torch = install.chosen_torch({"TORCH_INDEX_URL": url}, "Linux", True, unreachable)

    assert (torch.build, torch.index) == (url, url)


def test_without_a_gpu_linux_takes_the_cpu_build():
    assert install.chosen_torch({}, "Linux", False, reachable).index == install.CPU_INDEX


def test_without_a_gpu_and_without_the_cpu_index_pip_looks_where_it_is_set_to_look():
    torch = install.chosen_torch({}, "Linux", False, unreachable)

    assert torch.index is None
    assert install.CPU_INDEX in torch.why


def test_with_a_gpu_linux_takes_the_default_build():
    torch = install.chosen_torch({}, "Linux", True, reachable)

    assert (torch.build, torch.index) == ("cuda", None)


def test_with_a_gpu_windows_takes_the_cuda_index():
    assert install.chosen_torch({}, "Windows", True, reachable).index == install.WINDOWS_CUDA_INDEX


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_without_a_gpu_other_systems_take_the_default_build(system: str):
    torch = install.chosen_torch({}, system, False, reachable)

    assert (torch.build, torch.index) == ("cpu", None)


@pytest.mark.parametrize(
    ("have", "want", "fit"),
    [
        ("cpu", "cpu", True),
        ("cuda", "cpu", True),
        ("cuda", "cuda", True),
        ("https://x/cu126", "cuda", True),
        ("cpu", "cuda", False),
        ("", "cpu", False),
        ("", "cuda", False),
        ("cuda", "https://x/cu126", False),
    ],
)
def test_a_build_of_torch_is_replaced_only_where_it_cannot_do(have: str, want: str, fit: bool):
    assert install.fits(have, want) is fit


# --- stamp ---


def test_what_is_installed_covers_itself_and_the_levels_below():
    dev = replace(ENGINE, level="dev")

    assert dev.covers(dev)
    assert dev.covers(ENGINE)
    assert dev.covers(BASE)


def test_a_higher_level_is_not_covered():
    assert not BASE.covers(ENGINE)


@pytest.mark.parametrize(
    "wish",
    [
        replace(ENGINE, root="/moved"),
        replace(ENGINE, python="3.12"),
        replace(ENGINE, declared="other"),
        replace(ENGINE, torch="cuda"),
    ],
)
def test_whatever_changed_is_not_covered(wish: Stamp):
    assert not ENGINE.covers(wish)


def test_an_unfinished_installation_covers_nothing():
    unfinished = replace(ENGINE, declared=install.UNFINISHED)

    assert not unfinished.covers(ENGINE)


def test_lint_settings_do_not_ask_for_a_new_installation(tmp_path: Path):
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    before = install.declared(tmp_path)

    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("\n[tool.other]\nkey = 1\n")

    assert install.declared(tmp_path) == before


def test_a_changed_pin_asks_for_a_new_installation(tmp_path: Path):
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    before = install.declared(tmp_path)

    (tmp_path / "constraints.txt").write_text("rq==3.0.1\n", encoding="utf-8")

    assert install.declared(tmp_path) != before


# --- environment ---


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment without pip, in a folder with a space in its name."""
    root = tmp_path / "a folder"
    root.mkdir()
    made = Environment(root)
    install.run([sys.executable, "-m", "venv", "--without-pip", str(made.folder)])
    return made


def stamp_of(environment: Environment) -> Stamp:
    return replace(BASE, root=str(environment.root), python=environment.version())


def test_a_sound_environment_has_no_fault(environment: Environment):
    environment.write_stamp(stamp_of(environment))

    assert environment.fault() == ""
    assert environment.stamp() == stamp_of(environment)


def test_a_missing_environment_is_made(tmp_path: Path):
    assert Environment(tmp_path).fault() == "there is none yet"


def test_an_environment_whose_python_is_gone_is_made_anew(environment: Environment):
    environment.python.unlink()

    assert environment.fault() == "its Python does not start"


def test_an_environment_in_a_moved_folder_is_made_anew(environment: Environment):
    environment.write_stamp(stamp_of(environment))

    moved = environment.root.rename(environment.root.with_name("moved"))

    assert Environment(moved).fault() == "the folder was moved"


def test_an_environment_whose_python_changed_is_made_anew(environment: Environment):
    environment.write_stamp(replace(stamp_of(environment), python="3.10"))

    assert environment.fault().startswith("its Python was 3.10")


def test_an_environment_without_pip_is_noticed(environment: Environment):
    assert not environment.has_pip()


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"root": "/here"})])
def test_a_damaged_stamp_counts_as_none(environment: Environment, text: str):
    environment.stamp_file.write_text(text, encoding="utf-8")

    assert environment.stamp() is None


# --- failures ---


def test_a_failed_step_shows_the_last_lines_and_what_to_do():
    script = "for n in range(40): print(n)\nraise SystemExit('ERROR: No space left on device')"

    with pytest.raises(InstallError) as failure:
        install.run([sys.executable, "-c", script])

    lines = str(failure.value).splitlines()
    assert "ERROR: No space left on device" in lines
    assert "39" in lines
    assert "1" not in lines
    assert lines[-1].startswith("The disk is full")


def test_a_version_that_is_not_to_be_had_names_the_registry():
    assert "package registry" in install.advice("ERROR: ResolutionImpossible: for help visit")


def test_nothing_changed_means_nothing_is_said_or_done(environment: Environment):
    root = environment.root
    (root / "tools").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "tools/install.py"):
        shutil.copy(ROOT / name, root / name)
    environment.write_stamp(replace(stamp_of(environment), declared=install.declared(root)))

    done = subprocess.run(
        [sys.executable, "tools/install.py", "base"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == ""
