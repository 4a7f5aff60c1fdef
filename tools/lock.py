"""Write `constraints.txt`: one exact version of everything, for every platform and Python.

Versions already pinned stay, unless they are named on the command line: `make lock ARGS=gradio`.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
HEADER = """\
# One version of everything that is installed, for pip (-c). Written by `make lock`.
# A build of torch brings the CUDA libraries it was made for: those are its own choice.
"""
EXTRAS = ("engine", "dev", "telemetry")
CUDA = re.compile(r"cuda-|nvidia-(?!ml-py)|triton")
APART = re.compile(r"qwen-tts==\S+")
"""Installed without its dependencies, so no resolver meets it: its pin is kept as it stands."""


def lock(upgrade: list[str]) -> str:
    """The text of the constraints, resolved anew by uv; `upgrade` names what may change."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on the PATH; it resolves for all platforms at once: pipx install uv.")
    command = [uv, "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
    command += [*("--extra=" + extra for extra in EXTRAS), "--no-annotate", "--no-header"]
    command += ["--constraint", "-", "pyproject.toml"]
    kept = "\n".join(pin for pin in pins(CONSTRAINTS.read_text()) if _name(pin) not in upgrade)
    done = subprocess.run(
        command, check=False, cwd=ROOT, input=kept, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr.strip())
    apart = APART.findall(CONSTRAINTS.read_text())
    found = [pin for pin in pins(done.stdout) if not CUDA.match(pin)]
    return HEADER + "\n".join(sorted({*found, *apart})) + "\n"


def pins(text: str) -> list[str]:
    """The `name==version` of each line, without comments and markers."""
    lines = (re.split(r"[;#]", line)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _name(pin: str) -> str:
    return pin.partition("==")[0]


def main() -> None:
    """Write the file and say so."""
    parser = argparse.ArgumentParser(prog="make lock", description=__doc__)
    parser.add_argument("upgrade", nargs="*", help="packages that may change their version")
    CONSTRAINTS.write_text(lock(parser.parse_args().upgrade))
    print(f"{CONSTRAINTS.name}: {len(pins(CONSTRAINTS.read_text()))} versions.")


if __name__ == "__main__":
    main()
