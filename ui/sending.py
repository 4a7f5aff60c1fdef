"""Files on their way from the browser to the service, which checks them and says what it thinks.

Until then gradio keeps them in a folder of its own. There a file stays while its widget shows it,
and no longer: not when it is refused, taken out, or replaced by another.
"""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from shared.client import AsyncClient
from shared.errors import InvalidRequest, SpeechError
from shared.requests.declared import UploadKind
from shared.stores.uploads import Upload
from ui import checks, markup
from ui.dashboard import LONGER, QUIET, ask
from ui.form import Form, Slot
from ui.markup import Html, element
from ui.translation import plural, tr


def wire(client: AsyncClient, slot: Slot) -> None:
    """Send what is put into the slot at once, and show there what the service says of it."""

    async def take(path: str | None, before: dict[str, str]) -> list[Any]:
        if path == before.get("path"):  # a job that is shown again left a file without a path
            return [gr.skip()] * 3
        forget(before.get("path"))
        return await sent(client, slot.field.upload or "audio", path)

    shown = [slot.widget, slot.sent, slot.said]
    slot.widget.change(take, [slot.widget, slot.sent], shown, **QUIET)


async def sent(client: AsyncClient, kind: UploadKind, path: str | None) -> list[Any]:
    """What the widget of a slot shows afterwards, what the slot holds, and what is said of it."""
    if path is None:
        return [gr.skip(), {}, Html("")]
    try:
        with at_hand(path) as file:
            upload = await ask(client.upload(kind, file), LONGER)
    except SpeechError as error:
        forget(path)
        return [None, {}, markup.trouble(error)]
    return [gr.skip(), {"path": path, "id": upload.id}, said(upload)]


async def send(client: AsyncClient, form: Form, request: dict[str, Any]) -> dict[str, Any]:
    """The request with ids where files stood that were not sent yet. Raises SpeechError."""
    found = dict(request)
    for name, slot in form.slots.items():
        if isinstance(path := found.get(name), Path):
            with at_hand(path) as file:
                upload = await ask(client.upload(slot.field.upload or "audio", file), LONGER)
            found[name] = upload.id
    return found


@contextmanager
def at_hand(path: str | Path) -> Generator[Path]:
    """A file that was put in, to be sent. Raises InvalidRequest if it has been thrown away."""
    try:
        yield Path(path)
    except FileNotFoundError as error:
        raise InvalidRequest(
            tr("The dashboard has that file no longer."), hint=tr("Put it in again.")
        ) from error


def forget(path: str | None) -> None:
    """Delete a file that was put in, with the folder that gradio made for it."""
    folder = Path(get_upload_folder()).resolve()
    if path is None or not Path(path).resolve().is_relative_to(folder):
        return
    Path(path).unlink(missing_ok=True)
    with suppress(OSError):  # another file of the same content is there
        Path(path).parent.rmdir()


def said(upload: Upload, *whence: str) -> Html:
    """What the service found in a file."""
    if upload.kind in ("document", "cover"):
        return _of_sheet(upload, *whence)
    if upload.kind == "reference":
        return _of_reference(upload, *whence)
    several = plural("{count} channel", "{count} channels", upload.channels)
    channels = {1: tr("mono"), 2: tr("stereo")}.get(upload.channels, several)
    rate = tr("{rate} kHz", rate=f"{upload.rate / 1000:g}")
    sound = () if upload.kind == "codes" else (rate, channels)
    facts = " · ".join([*whence, markup.seconds(upload.seconds), *sound])
    verdict = [markup.notice("warning", warning) for warning in upload.warnings]
    good = None if verdict else element("span", "✓ ", class_="good")
    checked = element("p", good, facts, class_="checked")
    return element("div", checked, *verdict, data_upload=upload.id)


def _of_reference(upload: Upload, *whence: str) -> Html:
    """The same of a recording to be cloned."""
    verdict = [markup.notice("warning", warning) for warning in upload.warnings]
    about = (element("p", each, class_="hint") for each in whence)
    return element("div", *about, checks.table(upload), *verdict, data_upload=upload.id)


def _of_sheet(upload: Upload, *whence: str) -> Html:
    """The same of a document or a picture."""
    facts = " · ".join(
        filter(None, [*whence, upload.name, upload.media, markup.size(upload.bytes)])
    )
    verdict = [markup.notice("warning", warning) for warning in upload.warnings]
    checked = element("p", element("span", "✓ ", class_="good"), facts, class_="checked")
    return element("div", checked, *verdict, data_upload=upload.id)
