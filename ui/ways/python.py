"""A request as a program that uses the client."""

from collections.abc import Iterator, Mapping
from typing import Any

from ui.translation import tr
from ui.ways.sent import Sent, Service, Step, dumped, saved

_PATH = "from pathlib import Path"


def steps(where: Service, sent: Sent) -> Iterator[Step]:
    """One program, in parts."""
    yield from saved(sent)
    yield Step(
        tr("The client comes with the service: run it where that is installed."),
        "\n".join((*imports(where, files=True), client(where))),
    )
    sending = [
        f"{name} = client.upload({literal(sent.kinds[name])}, Path({literal(file)}))"
        for name, file in sent.files.items()
    ]
    if sending:
        yield Step(tr("Send the file, and keep its id."), "\n".join(sending))
    lines = [f"    {literal(name)}: {literal(value)}," for name, value in sent.short.items()]
    lines += [
        f'    {literal(name)}: Path("{name}.txt").read_text(encoding="utf-8"),'
        for name in sent.long
    ]
    lines += [f"    {literal(name)}: {name}.id," for name in sent.files]
    body = "\n".join(("request = {", *lines, "}")) if lines else "request = {}"
    yield Step(tr("Write down what is asked for."), body)
    task = literal(sent.task)
    if sent.planned:
        plan = f'plan = client.plan({task}, request)\nprint(len(plan.lines), "lines")'
        yield Step(tr("See the plan; nothing is spoken yet."), plan)
    yield Step(tr("Start the job."), f"job = client.submit({task}, request)")
    live = (
        'with open("live.mp3", "wb") as file:\n'
        '    for block in client.follow(job.id, "mp3"):\n'
        "        file.write(block)"
    )
    yield Step(tr("Hear it while it is made: a player may read these blocks."), live)
    kept = [f'client.download(job.id, Path("{sent.sound}"))']
    if sent.codes:
        kept.append('client.download(job.id, Path("codes.npz"), "codes.npz")')
    yield Step(tr("Keep the finished sound."), "\n".join(kept))


def imports(where: Service, *, files: bool) -> list[str]:
    """What a program begins with; `files` where it reads or writes some."""
    standard = [*(["import os"] if where.keyed else []), *([_PATH] if files else [])]
    return [*standard, *([""] if standard else []), "from shared.client import Client", ""]


def client(where: Service) -> str:
    """The client, as a program makes it."""
    key = ', os.environ["API_KEY"]' if where.keyed else ""
    return f"client = Client({literal(where.address)}{key})"


def literal(value: Any) -> str:
    """A value as a program writes it."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{literal(key)}: {literal(it)}" for key, it in value.items())
        return f"{{{inside}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return dumped(value) if isinstance(value, str) else repr(value)
