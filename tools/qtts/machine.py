"""`qtts up | doctor | checkpoint`: what concerns this machine alone."""

from pathlib import Path
from typing import get_args

import click

from shared.checkpoints.catalogue import Kind
from tools.qtts.command import Here

SIZES = ("tiny", "0.6B", "1.7B")


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    short_help="Start Redis, API, worker and dashboard.",
)
@click.argument("settings", nargs=-1, type=click.UNPROCESSED)
def up(settings: tuple[str, ...]) -> None:
    """Start Redis, API, worker and dashboard; SETTINGS as in `--port 9000 --engine preview`."""
    from tools import up as start

    raise SystemExit(start.main(list(settings)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@click.option("--measure", is_flag=True, help="Time the number formats anew.")
@click.pass_obj
def doctor(here: Here, as_json: bool, measure: bool) -> None:
    """Say what this machine can run, and what to do next."""
    from tools import doctor as surgery

    raise SystemExit(surgery.main(here.settings, as_json=as_json, anew=measure))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--size", type=click.Choice(SIZES), default="tiny", show_default=True)
@click.option(
    "--kind", type=click.Choice(get_args(Kind)), default="custom_voice", show_default=True
)
@click.option("--seed", type=int, default=0, show_default=True, help="Equal seeds, equal weights.")
@click.option("--ends/--never-ends", default=True, help="Whether its speech ever ends.")
@click.pass_obj
def checkpoint(here: Here, folder: Path, size: str, kind: str, seed: int, ends: bool) -> None:
    """Write a checkpoint with random weights into FOLDER, in the released layout.

    For tests and benchmarks: it speaks noise. Needs torch.
    """
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty.")
    from worker.engine import random_checkpoint

    with here.notes.status(f"Writing {folder} ..."):
        random_checkpoint.write(folder, size, kind, seed, ends=ends)  # pyright: ignore[reportArgumentType]
    here.notes.print(
        f"{folder}: a {size} {kind} checkpoint of random weights. A service finds it with"
        f" MODELS_DIR set to the folder around it, {folder.absolute().parent}.",
        soft_wrap=True,
    )
