"""Configuration in YAML that comes with the service, or that its owner has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from shared.errors import ConfigurationError

Kind = TypeVar("Kind")


def read(file: Path, kind: TypeAdapter[Kind], prepare: Callable[[Any], Any]) -> Kind:
    """What a file holds, `prepare`d to be validated.

    Raises ConfigurationError, which names the file and the key.
    """
    try:
        return kind.validate_python(prepare(yaml.safe_load(file.read_text("utf-8"))))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not YAML: {error}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in fault["loc"]) or "The whole"
        raise ConfigurationError(f"{key} in {file}: {fault['msg']}.") from error
