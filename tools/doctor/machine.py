"""The machine as the service would find it: memory and disk as a worker sees them, and ports."""

from collections.abc import Iterator

from shared.settings import Settings
from shared.status import Finding
from tools import ports
from worker.diagnosis import machine


def look(settings: Settings) -> Iterator[Finding]:
    """What there is to say of it."""
    yield from machine.look(settings)
    yield port("PORT", settings.host, settings.port)
    if settings.dashboard:
        yield port("GRADIO_PORT", settings.gradio_host, settings.gradio_port)


def port(name: str, host: str, number: int) -> Finding:
    """Whether a part of the service could listen there."""
    if number == 0 or ports.is_free(host, number):
        return Finding("port", "good", f"{name} {number or 'any'} is free")
    return Finding("port", "note", f"{name} {number} is taken by {ports.holder(number)}")
