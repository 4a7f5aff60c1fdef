"""`qtts cache clear`: what workers remember between jobs."""

import click

from tools.qtts.command import Here


@click.group()
def cache() -> None:
    """Look after what workers remember between jobs."""


@cache.command()
@click.pass_obj
def clear(here: Here) -> None:
    """Empty the caches of every worker; checkpoints stay loaded."""
    accepted = here.client.clear_caches()
    here.notes.print(f"{accepted.worker} will empty the caches before the next job.")
