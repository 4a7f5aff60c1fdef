"""A request as one command of `qtts`."""

import json
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from ui.translation import tr
from ui.ways.sent import FROM_FILES, Sent, Service, Step, dumped, odd, saved


def steps(where: Service, sent: Sent) -> Iterator[Step]:
    """One command; where it can be planned, the plan before it."""
    yield from saved(sent)
    flags, rest = _flags(sent)
    before, after = "", ""
    if sent.long:
        body = quote(dumped(rest))
        before = f"python3 -c {quote(FROM_FILES)} \\\n  {body} {' '.join(sent.long)} |\n  "
        flags = [*flags, "--json -"]
    elif rest:
        flags = [*flags, "--json - <<'END'"]
        after = f"\n{json.dumps(rest, indent=2, ensure_ascii=odd(rest))}\nEND"
    at = command(where)
    if sent.planned:
        plan = _typed([f"{before}{at} plan {sent.task}", *flags])
        yield Step(tr("See the plan; nothing is spoken yet."), f"{plan}{after}")
    name = "codes.npz" if sent.codes else sent.sound
    run = _typed([f"{before}{at} run {sent.task} -o {name}", *flags])
    yield Step(tr("Speak it into a file; without `-o` it is played while it is made."), run + after)


def _flags(sent: Sent) -> tuple[list[str], dict[str, Any]]:
    """What flags say of a request, and what only JSON can; the name of the file says its format,
    if that is one of sound."""
    flags: list[str] = []
    rest: dict[str, Any] = {}
    for name, value in sent.short.items():
        flag = name.replace("_", "-")
        if name == "format" and not sent.codes:
            continue
        if isinstance(value, bool):
            flags.append(f"--{'' if value else 'no-'}{flag}")
        elif isinstance(value, (str, int, float)):
            flags.append(f"--{flag} {quote(str(value))}")
        else:
            rest[name] = value
    flags += [f"--{name.replace('_', '-')} {quote(file)}" for name, file in sent.files.items()]
    return flags, rest


def command(where: Service) -> str:
    """The command, which is told where the service is."""
    return f"qtts --url {quote(where.address)}"


def _typed(parts: Sequence[str]) -> str:
    """A command with its flags, each on a line of its own."""
    return " \\\n  ".join(parts)
