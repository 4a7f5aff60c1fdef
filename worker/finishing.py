"""From the raw master to the finished run: files, their sums, the recipe, then visible at once."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from shared.audio import file
from shared.audio.formats import FORMATS
from shared.requests.declared import Declared, Format
from shared.stores.facts import fact_of
from shared.stores.master import FINISHED, STREAM
from shared.stores.outputs import MASTER, METADATA, Growing
from shared.stores.recipe import Recipe
from worker.performing import Artifact
from worker.shelf import is_note


class Finishing:
    """The last step of one run."""

    def __init__(self, growing: Growing) -> None:
        self._growing = growing
        self._folder = growing.stage()

    def finish(self, request: Declared, recipe: Recipe, artifacts: Sequence[Artifact]) -> Recipe:
        """Write the files and make the run visible. Raises StoreUnavailable."""
        with self._growing.writing():
            heard, names = self._heard(request.format, recipe)
            files = [*heard, *map(self._adopt, artifacts)]
            facts = {path.name: fact_of(path) for path in files}
            recipe = recipe.model_copy(update={"files": facts, **names})
            (self._folder / METADATA).write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
            self._tidy()
        self._growing.finish()
        return recipe

    def _heard(self, format: str, recipe: Recipe) -> tuple[list[Path], dict[str, str]]:
        """The files of what was heard, and how the recipe names them.

        That of a pipeline is only a stream: its recording was made from the lines.
        """
        if recipe.lines is not None:
            return [self._encode(STREAM, "wav")], {"stream": STREAM}
        asked = cast(Format, format)
        name = f"audio{FORMATS[asked].extension}"
        formats: dict[str, Format] = {FINISHED: "wav", name: asked}
        return [self._encode(it, formats[it]) for it in formats], {"audio": name}

    def _encode(self, name: str, format: Format) -> Path:
        target = self._folder / name
        file.write(self._folder / MASTER, target, format)
        return target

    def _tidy(self) -> None:
        """What is known of the lines stands in their table by now."""
        for path in [it for it in self._folder.iterdir() if is_note(it.name)]:
            path.unlink()

    def _adopt(self, artifact: Artifact) -> Path:
        target = self._folder / artifact.path.name
        if artifact.path != target:
            shutil.move(artifact.path, target)
        return target
