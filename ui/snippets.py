"""What a page would send, as the commands and the program that send the same."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlencode, urlsplit

import gradio as gr

from shared.audio.formats import FILES
from shared.binding import LOOPBACK
from shared.client import calls
from shared.errors import SpeechError
from shared.requests.declared import Declared, UploadKind
from ui import markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.markup import Html, element
from ui.translation import tr

LONGEST = 2_000
"""Characters of a text that is shown; a longer one is read from a file."""
_TELL = '() => { document.dispatchEvent(new Event("speech-form-%s")); return []; }'
"""For `js=` of an event of a form: `static/copy.js` asks for the snippets if they are seen."""
_PATH = "from pathlib import Path"
_JSON = "-H 'Content-Type: application/json'"
_ID_OF_FILE = r"""sed 's/.*"id":"\([0-9a-f]\{64\}\)".*/\1/'"""
_ID_OF_JOB = r"""sed 's/^{"id":"\([^"]*\)".*/\1/'"""
_FROM_FILES = (
    "import json, sys; print(json.dumps({**json.loads(sys.argv[1]), "
    '**{n: open(n + ".txt", encoding="utf-8").read() for n in sys.argv[2:]}}))'
)
"""A program that puts texts from files into a request."""


@dataclass(frozen=True)
class Step:
    """Some lines to type, and what they are for."""

    about: str
    code: str


@dataclass(frozen=True)
class Sent:
    """A request as a form sends it, apart from its files."""

    task: str
    request: Mapping[str, Any]
    """Without what would be taken anyhow."""
    files: Mapping[str, str]
    """The names of files that have to be sent first, by field."""
    kinds: Mapping[str, UploadKind]
    """What each of them is checked as."""
    planned: bool = False
    """True for what can be planned before it is spoken."""
    codes: bool = False
    """True where codes come of it."""

    @property
    def long(self) -> list[str]:
        """The fields whose texts are too long to be shown."""
        texts = ((name, value) for name, value in self.request.items() if isinstance(value, str))
        return [name for name, value in texts if len(value) > LONGEST]

    @property
    def short(self) -> dict[str, Any]:
        """All others."""
        return {name: value for name, value in self.request.items() if name not in self.long}

    @property
    def sound(self) -> str:
        """What the finished file may be called."""
        return f"speech{FILES[self.request.get('format', 'wav')].extension}"


@dataclass(frozen=True)
class Service:
    """Where requests go."""

    address: str
    keyed: bool = False
    """True where a key has to be sent."""

    @property
    def curl(self) -> str:
        """The command that asks, with the key from the environment."""
        key = ' -H "Authorization: Bearer $API_KEY"' if self.keyed else ""
        return f"curl -sSf{key}"

    @property
    def client(self) -> str:
        """The client, as a program makes it."""
        key = ', os.environ["API_KEY"]' if self.keyed else ""
        return f"client = Client({literal(self.address)}{key})"


class Snippets:
    """A fold at the foot of a form; `wire` joins it to what the form holds."""

    def __init__(self, dashboard: Dashboard, contract: type[Declared]) -> None:
        self._dashboard = dashboard
        self._contract = contract
        self._fold, self._listing, self._again = _fold()

    def wire(self, form: Form) -> None:
        """Show what the form would send, when the fold is opened and while it is open."""

        async def show(request: gr.Request, *values: Any) -> Html:
            try:
                sent = await self._sent(form, values)
            except SpeechError as error:
                return markup.trouble(error)
            return shown(self._dashboard, ways(service(self._dashboard), sent), request)

        for trigger in (self._fold.expand, self._again.click):
            trigger(show, form.inputs, self._listing, **QUIET)
        for widget in form.inputs:
            _heed(widget)

    async def _sent(self, form: Form, values: Sequence[Any]) -> Sent:
        request = form.read(values)
        held = dict(zip(form.widgets, values, strict=False))
        files = {name: _name(held[name]) for name in form.slots if request.get(name) and held[name]}
        files |= self._missing(request)
        said = _unusual(form, {n: value for n, value in request.items() if n not in files})
        return Sent(
            self._contract.name,
            brief(self._contract, said, await self._of_voices(said)),
            files,
            self._contract.uploads(),
            self._contract.kind == "pipeline",
            "codes.npz" in self._contract.artifacts,
        )

    def _missing(self, request: Mapping[str, Any]) -> dict[str, str]:
        """Files that must be sent and were not put in yet, by the names of the example's."""
        examples = self._contract.example_files.items()
        fields = self._contract.model_fields
        return {
            name: Path(path).name
            for name, path in examples
            if fields[name].is_required() and not request.get(name)
        }

    async def _of_voices(self, request: Mapping[str, Any]) -> set[str]:
        """The fields that the settings of its voices fill in where it says nothing."""
        named: set[str] = set()
        for field in self._contract.voices():
            voice = request.get(field, self._contract.model_fields[field].default)
            if voice:
                named |= (await ask(self._dashboard.client.voice(voice))).settings.keys()
        return named


