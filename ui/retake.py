"""The form that stands beside the lines: what is to be other in another take of one."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import gradio as gr

from shared import emotions
from shared.errors import SpeechError
from shared.views import LineView, TakeView
from ui import markup, picker
from ui.dashboard import shown
from ui.markup import element
from ui.translation import tr

_LONGEST = 4_000
_SLOWEST, _FASTEST = 0.5, 2.0
"""As the API takes them."""
_CLASSES = ["card", "retake"]


class _Take(NamedTuple):
    """What decides a take besides its seed, by the names of the API."""

    text: str
    instruct: str | None
    emotion: str | None
    voice: str | None
    speed: float

    @classmethod
    def of(cls, spoken: LineView | TakeView) -> Self:
        """Of a line as it is planned, or of one of its takes."""
        role = spoken.role
        return cls(spoken.text.strip(), role.instruct, role.emotion, role.voice, role.speed)


class RetakeForm:
    """Hidden until `show` fills it in for a line."""

    def __init__(self) -> None:
        self.panel = gr.Column(
            elem_classes=[*shown(False), *_CLASSES], elem_id="retake", scale=0, min_width=300
        )
        with self.panel:
            self._number = gr.State(0)
            self._title = markup.place()
            self._text = gr.Textbox(
                label=tr("What is said"), lines=3, max_length=_LONGEST, elem_id="retake-text"
            )
            self._instruct = gr.Textbox(
                label=tr("Instruct"),
                placeholder=tr("wary, slower"),
                elem_id="retake-instruct",
            )
            moods = [(tr(mood.name), name) for name, mood in emotions.EMOTIONS.items()]
            self._emotion = gr.Dropdown(
                [(tr("none"), ""), *moods], value="", label=tr("Emotion"), elem_id="retake-emotion"
            )
            self._voice = picker.field(
                "", label=tr("Voice"), left_open=tr("As planned"), elem_id="retake-voice"
            )
            self._speed = gr.Slider(
                _SLOWEST,
                _FASTEST,
                1.0,
                step=0.01,
                label=tr("Speed"),
                info=tr("The recording has it. Changed alone, it leaves the take as it is."),
                elem_id="retake-speed",
            )
            self._seed = gr.Number(
                None,
                label=tr("Seed"),
                precision=0,
                minimum=0,
                placeholder=tr("another one"),
                elem_id="retake-seed",
            )
            with gr.Row(elem_classes=["ends"]):
                self.speak = gr.Button(
                    tr("Speak again"),
                    variant="primary",
                    elem_id="retake-speak",
                    min_width=120,
                )
                self.close = gr.Button(tr("Close"), min_width=70, scale=0, elem_id="retake-close")

    @property
    def inputs(self) -> list[Any]:
        """The number of the line, then what `changes` takes."""
        return [
            self._number, self._text, self._instruct, self._emotion, self._voice, self._speed,
            self._seed,
        ]  # fmt: skip

    @property
    def outputs(self) -> list[Any]:
        """What `show` updates."""
        return [self.panel, self._title, *self.inputs]

    def show(self, line: LineView, hues: Mapping[str, int]) -> list[Any]:
        """Updates of `outputs` for a line, filled in with what is heard of it now."""
        role = line.role
        title = element("h2", tr("Line {number} again", number=line.number))
        who = markup.speaker(line.speaker, hues) if line.speaker else None
        about = element("p", tr("Change nothing to hear it with another seed."), class_="hint")
        return [
            self.seen(True),
            markup.joined([element("div", title, who, class_="choices"), about]),
            line.number,
            line.text,
            role.instruct or "",
            role.emotion or "",
            gr.update(value=role.voice or ""),
            role.speed,
            None,
        ]

    def refused(self, error: SpeechError) -> list[Any]:
        """The same for a line that cannot be looked at."""
        return [self.seen(True), markup.trouble(error), *[gr.skip()] * len(self.inputs)]

    def seen(self, seen: bool) -> gr.Column:
        """An update of the panel."""
        return gr.Column(elem_classes=[*shown(seen), *_CLASSES])


def changes(
    line: LineView,
    text: str,
    instruct: str,
    emotion: str,
    voice: str,
    speed: float,
    seed: float | None,
) -> dict[str, Any]:
    """What of another take is other than the plan of the line, as the form holds it.

    Where nothing but the pace is other than what is heard, the take keeps its seed.
    """
    first, heard = line.takes[0] if line.takes else line, _heard(line)
    now = _Take(text.strip(), instruct.strip() or None, emotion or None, voice or None, speed)
    planned = _Take.of(first)
    found = {
        name: value
        for name, value in now._asdict().items()
        if value != getattr(planned, name) and (value or name not in ("text", "voice"))
    }
    if seed is not None:
        found["seed"] = int(seed)
    elif (
        heard
        and speed != heard.role.speed
        and now._replace(speed=heard.role.speed) == _Take.of(heard)
    ):
        found["seed"] = heard.seed
    return found


def _heard(line: LineView) -> TakeView | None:
    return next((take for take in line.takes if take.number == line.chosen), None)
