"""Files on their way from the browser to the service, which checks them and says what it thinks."""

from pathlib import Path
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.requests.declared import UploadKind
from shared.stores.uploads import Upload
from ui import markup
from ui.dashboard import LONGER, QUIET, ask
from ui.form import Form, Slot
from ui.markup import Html, element


def wire(client: AsyncClient, slot: Slot) -> None:
    """Send what is put into the slot at once, and show there what the service says of it."""

    async def take(path: str | None, before: dict[str, str]) -> list[Any]:
        if path == before.get("path"):  # a job that is shown again left a file without a path
            return [gr.skip(), gr.skip()]
        return list(await sent(client, slot.field.upload or "audio", path))

    slot.widget.change(take, [slot.widget, slot.sent], [slot.sent, slot.said], **QUIET)


async def sent(client: AsyncClient, kind: UploadKind, path: str | None) -> tuple[Any, Html]:
    """What a slot holds of a file afterwards, and what is said of it."""
    if path is None:
        return {}, Html("")
    try:
        upload = await ask(client.upload(kind, Path(path)), LONGER)
    except SpeechError as error:
        return {}, markup.trouble(error)
    return {"path": path, "id": upload.id}, said(upload)


async def send(client: AsyncClient, form: Form, request: dict[str, Any]) -> dict[str, Any]:
    """The request with ids where files stood that were not sent yet. Raises SpeechError."""
    found = dict(request)
    for name, slot in form.slots.items():
        if isinstance(path := found.get(name), Path):
            kind = slot.field.upload or "audio"
            found[name] = (await ask(client.upload(kind, path), LONGER)).id
    return found


def said(upload: Upload, *whence: str) -> Html:
    """What the service found in a file."""
    channels = {1: "mono", 2: "stereo"}.get(upload.channels, f"{upload.channels} channels")
    sound = () if upload.kind == "codes" else (f"{upload.rate / 1000:g} kHz", channels)
    facts = " · ".join([*whence, markup.seconds(upload.seconds), *sound])
    verdict = [markup.notice("warning", warning) for warning in upload.warnings]
    good = None if verdict else element("span", "✓ ", class_="good")
    return element("div", element("p", good, facts, class_="checked"), *verdict)
