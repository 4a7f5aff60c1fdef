"""The command itself: whom it talks to, and how it says that something went wrong."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import click
from pydantic import BaseModel
from rich.console import Console

from shared.client import Client
from shared.errors import SpeechError
from shared.settings import Settings, load
from shared.version import __version__
from tools import running


class Failure(click.ClickException):
    """One of our errors, on its way to the terminal."""

    def __init__(self, error: SpeechError) -> None:
        super().__init__(error.message)
        self._error = error

    def format_message(self) -> str:
        hint = f"\n{self._error.next_step}" if self._error.next_step else ""
        return f"{self._error.message} ({self._error.code}){hint}"

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {self.format_message()}", err=True)


class Commands(click.Group):
    """Commands whose errors become one line and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SpeechError as error:
            raise Failure(error) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are declared, not by name."""
        return list(self.commands)


class Here:
    """What every command needs: settings, a client, and a console for what is not the result."""

    def __init__(self, url: str | None, api_key: str | None) -> None:
        self._overrides = {
            name: value for name, value in (("api_url", url), ("api_key", api_key)) if value
        }
        self.notes = Console(stderr=True, highlight=False)
        self.results = Console(highlight=False)

    @cached_property
    def settings(self) -> Settings:
        return load(**self._overrides)

    @cached_property
    def remote(self) -> bool:
        """Whether an API was named, which may be on another machine."""
        return "api_url" in self.settings.model_fields_set

    @cached_property
    def client(self) -> Client:
        context = click.get_current_context()
        url = running.api_address(self.settings)
        return context.with_resource(Client(url, self.settings.api_key.get_secret_value()))


def print_json(content: BaseModel | Sequence[BaseModel]) -> None:
    """For scripts."""
    if isinstance(content, BaseModel):
        click.echo(content.model_dump_json(indent=2))
    else:
        click.echo(json.dumps([item.model_dump(mode="json") for item in content], indent=2))


json_output = click.option("--json-output", is_flag=True, help="Print JSON, for scripts.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", help="Where the API is; otherwise API_URL, or what runs on this machine.")
@click.option("--api-key", help="The key to send; otherwise API_KEY.")
@click.version_option(__version__, prog_name="qtts")
@click.pass_context
def qtts(context: click.Context, url: str | None, api_key: str | None) -> None:
    """Speak with Qwen3-TTS on your own machine."""
    context.obj = Here(url, api_key)
