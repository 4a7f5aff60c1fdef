"""Presets: settings of a request under a name, each a plain file that a person can copy."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownPreset
from shared.requests import contract
from shared.settings import Settings
from shared.stores import disk
from shared.voices.naming import checked_name, slug

_EXTENSION = ".yaml"


class Preset(BaseModel):
    """Settings that a request can name."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """As people call it; names of one spelling are one preset."""
    task: str
    """The task that its settings are of; others may use it that know all of them."""
    request: dict[str, Any]
    """Fields of that task's request; they hold wherever a request says nothing."""
    created: datetime


class PresetStore:
    """Presets by name, `<root>/<slug>.yaml`.

    Every method raises InvalidRequest for what can be no name, and StoreUnavailable where the
    medium refuses.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def all(self) -> list[Preset]:
        """By the alphabet. Raises RecordDamaged."""
        if not self._root.exists():
            return []
        with self._explained():
            found = [self._read(path) for path in self._root.glob(f"[!.]*{_EXTENSION}")]
        return sorted(found, key=lambda preset: preset.name.casefold())

    def get(self, name: str) -> Preset:
        """Raises UnknownPreset or RecordDamaged."""
        with self._explained():
            return self._read(self._path(name))

    def save(self, preset: Preset, replace: bool = False) -> Preset:
        """Keep a preset. Raises InvalidRequest for one that cannot work, Conflict for a taken name.

        With `replace`, what had the name is gone.
        """
        _require_use(preset.task, preset.request)
        named = preset.model_copy(update={"name": checked_name(preset.name)})
        path = self._path(named.name)
        record = yaml.safe_dump(named.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
        with disk.explained(self._root, disk.unmade(self._root)):
            if not replace and path.exists():
                raise Conflict(f"There is a preset {named.name!r} already.", param="name")
            self._root.mkdir(parents=True, exist_ok=True)
            disk.write(path, record.encode())
        return named

    def delete(self, name: str) -> None:
        """Raises UnknownPreset."""
        with self._explained():
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._root / f"{slug(checked_name(name))}{_EXTENSION}"

    def _read(self, path: Path) -> Preset:
        text = path.read_bytes()
        try:
            return Preset.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise RecordDamaged(f"{path.parent.name}/{path.name} cannot be understood.") from error

    def _explained(self) -> AbstractContextManager[None]:
        return disk.explained(self._root, UnknownPreset("There is no such preset.", param="preset"))


def folder(settings: Settings) -> Path:
    """Where the presets of a service lie; no voice can be called so."""
    return settings.voices_dir / "_presets"


def _require_use(task: str, request: Mapping[str, Any]) -> None:
    """Refuse what would fail whenever it is used."""
    declared = contract(task)
    declared.check_part(request)
    if request.get("preset") is not None:
        raise InvalidRequest("A preset cannot name another.", param="preset")
    for field in declared.uploads():
        if request.get(field) is not None:
            raise InvalidRequest(
                f"A preset cannot keep the file of `{field}`, which is kept for a while only.",
                param=field,
                hint="Make a voice of it, and name that: POST /v1/voices.",
            )
