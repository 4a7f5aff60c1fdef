"""`qtts keys`: who may use the API, for what and how much; where the key ring lies."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.table import Table
from rich.text import Text

from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.access.scopes import SCOPES, Scope
from tools.qtts.command import Commands, Here, json_output, print_json

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_TIME = re.compile(r"(\d{1,5})([dhm])")
_RATE = re.compile(r"(\d{1,7})(/min)?")


class Shown(BaseModel):
    """A key as it is shown: without its hash."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    scopes: list[Scope]
    state: str
    created: datetime
    expires: datetime | None
    rate: int | None
    jobs: int | None

    @classmethod
    def of(cls, key: Key) -> "Shown":
        """A key as it stands now."""
        return cls(
            state=key.state(datetime.now(UTC)), **key.model_dump(exclude={"sha256", "disabled"})
        )


class _Scopes(click.ParamType[list[Scope]]):
    name = "scopes"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[Scope]:
        if isinstance(value, list):
            return value  # pyright: ignore[reportUnknownVariableType]
        words = [word.strip() for word in value.split(",") if word.strip()]
        if not words or set(words) - SCOPES.keys():
            self.fail(f"Choose from {', '.join(SCOPES)}; commas separate several.", param, ctx)
        return [scope for scope in SCOPES if scope in words]


class _Rate(click.ParamType[int]):
    name = "requests"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        found = _RATE.fullmatch(str(value))
        if found is None or not int(found[1]):
            self.fail("Say how many requests a minute, as 60/min.", param, ctx)
        return int(found[1])


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC).replace(microsecond=0)
        try:
            if found := _TIME.fullmatch(value):
                return now + int(found[1]) * _UNITS[found[2]]
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail("Say how long, as 90d or 12h, or a date, as 2027-01-31.", param, ctx)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment <= now:
            self.fail("That time is over.", param, ctx)
        return moment


@click.group(cls=Commands)
def keys() -> None:
    """Look after API keys: make, list, rotate and revoke them.

    As soon as there is one, every request needs a key. Services that run see a change within a
    second.
    """


@keys.command()
@click.option("--name", required=True, help="What you call it: who or what has it.")
@click.option(
    "--scopes",
    type=_Scopes(),
    default="speak",
    show_default=True,
    help="What it is good for, with commas: " + "; ".join(f"{n}: {s}" for n, s in SCOPES.items()),
)
@click.option("--rate", type=_Rate(), help="Requests a minute, as 60/min; otherwise any number.")
@click.option("--jobs", type=click.IntRange(1), help="Jobs at once; otherwise MAX_CLIENT_JOBS.")
@click.option("--expires", type=_Moment(), help="90d, 12h or a date; otherwise never.")
@json_output
@click.pass_obj
def create(
    here: Here,
    name: str,
    scopes: list[Scope],
    rate: int | None,
    jobs: int | None,
    expires: datetime | None,
    json_output: bool,
) -> None:
    """Make a key and print it: this once, as only its hash is kept."""
    try:
        key, secret = Key.draw(name, scopes, rate=rate, jobs=jobs, expires=expires)
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise click.BadParameter(said, param_hint=f"--{error.errors()[0]['loc'][0]}") from error
    ring = _ring(here)
    first = not ring.all() and not here.settings.api_keys
    ring.add(key)
    _hand_over(here, key, secret, json_output)
    if first:
        here.notes.print(
            "From now on every request needs a key. qtts sends the one in API_KEY, and so does a "
            "dashboard that `make run` has not started, which needs every scope."
        )


@keys.command(name="list")
@json_output
@click.pass_obj
def list_keys(here: Here, json_output: bool) -> None:
    """List the keys, revoked and expired ones too."""
    found = [Shown.of(key) for key in _ring(here).all()]
    if json_output:
        print_json(found)
    elif found:
        here.results.print(table(found))
    else:
        here.notes.print("There are none.")


@keys.command()
@click.argument("key", metavar="KEY")
@json_output
@click.pass_obj
def show(here: Here, key: str, json_output: bool) -> None:
    """Show the key of that id or name; the key itself is kept nowhere."""
    found = Shown.of(_ring(here).find(key))
    if json_output:
        print_json(found)
    else:
        here.results.print(table([found]))


@keys.command()
@click.argument("key", metavar="KEY")
@click.pass_obj
def revoke(here: Here, key: str) -> None:
    """Let the key of that id or name open nothing any more."""
    gone = _ring(here).change(key, lambda found: found.model_copy(update={"disabled": True}))
    here.notes.print(f"{gone.name} ({gone.id}) is revoked.", markup=False)


@keys.command()
@click.argument("key", metavar="KEY")
@json_output
@click.pass_obj
def rotate(here: Here, key: str, json_output: bool) -> None:
    """Give a key another secret and print it; the old one opens nothing any more."""
    secrets: list[str] = []

    def redrawn(found: Key) -> Key:
        fresh, secret = found.redrawn()
        secrets.append(secret)
        return fresh

    changed = _ring(here).change(key, redrawn)
    _hand_over(here, changed, secrets[0], json_output)


def table(found: list[Shown]) -> Table:
    """Keys, one a line."""
    columns = ("id", "name", "scopes", "state", "rate", "jobs", "created", "expires")
    drawn = Table(*columns, box=None, padding=(0, 1))
    for column in drawn.columns:
        column.overflow = "fold"
    drawn.columns[0].no_wrap = True
    for key in found:
        drawn.add_row(
            *map(
                Text,
                (
                    key.id,
                    key.name,
                    ",".join(key.scopes),
                    key.state,
                    f"{key.rate}/min" if key.rate else "",
                    str(key.jobs or ""),
                    f"{key.created:%Y-%m-%d}",
                    f"{key.expires:%Y-%m-%d %H:%M}" if key.expires else "never",
                ),
            )
        )
    return drawn


def _ring(here: Here) -> KeyRing:
    return KeyRing(here.settings.key_ring)


def _hand_over(here: Here, key: Key, secret: str, json_output: bool) -> None:
    """Print the key itself, alone on standard output, so that a script can take it."""
    if json_output:
        shown = Shown.of(key).model_dump(mode="json")
        print_json(_Made(key=secret, **shown))
        return
    click.echo(secret)
    here.notes.print(
        f"{key.name} ({key.id}) is good for {', '.join(key.scopes)}. Keep it now: it is not shown "
        "again.",
        markup=False,
    )


class _Made(Shown):
    key: str
