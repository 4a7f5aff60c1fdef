import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared import status
from shared.checkpoints.catalogue import ALIGNER
from tests.api.jobs import PATIENCE, fault, said
from tests.shared.checkpoints.stub_hub import StubHub, serve
from tests.stack import Stack


@pytest.fixture(scope="module")
def hub() -> Iterator[StubHub]:
    """One that has other files than were released."""
    hub = StubHub({name: b"{}" for name in ALIGNER.files})
    server = serve(hub)
    yield hub
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, hub: StubHub) -> Iterator[Stack]:
    """A service whose worker is asked to unload, joined by another, and sent away."""
    with Stack(tmp_path_factory.mktemp("models"), HUB_URL=hub.url) as running:
        yield running


def action(http, model: str) -> dict[str, Any]:
    """What became of the last thing asked of a checkpoint."""
    until = time.monotonic() + PATIENCE
    while True:
        found = http.get(f"/v1/models/{model}").json()["action"]
        if found and found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.02)


def checkpoints(http) -> list[dict[str, Any]]:
    """Those of the list that are no other services' names."""
    return [model for model in http.get("/v1/models").json()["data"] if "state" in model]


def absent(http) -> str:
    return next(model["id"] for model in checkpoints(http) if model["state"] == "absent")


def test_the_released_checkpoints_are_listed(http):
    listed = checkpoints(http)
    assert {"0.6B", "1.7B"} <= {model["size"] for model in listed}
    assert all(model["state"] == "absent" for model in listed)
    assert all(model["loaded_by"] == [] for model in listed)


def test_one_model_is_shown_as_it_is_listed(http):
    for model in http.get("/v1/models").json()["data"]:
        shown = http.get(f"/v1/models/{model['id']}").json()
        assert {**shown, "action": None} == {**model, "action": None}


def test_a_checkpoint_is_shown_by_the_name_that_its_hub_gives_it(http):
    assert http.get("/v1/models/Qwen3-TTS-12Hz-1.7B-Base").json()["id"] == "1.7B-Base"


def test_loading_what_is_not_there_fails_with_a_reason(http):
    model = absent(http)
    answer = http.post(f"/v1/models/{model}/load")
    assert (answer.status_code, answer.json()["action"]) == (202, "load")
    found = action(http, model)
    assert found["state"] == "failed"
    assert model in found["message"]


def test_the_worker_goes_on_after_what_it_was_asked(http):
    model = absent(http)
    for _ in range(2):
        assert http.post(f"/v1/models/{model}/load").status_code == 202
        assert action(http, model)
    assert http.get("/ready").status_code == 200


@pytest.mark.slow
def test_unloading_what_is_not_loaded_does_no_harm(own):
    http = own.http()
    model = absent(http)
    assert http.post(f"/v1/models/{model}/unload").status_code == 202
    assert action(http, model)["state"] == "done"


@pytest.mark.slow
def test_the_aligner_is_pulled_and_shown_and_not_listed(own: Stack, hub: StubHub):
    http = own.http()
    shown = http.get(f"/v1/models/{ALIGNER.repository}").json()
    assert (shown["id"], shown["kind"], shown["state"]) == (ALIGNER.id, "aligner", "absent")
    assert ALIGNER.id not in names(http)
    assert http.post(f"/v1/models/{ALIGNER.id.lower()}/pull").status_code == 202
    assert "pins" in action(http, ALIGNER.id)["message"]
    assert any(ALIGNER.repository in asked for asked in hub.asked)


def test_caches_are_cleared_by_every_worker(http):
    answer = http.post("/v1/cache/clear")
    assert answer.status_code == 202
    assert answer.json() == {"worker": "gpu-0", "action": "clear_caches"}


def done(stack: Stack, wanted: str) -> bool:
    """Whether the worker has carried out what concerned no single checkpoint."""
    found = status.action(stack.redis(), "gpu-0", "")
    return bool(found and (found.action, found.state) == (wanted, "done"))


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def loaded(http) -> list[str]:
    (worker,) = http.get("/v1/status").json()["workers"]
    return list(worker["loaded"])


@pytest.mark.slow
def test_clearing_caches_unloads_nothing_and_unloading_does(own):
    http = own.http()
    said(http)
    eventually(lambda: loaded(http) == ["preview"])
    http.post("/v1/cache/clear")
    eventually(lambda: done(own, "clear_caches"))
    assert loaded(http) == ["preview"]
    assert http.post("/v1/models/unload").json() == {"worker": "gpu-0", "action": "unload_all"}
    eventually(lambda: done(own, "unload_all") and loaded(http) == [])


@pytest.mark.slow
def test_every_worker_is_asked(own):
    own.start_worker("gpu-1")
    try:
        assert own.http().post("/v1/cache/clear").json()["worker"] == "gpu-0, gpu-1"
    finally:
        own.kill_worker(15, "gpu-1")


@pytest.mark.parametrize("model", ["nothing", "..%2F..%2Fetc", "%00", "a" * 5_000])
@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("POST", "/load"), ("POST", "/pull")])
def test_an_unknown_checkpoint_is_404(http, method, tail, model):
    assert fault(http.request(method, f"/v1/models/{model}{tail}"))[0] == 404


def test_an_unknown_action_is_refused(http):
    answer = http.post(f"/v1/models/{absent(http)}/explode")
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == "action"


def names(http) -> set[str]:
    return {model["id"] for model in http.get("/v1/models").json()["data"]}


@pytest.mark.slow
def test_without_a_worker_nothing_can_be_loaded_and_no_other_name_speaks(own):
    http = own.http()
    others = {"tts-1", "gpt-4o-mini-tts"}
    assert others < names(http)
    own.kill_worker(15)  # the last test of this service
    assert fault(http.post(f"/v1/models/{absent(http)}/load")) == (503, "engine_unavailable")
    assert not others & names(http)
