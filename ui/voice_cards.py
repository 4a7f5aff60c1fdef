"""The library of voices as cards: what there is to know, to hear and to do with each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.voices.view import VoicePage, VoiceView
from ui import markup, picker
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import plural, tr

_TAGS = 30
"""Tags that can be pressed, the most frequent ones."""


@dataclass(frozen=True)
class Query:
    """Which voices are wanted, and in which order."""

    words: str
    language: str
    kind: str
    order: str
    tags: Sequence[str]

    @property
    def narrows(self) -> bool:
        """Whether voices may be left out."""
        return bool(self.words or self.language or self.kind or self.tags)


def tags(voices: Iterable[VoiceView], chosen: Sequence[str]) -> Html:
    """Tags to narrow the library down with, and how many voices bear each."""
    counts = Counter(tag for voice in voices for tag in voice.tags)
    names = [*chosen, *(tag for tag, _ in counts.most_common(_TAGS) if tag not in chosen)]
    if not names:
        return Html("")
    buttons = (
        _tag("small", tag, tag in chosen, element("span", f" {counts[tag]:,}", class_="hint"))
        for tag in names
    )
    clear = markup.button("all", "", tr("Show all"), tr("tags"), "quiet") if chosen else None
    return element("div", *buttons, clear, class_="choices tags", role="group",
                   aria_label=tr("Tags"))  # fmt: skip


def _tag(look: str, tag: str, chosen: bool, *more: Html) -> Html:
    """A button that narrows the library down to those that bear a tag; `look` is its class."""
    return element(
        "button",
        tag,
        *more,
        type="button",
        class_=f"{look} tag",
        aria_pressed=str(chosen).lower(),
        data_action="tag",
        data_id=tag,
    )


def listing(
    dashboard: Dashboard, found: VoicePage, voices: list[VoiceView], query: Query, doomed: str
) -> Html:
    """The `voices` that are wanted of those `found`; the `doomed` one is asked about once more."""
    own = [voice for voice in voices if voice.kind != "preset"]
    presets = [voice for voice in voices if voice.kind == "preset"]
    parts: list[Html | None] = [_spoilt(voice_id) for voice_id in found.damaged]
    if not own and not query.narrows:
        parts.append(_teach(dashboard))
    if query.narrows and not voices:
        step = tr("Try fewer words, or take a filter away.")
        parts.append(markup.empty(tr("No voice matches."), step))
    if found.total > len(found.items):
        said = tr("Only the first {count} voices are shown.", count=f"{len(found.items):,}")
        parts.append(markup.notice("note", said, tr("Search to see others.")))
    parts.append(_cards(dashboard, tr("Your voices"), own, query, doomed))
    parts.append(_cards(dashboard, tr("Preset speakers"), presets, query, doomed))
    return markup.joined(parts)


def _cards(
    dashboard: Dashboard, title: str, voices: list[VoiceView], query: Query, doomed: str
) -> Html | None:
    """Voices under a heading."""
    if not voices:
        return None
    count = element("span", f" {len(voices):,}", class_="hint")
    shown = (_card(dashboard, voice, query, doomed == voice.id) for voice in voices)
    grid = element("div", *shown, class_="voices", words=picker.words())
    return element("section", element("h2", title, count), grid)


def _card(dashboard: Dashboard, voice: VoiceView, query: Query, doomed: bool) -> Html:
    preview = tr("sample by the preview") if _preview(voice) else ""
    about = element(
        "div",
        element("strong", voice.name),
        element("div", picker.facts(voice), class_="hint"),
        class_="grows",
    )
    tags = [_tag("badge", tag, tag in query.tags) for tag in voice.tags]
    if preview:
        tags.append(element("span", preview, class_="badge preview"))
    return element(
        "article",
        element("div", picker.sample(voice), about, class_="candidate"),
        element("p", voice.description) if voice.description else None,
        element("div", *tags, class_="choices") if tags else None,
        element("p", class_="heard hint", role="status"),
        _remarks(voice.warnings),
        element("div", *_actions(dashboard, voice, doomed), class_="actions"),
        class_="card voice",
        data_voice=voice.id,
    )


def _remarks(warnings: Sequence[str]) -> Html | None:
    if not warnings:
        return None
    count = plural("{count} remark", "{count} remarks", len(warnings))
    notices = (markup.notice("warning", warning) for warning in warnings)
    return element("details", element("summary", f"⚠ {count}"), *notices)


def _actions(dashboard: Dashboard, voice: VoiceView, doomed: bool) -> list[Html]:
    name = voice.name
    if doomed:
        return [
            element("span", tr("Delete it for good?"), class_="hint"),
            markup.button("really", voice.id, tr("Delete"), name, "stop"),
            markup.button("keep", voice.id, tr("Keep"), name),
        ]
    label = tr("Speak with {voice}", voice=name)
    speak = markup.link(dashboard.speak_with(voice), tr("Speak with it"), aria_label=label)
    usual = [speak, markup.button("edit", voice.id, tr("Edit"), name)]
    if _preview(voice):
        usual.append(markup.button("read", voice.id, tr("New sample"), name))
    if voice.kind == "preset":
        return usual
    address = dashboard.voice(voice.id, "export")
    export = markup.link(address, tr("Export"), download=f"{voice.id}.zip")
    return [*usual, export, markup.button("delete", voice.id, tr("Delete"), name, "stop")]


def _teach(dashboard: Dashboard) -> Html:
    """What stands where people have made no voice yet."""
    said = tr("No voice is yours yet. The preset speakers below can be used at once.")
    step = tr("Make your own from a recording of ten seconds, or from a description.")
    design = markup.link(dashboard.page("voice_design"), tr("Design a voice"))
    record = tr("Add a recording under “Add a voice”.")
    return element(
        "div",
        element("p", said),
        element("p", step, class_="hint"),
        element("p", design, " ", element("span", record, class_="hint")),
        class_="empty",
    )


def _spoilt(voice_id: str) -> Html:
    step = tr("Restore its folder from a backup, or move it away.")
    said = tr("The files of {voice} cannot be understood.", voice=voice_id)
    return markup.notice("warning", said, step)


def _preview(voice: VoiceView) -> bool:
    """True where what is heard of a voice is no Qwen3-TTS."""
    return voice.sample is not None and voice.sample.preview
