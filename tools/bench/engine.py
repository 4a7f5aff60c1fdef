"""`python -m tools.bench.engine`: measure engines, and write the section of docs/benchmarks.md."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from shared.settings import ROOT
from tools import sections
from tools.bench import engine_page, machine
from tools.leash import leashed
from worker.engine.bench.report import Document

PAGE = ROOT / "docs" / "benchmarks.md"
SECTION = "engine"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--size", default="0.6B", show_default=True, help="tiny, 0.6B or 1.7B.")
@click.option("--json", "kept", type=Path, help="Keep the document that the figures come from.")
@click.option("--from", "known", type=Path, help="Measure nothing: take this document.")
@click.option("--page", type=Path, default=PAGE, help="The page that has the section.")
@click.option("--write/--no-write", default=True, help="Write the section into the page.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(
    size: str,
    kept: Path | None,
    known: Path | None,
    page: Path,
    write: bool,
    arguments: Sequence[str],
) -> None:
    """Measure our engine beside others; ARGUMENTS are those of `python -m worker.engine.bench`."""
    document = _read(known) if known else measure(size, arguments)
    if kept:
        kept.write_text(f"{document.model_dump_json(indent=2)}\n", encoding="utf-8")
    text = engine_page.section(document)
    click.echo(text)
    if write:
        sections.replace(page, SECTION, text)


def measure(size: str, arguments: Sequence[str]) -> Document:
    """What a process that has torch finds. Raises click.ClickException where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "engine.json"
        fixed = ["--size", size, "--json", str(out), "--commit", machine.commit()]
        command = [sys.executable, "-m", "worker.engine.bench", *fixed, *arguments]
        if subprocess.run(leashed(command), cwd=ROOT, check=False).returncode:
            raise click.ClickException("The measurement failed: its last words stand above.")
        return _read(out).model_copy(update={"command": _command(size, arguments)})


def _read(path: Path) -> Document:
    return Document.model_validate_json(path.read_bytes())


def _command(size: str, arguments: Sequence[str]) -> str:
    further = f" ARGS='{' '.join(arguments)}'" if arguments else ""
    return f"make bench-engine SIZE={size}{further}"


if __name__ == "__main__":
    main()
