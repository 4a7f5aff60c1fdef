"""`qtts`: the service from the command line."""

from tools.qtts.cache import cache
from tools.qtts.command import qtts
from tools.qtts.contracts import run
from tools.qtts.jobs import again, cancel, jobs, show
from tools.qtts.machine import checkpoint, doctor, up
from tools.qtts.models import models
from tools.qtts.say import say
from tools.qtts.status import status

for _command in (
    up,
    say,
    run,
    jobs,
    show,
    cancel,
    again,
    models,
    status,
    cache,
    doctor,
    checkpoint,
):
    qtts.add_command(_command)


def main() -> None:
    """The entry point."""
    qtts(prog_name="qtts")


__all__ = ["main", "qtts"]
