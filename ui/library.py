"""The voices and presets of the service, as pickers offer them."""

from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.stores import voices
from shared.stores.presets import Preset
from shared.voices.view import VoiceView
from ui.dashboard import ask

MOST = 1_000
"""Voices that are looked at."""
Choices = list[tuple[str, str]]


async def everyone(client: AsyncClient) -> list[VoiceView]:
    """All voices; none while the service is away, of which the banner tells."""
    try:
        return (await ask(client.voices(limit=MOST))).items
    except SpeechError:
        return []


async def one(client: AsyncClient, voice_id: str) -> VoiceView:
    """A voice, by the id that a browser sent. Raises SpeechError, also where it can be none."""
    return await ask(client.voice(voices.checked_id(voice_id)))


async def presets(client: AsyncClient, task: str) -> list[Preset]:
    """The presets of a task; none while the service is away, of which the banner tells."""
    try:
        found = await ask(client.presets())
    except SpeechError:
        return []
    return [preset for preset in found.items if preset.task == task]


def titles(presets: list[Preset]) -> Choices:
    """Presets as a picker shows them."""
    return [(preset.name, preset.name) for preset in presets]


def picker(choices: Choices, wanted: str | None = None) -> gr.Dropdown:
    """A dropdown of these, with the wanted one chosen if it is among them."""
    changes: dict[str, Any] = {"choices": choices}
    if wanted and any(value == wanted for _, value in choices):
        changes["value"] = wanted
    return gr.Dropdown(**changes)
