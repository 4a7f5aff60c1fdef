"""Make `.venv` and install what `constraints.txt` pins; does nothing when nothing changed.

python3 tools/install.py [auto|base|engine|dev], with any Python from 3.11 on and nothing else.
`auto`, the default, takes torch and qwen-tts only where they will be used.
"""

import os
import shutil
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the one place that an older Python reaches
    for newer in filter(shutil.which, ("python3.13", "python3.12", "python3.11", "python3.14")):
        os.execvp(newer, [newer, *sys.argv])
    version = ".".join(map(str, sys.version_info[:2]))
    sys.exit("Python 3.11 or newer is needed, this is " + version + ". Name one: PYTHON=python3.12")

import argparse
import collections
import hashlib
import importlib.util
import json
import platform
import subprocess
import tomllib
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEVELS = ("base", "engine", "dev")
"""Each holds the one before it."""
NEEDS_TORCH = LEVELS[1:]
TORCH_ENGINES = ("stock", "qwen3")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
WINDOWS_CUDA_INDEX = "https://download.pytorch.org/whl/cu128"
UNFINISHED = ""
"""In place of the digest while an installation is under way."""
TAIL = 15
"""Lines of pip's output that are shown when it fails."""


Step = tuple[str, Callable[[], None]]
"""A line for the person and the deed."""

NOT_FOUND = ("No matching distribution", "Could not find a version", "ResolutionImpossible")
"""What pip says when a pinned version is not to be had."""


class InstallError(Exception):
    """A step failed; the message says which, why and what to do next."""


@dataclass(frozen=True)
class Torch:
    """Which build of torch to take, and why."""

    build: str
    """`cpu`, `cuda`, or the index that was asked for by name."""
    index: str | None
    """Where from; None: wherever pip is configured to look."""
    why: str


@dataclass(frozen=True)
class Stamp:
    """What was installed where; lies in `.venv` once all of it is."""

    root: str
    python: str
    level: str
    declared: str
    """Digest of everything that says what to install."""
    torch: str = ""
    """The build; empty below the level `engine`."""

    def covers(self, wish: "Stamp") -> bool:
        """Whether nothing is left to do for `wish`."""
        same = (self.root, self.python, self.declared) == (wish.root, wish.python, wish.declared)
        enough = LEVELS.index(self.level) >= LEVELS.index(wish.level)
        return same and enough and (not wish.torch or fits(self.torch, wish.torch))


# --- what is wanted --------------------------------------------------------------------------


def chosen_level(engine: str, gpu: bool) -> str:
    """The level that running needs: torch only for an engine that uses it."""
    wanted = engine in TORCH_ENGINES or (gpu and engine in ("", "auto"))
    return "engine" if wanted else "base"


def chosen_engine(argument: str, environ: Mapping[str, str], dotenv: str) -> str:
    """The setting `engine`, the strongest layer first; `dotenv` is the text of `.env`."""
    return (argument or environ.get("ENGINE") or _dotenv_value(dotenv, "ENGINE")).lower()


def _dotenv_value(text: str, key: str) -> str:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.removeprefix("export ").strip().upper() == key:
            return value.partition(" #")[0].strip().strip("\"'")
    return ""


def gpu_visible() -> bool:
    """Whether an NVIDIA GPU answers here."""
    if any(Path("/proc/driver/nvidia/gpus").glob("*")):
        return True
    smi = shutil.which("nvidia-smi")
    return smi is not None and succeeds([smi, "-L"])


def chosen_torch(
    environ: Mapping[str, str], system: str, gpu: bool, answers: Callable[[str], bool]
) -> Torch:
    """The build for this machine; `answers` says whether an index can be reached."""
    if url := environ.get("TORCH_INDEX_URL"):
        return Torch(url, url, "TORCH_INDEX_URL says so")
    if gpu and system == "Windows":
        return Torch("cuda", WINDOWS_CUDA_INDEX, "an NVIDIA GPU is visible")
    if gpu:
        return Torch("cuda", None, "an NVIDIA GPU is visible")
    if system != "Linux":
        return Torch("cpu", None, "no NVIDIA GPU is visible")
    if answers(CPU_INDEX):
        return Torch("cpu", CPU_INDEX, "no NVIDIA GPU is visible, so none of CUDA's gigabytes")
    return Torch("cpu", None, f"no NVIDIA GPU is visible, and {CPU_INDEX} does not answer")


