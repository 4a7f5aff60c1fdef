"""From the raw master to the finished run: files, their sums, the recipe, then visible at once."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from shared.audio import file
from shared.audio.formats import FORMATS
from shared.requests.declared import Declared, Format
from shared.stores.outputs import MASTER, METADATA, Growing
from shared.stores.recipe import FileFact, Recipe
from worker.performing import Artifact

_BLOCK = 1 << 20
_MEDIA_TYPES = {
    **{entry.extension: entry.media_type for entry in FORMATS.values()},
    ".json": "application/json",
}
"""By extension."""


class Finishing:
    """The last step of one run."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._folder = growing.stage()

    def finish(self, request: Declared, recipe: Recipe, artifacts: Sequence[Artifact]) -> Recipe:
        """Write the files and make the run visible. Raises StoreUnavailable."""
        with self._growing.writing():
            files = [self._encode("wav", recipe)]
            if request.format != "wav":
                files.append(self._encode(request.format, recipe))
            files += [self._adopt(artifact) for artifact in artifacts]
            facts = {path.name: _fact(path) for path in files}
            recipe = recipe.model_copy(
                update={"audio": f"audio{FORMATS[request.format].extension}", "files": facts}
            )
            (self._folder / METADATA).write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
        self._growing.finish()
        return recipe

    def _encode(self, format: Format, recipe: Recipe) -> Path:
        target = self._folder / f"audio{FORMATS[format].extension}"
        file.write(self._folder / MASTER, target, format, recipe.sample_rate)
        return target

    def _adopt(self, artifact: Artifact) -> Path:
        target = self._folder / artifact.path.name
        if artifact.path != target:
            shutil.move(artifact.path, target)
        return target


def _fact(path: Path) -> FileFact:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
    return FileFact(
        bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
        media_type=_MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
    )
