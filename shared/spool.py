"""Temporary files, in which what somebody sends lies until it is looked at."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager

from shared.errors import StoreUnavailable


@contextmanager
def explained() -> Generator[None]:
    """Around the writing of temporary files: a medium that refuses is StoreUnavailable."""
    try:
        yield
    except OSError as error:
        raise refusal(error) from error


def refusal(error: OSError) -> StoreUnavailable:
    """What to say where a temporary file could not be written."""
    return StoreUnavailable(
        f"What was sent cannot be kept in {tempfile.tempdir} while it is read: "
        f"{error.strerror or error}."
    )