def fits(have: str, want: str) -> bool:
    """Whether the build `have` does for `want`: CUDA builds run without a GPU too."""
    if want == "cpu":
        return have != ""
    if want == "cuda":
        return have not in ("", "cpu")
    return have == want


def answers(index: str) -> bool:
    """Whether a package index responds within two seconds."""
    request = urllib.request.Request(f"{index}/torch/", method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=2):
            return True
    except OSError:
        return False


def declared(root: Path) -> str:
    """Digest of what pyproject and the constraints say about packages, and of nothing else."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [pyproject["build-system"], pyproject["project"], pyproject["tool"]["setuptools"]]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    digest.update((root / "constraints.txt").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def requirements(root: Path, level: str) -> list[str]:
    """What pyproject declares for a level."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = LEVELS[1 : LEVELS.index(level) + 1]
    found: list[str] = list(project["dependencies"])
    return found + [line for extra in extras for line in project["optional-dependencies"][extra]]


# --- the environment -------------------------------------------------------------------------


class Environment:
    """The virtual environment in a folder, as it is found there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        windows = os.name == "nt"
        self.python = self.folder / ("Scripts/python.exe" if windows else "bin/python")
        self.stamp_file = self.folder / "installed.json"

    def version(self) -> str:
        """Major and minor version of its Python; empty if that does not start."""
        ask = "import sys; print(*sys.version_info[:2], sep='.')"
        try:
            return subprocess.check_output(
                [self.python, "-I", "-c", ask], text=True, stderr=subprocess.DEVNULL
            ).strip()
        except (OSError, subprocess.CalledProcessError):
            return ""

    def stamp(self) -> Stamp | None:
        """What was installed; None if nothing ever was."""
        try:
            return Stamp(**json.loads(self.stamp_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def fault(self) -> str:
        """Why it has to be made anew; empty if it need not be."""
        if not self.folder.exists():
            return "there is none yet"
        version, stamp = self.version(), self.stamp()
        if not version:
            return "its Python does not start"
        if tuple(map(int, version.split("."))) < (3, 11):
            return f"its Python is {version}, too old"
        if stamp and stamp.root != str(self.root):
            return "the folder was moved"
        if stamp and stamp.python != version:
            return f"its Python was {stamp.python} and is {version} now"
        return ""

    def write_stamp(self, stamp: Stamp) -> None:
        """Record what is installed."""
        self.stamp_file.write_text(json.dumps(asdict(stamp), indent=2), encoding="utf-8")

    def create(self) -> None:
        """Make it, in place of what may be there."""
        if importlib.util.find_spec("ensurepip") is None:
            package = f"python3.{sys.version_info.minor}-venv"
            raise InstallError(
                "This Python cannot make virtual environments."
                f" On Debian and Ubuntu: apt install python3-venv (or {package})."
            )
        run([sys.executable, "-I", "-m", "venv", "--clear", str(self.folder)])

    def has_pip(self) -> bool:
        """Whether pip can be run in it."""
        return succeeds([str(self.python), "-I", "-m", "pip", "--version"])

    def pip(self, verb: str, *arguments: str) -> None:
        """Run pip in it, bound to the constraints."""
        command = [str(self.python), "-I", "-m", "pip", verb, "--disable-pip-version-check"]
        if verb == "install":
            command += ["--progress-bar", "off", "--no-input", "-c", "constraints.txt"]
        run([*command, *arguments], self.root)


def succeeds(command: list[str]) -> bool:
    """Whether a command ends well; what it says is not shown."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def run(command: list[str], folder: Path | None = None) -> None:
    """Run quietly; raises InstallError with the last lines of the output if it fails."""
    environ = {**os.environ, "PIP_USER": "0"}
    tail = collections.deque[str](maxlen=TAIL)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout or ():
            tail.append(line.rstrip())
            show_passing(tail[-1])
    if process.returncode:
        raise InstallError("\n".join(["", *tail, "", advice("\n".join(tail))]))


