"""Presets: settings of a request under a name, each a plain file that a person can copy."""

import itertools
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownPreset
from shared.requests import contract
from shared.settings import Settings
from shared.stores import disk, yaml_record
from shared.voices import naming

_EXTENSION = ".yaml"
_OF_VOICES = ("reference", "codes", "audio")
"""Kinds of files that a voice can be made of."""

log = logging.getLogger(__name__)


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


class PresetPage(BaseModel):
    """All presets."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    items: list[Preset]
    """By the alphabet."""
    damaged: list[str]
    """Files that cannot be understood."""


class PresetStore:
    """Presets by name, `<root>/<slug>.yaml`, or any file that a person has put there.

    Every method raises InvalidRequest for what can be no name, and StoreUnavailable where the
    medium refuses.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = disk.lock(root)

    def all(self) -> PresetPage:
        """The presets that can be read, and what else lies there."""
        found, damaged = self._readable()
        items = sorted(found.values(), key=lambda preset: naming.folded(preset.name))
        return PresetPage(items=items, damaged=sorted(path.name for path in damaged))

    def get(self, name: str) -> Preset:
        """Raises UnknownPreset or RecordDamaged."""
        return self._read(self._named(name))

    def save(self, preset: Preset, replace: bool = False) -> Preset:
        """Keep a preset. Raises InvalidRequest for one that cannot work, Conflict for a taken name.

        With `replace`, what had the name is gone.
        """
        _require_use(preset.task, preset.request)
        named = preset.model_copy(update={"name": naming.checked_name(preset.name)})
        record = yaml_record.dumps(named.model_dump(mode="json"))
        with disk.alone(self._lock), self._explained():
            try:
                path = self._named(named.name)
            except UnknownPreset:
                path = self._free(named.name)
            else:
                if not replace:
                    raise Conflict(
                        f"There is a preset {named.name!r} already.",
                        param="name",
                        hint="Choose another name, or replace it: PUT /v1/presets/{name}.",
                    )
            disk.write(path, record)
        return named

    def delete(self, name: str) -> None:
        """Raises UnknownPreset."""
        with self._explained():
            self._named(name).unlink()

    def _named(self, name: str) -> Path:
        """The file of a preset: one that cannot be read is that of the name it is called by."""
        wanted = naming.folded(naming.checked_name(name))
        usual = self._usual(name)
        damaged: list[Path] = []
        for path in (usual, *self._files()):
            try:
                if naming.folded(self._read(path).name) == wanted:
                    return path
            except UnknownPreset:
                continue  # deleted a moment ago
            except RecordDamaged:
                damaged.append(path)
        if usual in damaged:
            return usual
        raise _no_preset()

    def _usual(self, name: str) -> Path:
        return self._root / f"{naming.slug(naming.folded(name))}{_EXTENSION}"

    def _free(self, name: str) -> Path:
        """Where a new preset may lie: names that differ in signs alone have one slug."""
        usual = self._usual(name)
        numbered = (usual.with_stem(f"{usual.stem}_{number}") for number in itertools.count(2))
        return next(path for path in itertools.chain([usual], numbered) if not path.exists())

    def _readable(self) -> tuple[dict[Path, Preset], list[Path]]:
        """The presets by their files, and the files that cannot be understood."""
        found: dict[Path, Preset] = {}
        damaged: list[Path] = []
        for path in self._files():
            try:
                found[path] = self._read(path)
            except UnknownPreset:
                continue  # deleted a moment ago
            except RecordDamaged as error:
                log.warning("A preset is left out: %s %s", error.message, error.next_step)
                damaged.append(path)
        return found, damaged

    def _files(self) -> list[Path]:
        if not self._root.exists():
            return []
        with self._explained():
            found = sorted(self._root.glob(f"[!.]*{_EXTENSION}"))
            return [path for path in found if path.is_file()]

    def _read(self, path: Path) -> Preset:
        with self._explained():
            text = path.read_bytes()
        try:
            return Preset.model_validate(yaml_record.loads(text))
        except ValueError as error:
            raise RecordDamaged(f"{path.parent.name}/{path.name} cannot be understood.") from error

    def _explained(self) -> AbstractContextManager[None]:
        return disk.explained(self._root, _no_preset())


def folder(settings: Settings) -> Path:
    """Where the presets of a service lie; no voice can be called so."""
    return settings.voices_dir / "_presets"


def _require_use(task: str, request: Mapping[str, Any]) -> None:
    """Refuse what would fail whenever it is used."""
    declared = contract(task)
    declared.check_part(request)
    if request.get("preset") is not None:
        raise InvalidRequest("A preset cannot name another.", param="preset")
    for field in declared.new_voices():
        if request.get(field) is not None:
            raise InvalidRequest(
                f"A preset cannot keep `{field}`: it would make a voice of one name each time.",
                param=field,
                hint="Send it with the request itself.",
            )
    for field, kind in declared.uploads().items():
        if request.get(field) is not None:
            raise InvalidRequest(
                f"A preset cannot keep the file of `{field}`, which is kept for a while only.",
                param=field,
                hint="Make a voice of it, and name that: POST /v1/voices."
                if kind in _OF_VOICES
                else "Send it with the request itself.",
            )


def _no_preset() -> UnknownPreset:
    return UnknownPreset("There is no such preset.", param="preset")