class Asked:
    """The same fold on a page that only looks: how a program asks for what is seen there."""

    def __init__(self, dashboard: Dashboard, call: str, qtts: str = "", **query: Any) -> None:
        self._dashboard = dashboard
        self._call = call
        self._qtts = qtts
        self._query = query
        self._fold, self._listing, self._again = _fold()

    def wire(
        self, inputs: Sequence[Any] = (), query: Callable[..., Mapping[str, Any]] = dict
    ) -> None:
        """Show it when the fold is opened, and while it is open; of the values of the page's
        filters `query` makes what the call takes."""

        async def show(request: gr.Request, *values: Any) -> Html:
            return self._of({**self._query, **query(*values)}, request)

        for trigger in (self._fold.expand, self._again.click):
            trigger(show, list(inputs), self._listing, **QUIET)
        for widget in inputs:
            _heed(widget)

    def _of(self, query: Mapping[str, Any], request: gr.Request) -> Html:
        found = of_call(service(self._dashboard), self._call, self._qtts, **query)
        return shown(self._dashboard, found, request)


Ways = Mapping[str, Sequence[Step]]
"""Steps by what they are typed into."""


def service(dashboard: Dashboard) -> Service:
    """The service behind a dashboard."""
    return Service(dashboard.api, dashboard.keyed)


def ways(where: Service, sent: Sent) -> Ways:
    """A request by curl, from Python and by qtts."""
    return {
        "curl": [*_curl(where, sent)],
        "Python": [*_python(where, sent)],
        "qtts": [*_qtts(where, sent)],
    }


def of_call(where: Service, call: str, qtts: str = "", **query: Any) -> Ways:
    """One of the calls of `shared.client` that only look; what is None is not asked for."""
    given = {name: _plain(value) for name, value in query.items() if value not in (None, [], ())}
    known = getattr(calls, call)(**given)
    written = {name: str(it).lower() if it is True else it for name, it in known.query.items()}
    tail = f"?{urlencode(written, doseq=True)}" if written else ""
    arguments = ", ".join(f"{name}={literal(value)}" for name, value in given.items())
    address = quote(f"{where.address}{known.path}{tail}")
    look = tr("What this page shows, for a program.")
    program = f"print(client.{call}({arguments}))"
    found = {
        "curl": [Step(look, f"{where.curl} {address}")],
        "Python": [Step(look, "\n".join((*_imports(where, files=False), where.client, program)))],
    }
    if qtts and not given.keys() - {"limit"}:
        found["qtts"] = [Step(look, f"{_qtts_at(where)} {qtts}")]
    return found


def brief(
    contract: type[Declared], request: Mapping[str, Any], named: Iterable[str]
) -> dict[str, Any]:
    """A request without what the service takes anyhow; `named` fields would be filled in
    otherwise if they were left out."""
    kept = {*named, *contract.voices()}
    defaults = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in contract.model_fields.items()
        if not field.is_required()
    }
    return {
        name: value
        for name, value in request.items()
        if name in kept or name not in defaults or value != defaults[name]
    }