def advice(output: str) -> str:
    """What to do about a failure of pip."""
    if "No space left" in output:
        return "The disk is full: free some space, then run the same command again."
    if any(sign in output for sign in NOT_FOUND):
        return (
            "A pinned version was not found: the package registry cannot be reached, or has no"
            f" build for Python {platform.python_version()} on {platform.platform()}."
            " `pip config list` shows where pip looks; PYTHON=python3.12 chooses another Python."
        )
    return "Run the same command again: what is downloaded already is kept."


# --- the steps -------------------------------------------------------------------------------


def steps(environment: Environment, wish: Stamp, torch: Torch | None) -> Iterator[Step]:
    """What to do, in order."""
    fault, before = environment.fault(), environment.stamp()
    if fault:
        yield f"Making .venv ({fault})", environment.create
    elif not environment.has_pip():
        ensure = [str(environment.python), "-I", "-m", "ensurepip", "--upgrade"]
        yield "Putting pip into .venv", lambda: run(ensure)
    if torch:
        if not fault and before and before.torch and not fits(before.torch, torch.build):
            yield (
                "Removing the other build of torch",
                lambda: environment.pip("uninstall", "-y", "torch"),
            )
        source = ["--no-deps", "--index-url", torch.index] if torch.index else []
        place = torch.index or "where pip is set to look"
        title = f"Installing torch from {place} ({torch.why})"
        yield title, lambda: environment.pip("install", *source, "torch")
    packages = requirements(environment.root, wish.level)
    title = f"Installing {len(packages)} packages and what they need"
    yield title, lambda: environment.pip("install", "setuptools", *packages)
    # qwen-tts comes without its dependencies: see pyproject.toml.
    alone = ["qwen-tts"] if torch else []
    yield (
        "Installing this project",
        lambda: environment.pip("install", "--no-deps", "--no-build-isolation", *alone, "-e", "."),
    )


def install(environment: Environment, wish: Stamp, torch: Torch | None) -> None:
    """Bring the environment to what `wish` says, then stamp it."""
    planned = list(steps(environment, wish, torch))
    before = environment.stamp()
    if before:
        environment.write_stamp(replace(before, declared=UNFINISHED))
    for number, (title, deed) in enumerate(planned, start=1):
        print(f"[{number}/{len(planned)}] {title} ...", flush=True)
        deed()
        show_passing("")
    environment.write_stamp(replace(wish, python=environment.version()))


def show_passing(line: str) -> None:
    """Show a line until the next one takes its place; nothing where output is not a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 8
        print(f"\r\033[K      {line[:width]}" if line else "\r\033[K", end="", flush=True)


def main() -> None:
    """Install what is missing."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("level", nargs="?", default="auto", choices=("auto", *LEVELS))
    # As in `make run ARGS="--engine stock"`; whatever else stands there is for what is run.
    parser.add_argument("--engine", default="")
    arguments, _ = parser.parse_known_args()
    dotenv = ROOT / ".env"
    text = dotenv.read_text(encoding="utf-8") if dotenv.is_file() else ""
    gpu = gpu_visible()
    level: str = arguments.level
    if level == "auto":
        level = chosen_level(chosen_engine(arguments.engine, os.environ, text), gpu)
    environment = Environment(ROOT)
    build = chosen_torch(os.environ, platform.system(), gpu, lambda _: False).build
    wish = Stamp(
        root=str(ROOT),
        python=environment.version(),
        level=level,
        declared=declared(ROOT),
        torch=build if level in NEEDS_TORCH else "",
    )
    before = environment.stamp()
    if before and before.covers(wish):
        return
    torch = None
    if wish.torch:
        torch = chosen_torch(os.environ, platform.system(), gpu, answers)
    try:
        install(environment, wish, torch)
    except InstallError as error:
        sys.exit(f"Set-up stopped.\n{error}")
    except KeyboardInterrupt:
        sys.exit("Set-up was interrupted; the same command takes it up again.")


if __name__ == "__main__":
    main()
