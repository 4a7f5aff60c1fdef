"""A short way to type `qtts ...` at the shared service."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from tests.stack import Stack
from tools.qtts import qtts

Type = Callable[..., Result]


@pytest.fixture
def type_in(stack: Stack) -> Type:
    """Run a command; `input` is what comes in by standard input."""

    def run(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(qtts, ["--url", stack.url, *arguments], input=input)

    return run
