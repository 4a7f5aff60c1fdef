"""`qtts models list | pull | verify`: checkpoints, here or beside a service elsewhere."""

import time

import click
from rich.table import Table

from shared.checkpoints import catalogue, download, folder, verify
from shared.checkpoints.progress import Progress
from shared.errors import CheckpointDamaged, DownloadFailed
from shared.views import ModelView
from tools.bars import bytes_bar
from tools.qtts.command import Here, json_output, print_json

ASK_EVERY = 0.5
"""Seconds between two looks at a download that a worker makes."""


@click.group()
def models() -> None:
    """Look at checkpoints, download them, check them."""


@models.command(name="list")
@json_output
@click.pass_obj
def list_models(here: Here, json_output: bool) -> None:
    """List the released checkpoints and your own."""
    found = here.client.models() if here.remote else _on_disk(here)
    if json_output:
        print_json(found)
    else:
        here.results.print(table(found))


@models.command()
@click.argument("checkpoint_id", metavar="[ID]", required=False)
@click.pass_obj
def pull(here: Here, checkpoint_id: str | None) -> None:
    """Download checkpoint ID (otherwise the one that MODEL_SIZE names), or complete it."""
    checkpoint = _find(here, checkpoint_id)
    with bytes_bar(checkpoint.id, here.notes) as report:
        if here.remote:
            _pull_there(here, checkpoint.id, report)
        else:
            settings = here.settings
            download.pull(checkpoint, settings.models_dir, settings, report, lambda: False)
    here.notes.print(f"{checkpoint.id} is complete and verified. A restart of the service uses it.")


@models.command(name="verify")
@click.argument("checkpoint_id", metavar="[ID]", required=False)
@click.pass_obj
def verify_model(here: Here, checkpoint_id: str | None) -> None:
    """Compare every byte of checkpoint ID on this machine with the known hashes."""
    checkpoint = _find(here, checkpoint_id)
    with bytes_bar(checkpoint.id, here.notes) as report:
        findings = verify.verify(here.settings.models_dir, checkpoint, report)
    if findings:
        found = " ".join(f"{finding.file} {finding.problem}." for finding in findings)
        raise CheckpointDamaged(f"{checkpoint.id}: {found}")
    here.results.print(f"{checkpoint.id} is whole.")


def table(found: list[ModelView]) -> Table:
    """Checkpoints, one a line."""
    drawn = Table("id", "kind", "size", "state", "on disk", "loaded by", box=None, padding=(0, 2))
    for model in found:
        size = f"{model.bytes / 1e9:.2f} GB" if model.bytes else ""
        loaded = ", ".join(model.loaded_by)
        drawn.add_row(model.id, model.kind, model.size, model.state, size, loaded)
    return drawn


def _find(here: Here, checkpoint_id: str | None) -> catalogue.Released:
    """Raises UnknownModel."""
    if checkpoint_id:
        return catalogue.find(checkpoint_id)
    return catalogue.default_for("custom_voice", here.settings.model_size)


def _on_disk(here: Here) -> list[ModelView]:
    return [
        ModelView(
            id=entry.id,
            kind=entry.kind,
            size=entry.size,
            revision=entry.revision,
            state=entry.presence.state,
            bytes=entry.presence.nbytes,
            missing=list(entry.presence.missing),
            damaged=list(entry.presence.damaged),
            loaded_by=[],
            action=None,
        )
        for entry in folder.scan(here.settings.models_dir)
    ]


def _pull_there(here: Here, checkpoint_id: str, report: download.Report) -> None:
    """Let a worker download. Raises DownloadFailed with its words."""
    here.client.pull(checkpoint_id)
    began = time.monotonic()
    while not (action := here.client.model(checkpoint_id).action) or not action.ended:
        if action and action.total_bytes:
            rate = action.done_bytes / (time.monotonic() - began)
            report(Progress(action.message, action.done_bytes, action.total_bytes, rate))
        time.sleep(ASK_EVERY)
    if action.state == "failed":
        raise DownloadFailed(action.message)
