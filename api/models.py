"""`/v1/models`: the checkpoints, what lies on disk, and what workers hold in memory."""

from typing import Any, Literal, get_args

from fastapi import APIRouter
from starlette.status import HTTP_202_ACCEPTED

from api.deps import Context, Here
from shared import status
from shared.checkpoints import catalogue, folder
from shared.checkpoints.catalogue import ALIGNER, Kind
from shared.checkpoints.folder import Entry, Presence
from shared.connection import answered
from shared.dialects import models as dialect
from shared.errors import EngineUnavailable
from shared.status import Control, ModelAction, WorkerStatus
from shared.views import Accepted, ModelCard, ModelList, ModelView
from shared.voices.library import RELEASED

router = APIRouter(prefix="/v1", tags=["models"])

_RELEASED = int(RELEASED.timestamp())


@router.get("/models")
def list_models(here: Here) -> ModelList:
    """The released checkpoints and those of your own in `MODELS_DIR`; then the names of other
    services' models that speak here."""
    entries = folder.scan(here.settings.models_dir)
    with answered():
        alive = status.workers(here.redis)
        views = [_view(here, entry, alive) for entry in entries]
    return ModelList(data=[*views, *aliases(here)])


@router.get("/models/{id}")
def show_model(id: str, here: Here) -> ModelView | ModelCard:
    """One checkpoint, by its id or as its hub calls it, or one of the other names. The aligner is
    shown too: it speaks nothing, so it is not listed."""
    known = {card.id: card for card in aliases(here)}
    if id in known:
        return known[id]
    aligner = id.lower() in (name.lower() for name in ALIGNER.names)
    entry = None if aligner else dialect.entry(here.settings.models_dir, id)
    with answered():
        alive = status.workers(here.redis)
        return _view(here, entry, alive) if entry else _view_of_aligner(here, alive)


@router.get("/models/{owner}/{name}", include_in_schema=False)
def show_model_of_hub(owner: str, name: str, here: Here) -> ModelView | ModelCard:
    """One checkpoint by its whole name at its hub."""
    return show_model(f"{owner}/{name}", here)


@router.post("/models/{id}/{action}", status_code=HTTP_202_ACCEPTED)
def change_model(id: str, action: Literal["pull", "load", "unload"], here: Here) -> Accepted:
    """Ask the worker to download, load or unload a checkpoint; loading waits for its job.

    The aligner can be downloaded too; it is loaded by the first job that needs it.
    """
    if action == "pull":
        known = catalogue.find(id).id
    else:
        known = folder.entry(here.settings.models_dir, id).id
    return _send(here, Control(action=action, checkpoint=known))


@router.post("/models/unload", status_code=HTTP_202_ACCEPTED)
def unload_models(here: Here) -> Accepted:
    """Ask every worker to unload all its checkpoints, after its job."""
    return _send(here, Control(action="unload_all"))


@router.post("/cache/clear", status_code=HTTP_202_ACCEPTED)
def clear_caches(here: Here) -> Accepted:
    """Ask every worker to forget prompts, instructs and codes, after its job; checkpoints stay."""
    return _send(here, Control(action="clear_caches"))


def speakable(here: Context) -> frozenset[Kind]:
    """The kinds of checkpoints that a job sent now would find."""
    with answered():
        worker = status.main(status.workers(here.redis))
    if worker and worker.engine.preview:
        return frozenset(get_args(Kind))
    return frozenset(entry.kind for entry in folder.usable(here.settings.models_dir))


def aliases(here: Context) -> list[ModelCard]:
    """The names of other services' models, where anything can be spoken."""
    if not speakable(here):
        return []
    return [ModelCard(id=name, created=_RELEASED) for name in dialect.ALIASES]


def _send(here: Context, message: Control) -> Accepted:
    with answered():
        alive = status.workers(here.redis)
        main = status.main(alive)
        chosen = alive if not message.checkpoint else [main] if main else []
        if not chosen:
            raise EngineUnavailable("No worker is alive to do this.", hint="Start a worker.")
        for worker in chosen:
            status.send(here.redis, worker.name, message)
    return Accepted(worker=", ".join(worker.name for worker in chosen), action=message.action)


def _view(here: Context, entry: Entry, alive: list[WorkerStatus]) -> ModelView:
    return ModelView(
        id=entry.id,
        created=_RELEASED if entry.checkpoint else 0,
        owned_by="Qwen" if entry.checkpoint else "local",
        kind=entry.kind,
        size=entry.size,
        revision=entry.revision,
        loaded_by=[worker.name for worker in alive if entry.id in worker.loaded],
        action=_action(here, entry.id, alive),
        **_there(entry.presence),
    )


def _view_of_aligner(here: Context, alive: list[WorkerStatus]) -> ModelView:
    return ModelView(
        id=ALIGNER.id,
        created=_RELEASED,
        owned_by="Qwen",
        kind="aligner",
        size="0.6B",
        revision=ALIGNER.revision,
        loaded_by=[],
        action=_action(here, ALIGNER.id, alive),
        **_there(folder.inspect(here.settings.models_dir, ALIGNER)),
    )


def _there(presence: Presence) -> dict[str, Any]:
    """What of it lies on disk."""
    return {
        "state": presence.state,
        "bytes": presence.nbytes,
        "missing": list(presence.missing),
        "damaged": list(presence.damaged),
    }


def _action(here: Context, id: str, alive: list[WorkerStatus]) -> ModelAction | None:
    actions = [status.action(here.redis, worker.name, id) for worker in alive]
    return next(filter(None, actions), None)
