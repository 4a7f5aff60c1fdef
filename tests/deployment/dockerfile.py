"""A Dockerfile as a list of instructions, and what .dockerignore lets through."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("Dockerfile.api", "Dockerfile.worker")


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continuation lines joined."""

    verb: str
    rest: str
    stage: int
    """Counted from 1; 0 before the first FROM."""

    @property
    def words(self) -> list[str]:
        """What follows the verb, without options."""
        return [word for word in self.rest.split() if not word.startswith("--")]

    @property
    def command(self) -> list[str]:
        """The exec form at the end, as of CMD and HEALTHCHECK."""
        return json.loads(self.rest[self.rest.index("[") :])


def read(name: str) -> list[Instruction]:
    """The instructions of a Dockerfile at the root."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[Instruction] = []
    stage = 0
    for line in filter(str.strip, joined.splitlines()):
        verb, _, rest = line.partition(" ")
        stage += verb == "FROM"
        found.append(Instruction(verb, re.sub(r"\s+", " ", rest), stage))
    return found


def last_stage(name: str) -> list[Instruction]:
    """The instructions that make the image."""
    found = read(name)
    return [instruction for instruction in found if instruction.stage == found[-1].stage]


def one(name: str, verb: str) -> Instruction:
    """The only instruction of that kind in the last stage."""
    (found,) = [instruction for instruction in last_stage(name) if instruction.verb == verb]
    return found


def context() -> set[str]:
    """The entries at the root that .dockerignore lets into an image."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return {line[1:] for line in lines if line.startswith("!")}
