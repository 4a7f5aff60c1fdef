"""What a page's address and its pickers choose: a voice, an emotion, a preset, files of a job."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.requests.declared import Declared
from shared.stores.presets import Preset
from shared.voices.view import VoiceView
from ui import library, markup, sending
from ui.dashboard import QUIET, ask
from ui.field import Field
from ui.form import Form
from ui.translation import tr


async def at_first(
    client: AsyncClient,
    contract: type[Declared],
    form: Form,
    query: Mapping[str, str],
    request: Mapping[str, Any],
) -> list[Any]:
    """Updates of `form.outputs` for a page that opens with a request and this address."""
    voice = await _voice(client, query["voice"]) if query.get("voice") else None
    presets = await library.presets(client, contract.name) if form.of_shape("preset") else []
    wanted = {**_named(form, query, voice, presets), **request}
    updates: dict[str, Any] = {}
    for name in form.of_shape("preset"):
        updates[name] = library.picker(library.titles(presets), wanted.get(name))
    for name in form.slots.keys() & request.keys():
        updates[name] = await _file_of_job(client, form, name, request[name])
    return form.fill(wanted, updates)


def wire(client: AsyncClient, task: str, form: Form) -> None:
    """Let a voice or a preset that is picked fill the form with its settings."""

    async def of_voice(voice_id: str | None) -> list[Any]:
        voice = await _voice(client, voice_id) if voice_id else None
        return form.fill(voice.settings if voice else {})

    async def of_preset(name: str | None) -> list[Any]:
        found = [preset for preset in await library.presets(client, task) if preset.name == name]
        return form.fill(found[0].request if found else {})

    async def presets() -> gr.Dropdown:
        return library.picker(library.titles(await library.presets(client, task)))

    for name, field in form.fields.items():
        widget: Any = form.widgets[name]
        if field.names:
            widget.input(of_voice, widget, form.outputs, trigger_mode="always_last", **QUIET)
        if field.shape == "preset":
            widget.input(of_preset, widget, form.outputs, trigger_mode="always_last", **QUIET)
            widget.focus(presets, None, widget, **QUIET)


def _named(
    form: Form, query: Mapping[str, str], voice: VoiceView | None, presets: list[Preset]
) -> dict[str, Any]:
    """What the address names; only what the service or the contract knows is taken."""
    wanted: dict[str, Any] = {}
    for preset in presets:
        if preset.name == query.get("preset"):
            wanted |= {**preset.request, "preset": preset.name}
    if voice:
        wanted |= voice.settings
    for name, field in form.fields.items():
        if voice and _fits(field, voice):
            wanted[name] = voice.id
        elif name == "emotion" and query.get(name) in {value for _, value in field.choices}:
            wanted[name] = query[name]
    return wanted


def _fits(field: Field, voice: VoiceView) -> bool:
    """Whether a field names a voice of that kind."""
    preset = voice.kind == "preset"
    return field.shape == "speaker" if preset else field.shape == "voice"


async def _voice(client: AsyncClient, voice_id: str) -> VoiceView | None:
    """A voice, if it is there: where it was deleted since, submitting says so."""
    try:
        return await library.one(client, voice_id)
    except SpeechError:
        return None


async def _file_of_job(client: AsyncClient, form: Form, name: str, upload: str | None) -> Any:
    """What is said of a file that a job had, which is used again unless another is chosen."""
    kind = form.slots[name].field.upload
    if kind is None or not upload:
        return gr.skip()
    try:
        return sending.said(await ask(client.uploaded(kind, upload)), tr("The file of that job"))
    except SpeechError as error:
        return markup.trouble(error)
