"""A request as commands of a shell, sent by curl."""

import json
from collections.abc import Iterable, Iterator
from shlex import quote

from ui.translation import tr
from ui.ways.sent import FROM_FILES, Sent, Service, Step, dumped, saved

_JSON = "-H 'Content-Type: application/json'"
_ID_OF_FILE = r"""sed 's/.*"id":"\([0-9a-f]\{64\}\)".*/\1/'"""
_ID_OF_JOB = r"""sed 's/^{"id":"\([^"]*\)".*/\1/'"""


def asking(where: Service) -> str:
    """The command that asks, with the key from the environment."""
    key = ' -H "Authorization: Bearer $API_KEY"' if where.keyed else ""
    return f"curl -sSf{key}"


def steps(where: Service, sent: Sent) -> Iterator[Step]:
    """From the service's address to the finished sound; each uses what those before have set."""
    yield from saved(sent)
    api = f"api={quote(where.address)}"
    sending = [
        f"{name}=$({asking(where)} -F {quote(part(file))} "
        f'"$api/v1/uploads?kind={sent.kinds[name]}" |\n  {_ID_OF_FILE})'
        for name, file in sent.files.items()
    ]
    about = tr("Send the file, and keep its id.") if sending else tr("Say where the service is.")
    yield Step(about, "\n".join((api, *sending)))
    body = _quoted(_body(sent))
    if sent.long:
        names = " ".join(sent.long)
        program = f"python3 -c {quote(FROM_FILES)} \\\n  {body} {names} > request.json"
        yield Step(tr("Write down what is asked for."), program)
        data = "--data-binary @request.json"
    else:
        yield Step(tr("Write down what is asked for."), f"request={body}")
        data = '-d "$request"'
    route = f'"$api/v1/jobs/{sent.task}'
    if sent.planned:
        plan = f'{asking(where)} {_JSON} {data} {route}?plan=1" -o plan.json'
        yield Step(tr("See the plan; nothing is spoken yet."), plan)
    job = f'job=$({asking(where)} {_JSON} {data} {route}" |\n  {_ID_OF_JOB})'
    yield Step(tr("Start the job."), job)
    live = f'{asking(where)} -N "$api/v1/jobs/$job/audio?follow=1&format=mp3" -o live.mp3'
    yield Step(tr("Hear it while it is made; `| mpv -` in place of `-o` plays it."), live)
    yield Step(tr("Keep the finished sound."), _kept(where, sent))


def _kept(where: Service, sent: Sent) -> str:
    found = [f'{asking(where)} "$api/v1/jobs/$job/audio" -o {sent.sound}']
    if sent.codes:
        found.append(f'{asking(where)} "$api/v1/jobs/$job/files/codes.npz" -o codes.npz')
    if sent.planned:
        found.append(f'{asking(where)} "$api/v1/outputs/$job.zip" -o everything.zip')
    return "\n".join(found)


def part(file: str) -> str:
    """A file as a part of a form, as curl wants its name."""
    escaped = file.replace("\\", "\\\\").replace('"', '\\"')
    return f'file=@"{escaped}"'


def _body(sent: Sent) -> Iterator[str]:
    """The request as JSON; what stands at odd places is the name of a shell variable."""
    lines = [f"{json.dumps(name)}: {dumped(value)}" for name, value in sent.short.items()]
    text = "{\n  " + ",\n  ".join(lines) if lines else "{"
    for number, name in enumerate(sent.files):
        yield f'{text}{"," if lines or number else ""}\n  {json.dumps(name)}: "'
        yield name
        text = '"'
    yield f"{text}\n}}" if lines or sent.files else "{}"


def _quoted(parts: Iterable[str]) -> str:
    return "".join(f'"${part}"' if odd % 2 else _literally(part) for odd, part in enumerate(parts))


def _literally(text: str) -> str:
    """A text in single quotes, which a shell takes as it stands."""
    return "'" + text.replace("'", "'\"'\"'") + "'"