def shown(dashboard: Dashboard, found: Ways, request: gr.Request | None = None) -> Html:
    """The ways as tabs, and what is to be known of address and key."""
    content = [
        {"name": name, "steps": [{"about": step.about, "code": step.code} for step in steps]}
        for name, steps in found.items()
    ]
    words = {
        "ways": tr("Ways to ask"),
        "copy": tr("Copy"),
        "copied": tr("Copied."),
        "marked": tr("It is marked: copy it with Ctrl+C."),
    }
    return markup.joined(
        [
            element("speech-snippets", ways=_compact(content), words=_compact(words)),
            *_hints(dashboard, request),
        ]
    )


def _hints(dashboard: Dashboard, request: gr.Request | None) -> Iterator[Html]:
    if dashboard.keyed:
        key = tr("`$API_KEY` is one of the service's keys, which is not shown here.")
        yield element("p", markup.prose(key), class_="hint")
    here = urlsplit(dashboard.api).hostname in LOOPBACK
    asked = urlsplit(f"//{request.headers.get('host', '')}").hostname if request else None
    if here and asked and asked not in LOOPBACK:
        there = tr("This address is the service's on its own machine; from yours it is another.")
        yield element("p", there, class_="hint")


def _fold() -> tuple[gr.Accordion, gr.HTML, gr.Button]:
    """The fold, what is in it, and a button that scripts press to have it shown anew."""
    with gr.Accordion(tr("For developers"), open=False, elem_id="developers") as fold:
        listing = markup.place(elem_id="snippets")
        again = gr.Button(tr("Show anew"), elem_id="show-snippets", elem_classes=["aside"])
    return fold, listing, again


def _heed(widget: Any) -> None:
    """Tell the browser of a change; texts count when somebody leaves them, not letter by letter,
    or when a preset or a job fills them."""
    if isinstance(widget, gr.Textbox):
        widget.blur(None, None, None, js=_TELL % "changed", **QUIET)
        widget.change(None, None, None, js=_TELL % "filled", **QUIET)
    elif not isinstance(widget, gr.State):
        widget.change(None, None, None, js=_TELL % "changed", **QUIET)


