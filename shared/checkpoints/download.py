"""Make a released checkpoint present: fetch what is missing, verify all of it, then show it.

Written here rather than left to huggingface_hub because pins outrank the hub, ModelScope and
mirrors take the same path, nothing is read from or written to a user's Hugging Face cache or
environment, and a checkpoint appears at once or not at all.
"""

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock, Timeout

from shared.checkpoints import fetch, record
from shared.checkpoints.catalogue import Released
from shared.checkpoints.fetch import Patience
from shared.checkpoints.folder import examine, partial, place
from shared.checkpoints.hub import Hub, RemoteFile, hub_for, list_files
from shared.checkpoints.progress import Meter, Report
from shared.checkpoints.record import Record, RecordedFile
from shared.checkpoints.transfer import PART, Expectation, Transfer
from shared.checkpoints.verify import verify_folder
from shared.errors import DownloadFailed, DownloadRunning
from shared.settings import Settings

_LISTING_TRIES = 2
_SPARE = 64 << 20
"""Bytes that must stay free on the disk."""


def free_bytes(folder: Path) -> int:
    """Room on the disk that holds `folder`."""
    return shutil.disk_usage(folder).free


def pull(
    checkpoint: Released,
    models_dir: Path,
    settings: Settings,
    report: Report,
    stop: Callable[[], bool],
    *,
    free: Callable[[Path], int] = free_bytes,
    first_wait: float = 1.0,
) -> Path:
    """The folder of the checkpoint, complete and verified; what is already right is not fetched.

    `stop` is asked often; what came until then is kept. `first_wait` is in seconds, doubled for
    each further try. Raises DownloadFailed, DownloadStopped or DownloadRunning.
    """
    hub = hub_for(settings)
    patience = Patience(stop, first_wait)
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with _alone(models_dir, checkpoint):
            return _Pull(checkpoint, models_dir, hub, patience).run(report, free)
    except OSError as fault:
        raise DownloadFailed(
            f"{checkpoint.id} could not be written to {models_dir}: {fault.strerror or fault}.",
            hint="Check that MODELS_DIR is writable and has free space.",
        ) from fault


@contextmanager
def _alone(models_dir: Path, checkpoint: Released) -> Generator[None]:
    """One pull of a checkpoint at a time; the lock goes with the process that holds it."""
    try:
        with FileLock(models_dir / f".{checkpoint.folder}.lock", timeout=0):
            yield
    except Timeout as fault:
        raise DownloadRunning(f"{checkpoint.id} is being downloaded already.") from fault


@dataclass(frozen=True)
class _Pull:
    """One pull, alone with its checkpoint."""

    checkpoint: Released
    models_dir: Path
    hub: Hub
    patience: Patience

    @property
    def growing(self) -> Path:
        return partial(self.models_dir, self.checkpoint)

    def run(self, report: Report, free: Callable[[Path], int]) -> Path:
        folder = place(self.models_dir, self.checkpoint)
        begun = folder.is_dir()
        findings = verify_folder(folder, self.checkpoint, report) if begun else []
        if begun and not findings:
            return folder
        with fetch.client() as client:
            files = self._list(client)
            if begun:
                self._take_back(folder, {finding.file for finding in findings})
            self.growing.mkdir(exist_ok=True)
            self._demand_room(files, free)
            return self._show(self._fetch(client, files, report))

    def _take_back(self, folder: Path, broken: set[str]) -> None:
        """Turn a folder that is not right into a download under way, without its broken files."""
        if self.growing.exists():
            shutil.rmtree(self.growing)
        folder.rename(self.growing)
        for path in broken:
            (self.growing / path).unlink(missing_ok=True)

    def _list(self, client: httpx.Client) -> list[RemoteFile]:
        return fetch.persist(
            lambda: list_files(client, self.hub, self.checkpoint),
            self.hub.host,
            self.patience.at_most(_LISTING_TRIES),
            lambda: 0,
        )

    def _fetch(
        self, client: httpx.Client, files: list[RemoteFile], report: Report
    ) -> dict[str, RecordedFile]:
        expected = {file.path: self._expect(file) for file in files}
        meter = Meter(sum(file.nbytes for file in files), report)
        transfer = Transfer(client, self.hub.host, meter, self.patience)
        return {
            file.path: RecordedFile(
                sha256=transfer.bring(file, self.growing / file.path, expected[file.path]),
                nbytes=file.nbytes,
            )
            for file in files
        }

    def _expect(self, file: RemoteFile) -> Expectation | None:
        """What the file must be: the pin's word, else the hub's, else that of an earlier download.

        Raises DownloadFailed at once where the hub announces something else than the pin.
        """
        pin = self.checkpoint.pin(file.path)
        if pin and file.sha256 not in (None, pin.sha256):
            raise DownloadFailed(
                f"{self.hub.host} offers {file.path} with sha256 {file.sha256}, but the catalogue "
                f"of this project pins {pin.sha256}; nothing was downloaded."
            )
        if pin:
            return Expectation(pin.sha256, "the catalogue of this project pins")
        if file.sha256:
            return Expectation(file.sha256, "the hub lists")
        earlier = self._recorded().get(file.path)
        return Expectation(earlier.sha256, "the first download recorded") if earlier else None

    def _recorded(self) -> dict[str, RecordedFile]:
        known = record.read(self.growing)
        same = known and known.revision == self.hub.revision(self.checkpoint)
        return known.files if known and same else {}

    def _demand_room(self, files: list[RemoteFile], free: Callable[[Path], int]) -> None:
        need = sum(file.nbytes - self._had(file) for file in files)
        room = free(self.growing)
        if need + _SPARE > room:
            raise DownloadFailed(
                f"{self.checkpoint.id} needs {need / 1e9:.1f} GB more on the disk of "
                f"{self.models_dir}, which has {room / 1e9:.1f} GB left.",
                hint="Free some space, or set MODELS_DIR to another disk.",
            )

    def _had(self, file: RemoteFile) -> int:
        paths = (self.growing / file.path, self.growing / f"{file.path}{PART}")
        return min(sum(path.stat().st_size for path in paths if path.is_file()), file.nbytes)

    def _show(self, files: dict[str, RecordedFile]) -> Path:
        """Write the record and rename the folder: from here on the checkpoint is present."""
        came_from = Record(
            repository=self.checkpoint.repository,
            revision=self.hub.revision(self.checkpoint),
            files=files,
        )
        came_from.write(self.growing)
        found = examine(self.growing, self.checkpoint)
        if found.state != "present":
            names = ", ".join((*found.missing, *found.damaged))
            raise DownloadFailed(
                f"{self.hub.host} does not hold a usable {self.checkpoint.repository}: {names} "
                "missing or not what it should be."
            )
        folder = self.models_dir / self.checkpoint.folder
        return self.growing.rename(folder)
