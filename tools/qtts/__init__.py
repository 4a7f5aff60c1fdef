"""`qtts`: the service from the command line."""

from tools.qtts.batch import batch
from tools.qtts.cache import cache
from tools.qtts.command import qtts
from tools.qtts.contracts import run
from tools.qtts.emotions import emotions
from tools.qtts.jobs import again, cancel, jobs, pause, resume, retry, show
from tools.qtts.keys import keys
from tools.qtts.lines import choose, lines, retake
from tools.qtts.live import live
from tools.qtts.machine import checkpoint, doctor, up
from tools.qtts.mcp import mcp
from tools.qtts.models import models
from tools.qtts.outputs import outputs
from tools.qtts.plans import plan
from tools.qtts.presets import presets
from tools.qtts.say import say
from tools.qtts.status import status
from tools.qtts.timings import timings
from tools.qtts.voices import voices

for _command in (
    up,
    say,
    live,
    run,
    batch,
    plan,
    jobs,
    show,
    cancel,
    pause,
    resume,
    again,
    retry,
    lines,
    retake,
    choose,
    timings,
    outputs,
    voices,
    presets,
    emotions,
    models,
    keys,
    mcp,
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