def _unusual(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request without those parts of its fields that are as they are anyhow."""
    usual = {(field.outer, field.part): field.default for field in form.fields.values()}
    parted = {field.outer for field in form.fields.values() if field.part}
    return {
        name: {p: it for p, it in value.items() if usual.get((name, p), ...) != it}
        if name in parted
        else value
        for name, value in request.items()
    }


def _name(path: str) -> str:
    """What a file that was put in is called, safe to be shown and typed."""
    name = "".join(letter for letter in Path(path).name if letter.isprintable())
    return f"./{name}" if name.startswith("-") else name or "file"


# --- curl ------------------------------------------------------------------------------------


def _curl(where: Service, sent: Sent) -> Iterator[Step]:
    yield from _saved(sent)
    api = f"api={quote(where.address)}"
    sending = [
        f"{name}=$({where.curl} -F {quote(_part(file))} "
        f'"$api/v1/uploads?kind={sent.kinds[name]}" |\n  {_ID_OF_FILE})'
        for name, file in sent.files.items()
    ]
    about = tr("Send the file, and keep its id.") if sending else tr("Say where the service is.")
    yield Step(about, "\n".join((api, *sending)))
    body = _quoted(_body(sent))
    if sent.long:
        names = " ".join(sent.long)
        program = f"python3 -c {quote(_FROM_FILES)} \\\n  {body} {names} > request.json"
        yield Step(tr("Write down what is asked for."), program)
        data = "--data-binary @request.json"
    else:
        yield Step(tr("Write down what is asked for."), f"request={body}")
        data = '-d "$request"'
    route = f'"$api/v1/jobs/{sent.task}'
    if sent.planned:
        plan = f'{where.curl} {_JSON} {data} {route}?plan=1" -o plan.json'
        yield Step(tr("See the plan; nothing is spoken yet."), plan)
    job = f'job=$({where.curl} {_JSON} {data} {route}" |\n  {_ID_OF_JOB})'
    yield Step(tr("Start the job."), job)
    live = f'{where.curl} -N "$api/v1/jobs/$job/audio?follow=1&format=mp3" -o live.mp3'
    yield Step(tr("Hear it while it is made; `| mpv -` in place of `-o` plays it."), live)
    yield Step(tr("Keep the finished sound."), _kept(where, sent))


def _kept(where: Service, sent: Sent) -> str:
    found = [f'{where.curl} "$api/v1/jobs/$job/audio" -o {sent.sound}']
    if sent.codes:
        found.append(f'{where.curl} "$api/v1/jobs/$job/files/codes.npz" -o codes.npz')
    if sent.planned:
        found.append(f'{where.curl} "$api/v1/outputs/$job.zip" -o everything.zip')
    return "\n".join(found)


def _part(file: str) -> str:
    """A file as a part of a form, as curl wants its name."""
    escaped = file.replace("\\", "\\\\").replace('"', '\\"')
    return f'file=@"{escaped}"'


def _body(sent: Sent) -> Iterator[str]:
    """The request as JSON; what stands at odd places is the name of a shell variable."""
    lines = [f"{json.dumps(name)}: {_dumped(value)}" for name, value in sent.short.items()]
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


# --- Python ----------------------------------------------------------------------------------


def _python(where: Service, sent: Sent) -> Iterator[Step]:
    yield from _saved(sent)
    yield Step(
        tr("The client comes with the service: run it where that is installed."),
        "\n".join((*_imports(where, files=True), where.client)),
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


def _imports(where: Service, *, files: bool) -> list[str]:
    standard = [*(["import os"] if where.keyed else []), *([_PATH] if files else [])]
    return [*standard, *([""] if standard else []), "from shared.client import Client", ""]


def literal(value: Any) -> str:
    """A value as a program writes it."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{literal(key)}: {literal(it)}" for key, it in value.items())
        return f"{{{inside}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return _dumped(value) if isinstance(value, str) else repr(value)


# --- qtts ------------------------------------------------------------------------------------


def _qtts(where: Service, sent: Sent) -> Iterator[Step]:
    yield from _saved(sent)
    flags, rest = _flags(sent)
    before, after = "", ""
    if sent.long:
        body = quote(_dumped(rest))
        before = f"python3 -c {quote(_FROM_FILES)} \\\n  {body} {' '.join(sent.long)} |\n  "
        flags = [*flags, "--json -"]
    elif rest:
        flags = [*flags, "--json - <<'END'"]
        after = f"\n{json.dumps(rest, indent=2, ensure_ascii=_odd(rest))}\nEND"
    at = _qtts_at(where)
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


def _qtts_at(where: Service) -> str:
    return f"qtts --url {quote(where.address)}"


def _typed(parts: Sequence[str]) -> str:
    """A command with its flags, each on a line of its own."""
    return " \\\n  ".join(parts)


# --- texts -----------------------------------------------------------------------------------


def _saved(sent: Sent) -> Iterator[Step]:
    """What has to be done first with texts that are too long to be shown."""
    if sent.long:
        names = ", ".join(f"{name}.txt" for name in sent.long)
        yield Step(tr("The text is long: save it as {names} first.", names=names), "")


def _dumped(value: Any) -> str:
    """A value as JSON; half a letter, which no encoding has, is spelt."""
    return json.dumps(value, ensure_ascii=_odd(value))


def _odd(value: Any) -> bool:
    plain = json.dumps(value, ensure_ascii=False)
    return any("\ud800" <= letter <= "\udfff" for letter in plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=_odd(value), separators=(",", ":"))
