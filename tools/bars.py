"""Progress bars."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from shared.checkpoints.progress import Progress as Bytes


@contextmanager
def bytes_bar(title: str, console: Console) -> Generator[Callable[[Bytes], None]]:
    """A bar for a download or a verification; yields what takes its reports."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[file]}", style="dim"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, file="")

        def report(now: Bytes) -> None:
            bar.update(task, completed=now.done_bytes, total=now.total_bytes, file=now.file)

        yield report


@contextmanager
def share_bar(title: str, console: Console) -> Generator[Callable[[float, str], None]]:
    """A bar for a share of 0 to 1; yields what takes the share and a word on the stage."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[stage]}", style="dim"),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=1.0, stage="")

        def report(share: float, stage: str) -> None:
            bar.update(task, completed=share, stage=stage)

        yield report
