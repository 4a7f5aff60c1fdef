"""What is started where."""

import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shared.errors import ConfigurationError
from shared.settings import Settings, load
from tools import plan, ports


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def settings(tmp_path: Path, **overrides: Any) -> Settings:
    """Ports that are free, unless a test says otherwise."""
    chosen: dict[str, Any] = {"port": 0, "gradio_port": 0, "run_dir": tmp_path / "run", **overrides}
    return load(**chosen)


def part(planned: plan.Plan, name: str):
    return next(part for part in planned.parts if part.name == name)


def test_redis_starts_first_and_the_dashboard_last(tmp_path: Path):
    names = [part.name for part in plan.make(settings(tmp_path), {}).parts]
    assert names == ["redis", "worker", "api", "ui"]


def test_a_redis_of_ones_own_is_not_started(tmp_path: Path):
    url = "redis://:secret@db/0"
    planned = plan.make(settings(tmp_path, redis_url=url), {})
    assert planned.parts[0].name == "worker"
    assert part(planned, "worker").environment["REDIS_URL"] == url


def test_every_part_that_needs_it_hears_of_the_embedded_redis(tmp_path: Path):
    planned = plan.make(settings(tmp_path), {"ENGINE": "preview"})
    for name in ("worker", "api", "ui"):
        assert part(planned, name).environment["REDIS_URL"].startswith("unix://")
        assert part(planned, name).environment["ENGINE"] == "preview"


def test_a_wyoming_server_is_started_where_it_has_a_port(tmp_path: Path):
    planned = plan.make(settings(tmp_path, wyoming_port=10200, api_keys="one"), {})
    wyoming = part(planned, "wyoming")
    assert wyoming.address == "tcp://127.0.0.1:10200"
    assert wyoming.environment["API_URL"] == planned.apis[0]
    assert wyoming.environment["API_KEY"] == "one"


def test_replicas_listen_on_ports_of_their_own(tmp_path: Path):
    planned = plan.make(settings(tmp_path, api_replicas=3), {})
    found = {part(planned, f"api-{number}").environment["PORT"] for number in range(3)}
    assert len(found) == 3


def test_the_dashboard_is_pointed_at_the_api_with_its_key(tmp_path: Path):
    planned = plan.make(settings(tmp_path, api_keys="one,two"), {})
    environment = part(planned, "ui").environment
    assert environment["API_URL"] == planned.apis[0]
    assert environment["API_KEY"] == "one"


def test_without_a_key_our_own_clients_get_one_that_the_api_knows_and_nobody_else(tmp_path: Path):
    made = settings(tmp_path, wyoming_port=10200)
    planned, again = plan.make(made, {}), plan.make(made, {})
    drawn = {name: part(planned, name).environment["RUN_KEY"] for name in ("api", "ui", "wyoming")}
    assert len(set(drawn.values())) == 1
    assert len(drawn["ui"]) >= 43  # 256 bits, six a letter
    assert drawn["ui"] != part(again, "ui").environment["RUN_KEY"]
    assert "RUN_KEY" not in part(planned, "worker").environment
    assert load(run_key=drawn["ui"]).own_key == drawn["ui"]
    assert load(run_key=drawn["ui"], api_key="one").own_key == "one"


@pytest.mark.parametrize(
    "given", [{"api_key": "one"}, {"api_keys": "one"}, {"api_url": "http://x"}]
)
def test_none_is_drawn_where_there_is_one_or_the_api_is_not_ours(
    tmp_path: Path, given: dict[str, str]
):
    planned = plan.make(settings(tmp_path, **given), {})
    assert not any("RUN_KEY" in part.environment for part in planned.parts)


def test_a_dashboard_for_another_machine_stays_pointed_there(tmp_path: Path):
    planned = plan.make(settings(tmp_path, api_url="http://gpu:8000"), {})
    assert part(planned, "ui").environment["API_URL"] == "http://gpu:8000"


def test_one_worker_serves_all_queues_unless_the_codec_has_its_own(tmp_path: Path):
    planned = plan.make(settings(tmp_path), {})
    assert "codec" not in [part.name for part in planned.parts]
    assert "WORKER_QUEUES" not in part(planned, "worker").environment


def test_the_codec_can_have_a_worker_of_its_own_on_the_cpu(tmp_path: Path):
    given = {"DEVICE": "cuda:1", "WORKER_NAME": "mine", "COMPILE": "1", "VRAM_BUDGET_GB": "2"}
    planned = plan.make(settings(tmp_path, codec_concurrency=1, worker_name="mine"), given)
    speaks, encodes = (part(planned, name).environment for name in ("worker", "codec"))
    assert (speaks["WORKER_NAME"], speaks["WORKER_QUEUES"]) == ("mine", "interactive,batch")
    assert (encodes["WORKER_NAME"], encodes["WORKER_QUEUES"]) == ("codec-0", "codec")
    assert (speaks["DEVICE"], encodes["DEVICE"]) == ("cuda:1", "cpu")
    assert (encodes["COMPILE"], encodes["VRAM_BUDGET_GB"]) == ("0", "0")
    assert speaks["REDIS_URL"] == encodes["REDIS_URL"]


def test_two_workers_show_their_metrics_at_two_ports(tmp_path: Path):
    given = settings(tmp_path, codec_concurrency=1, worker_metrics_port=9100)
    planned = plan.make(given, {"WORKER_METRICS_PORT": "9100"})
    found = [part(planned, name).environment for name in ("worker", "codec")]
    assert [it["WORKER_METRICS_PORT"] for it in found] == ["9100", "9101"]


def test_the_dashboard_can_be_left_out(tmp_path: Path):
    planned = plan.make(settings(tmp_path, dashboard=False), {})
    assert "ui" not in [part.name for part in planned.parts]
    assert planned.dashboard == ""


def test_a_port_asked_for_is_refused_where_it_is_taken(tmp_path: Path, taken: int):
    with pytest.raises(ConfigurationError, match=f"Port {taken} is taken by process"):
        plan.make(settings(tmp_path, port=taken), {})


def test_the_next_port_skips_those_that_are_taken(taken: int):
    assert ports.next_free("127.0.0.1", taken, set()) > taken
    free = ports.next_free("127.0.0.1", taken, set())
    assert ports.next_free("127.0.0.1", taken, {free}) > free


def test_the_holder_of_a_port_is_named(taken: int):
    assert "python" in ports.holder(taken)


def test_what_only_the_command_line_says_becomes_environment():
    found, overrides = plan.command_line(["--engine", "preview", "--max-queue", "3"])
    assert found.max_queue == 3
    assert overrides == {"ENGINE": "preview", "MAX_QUEUE": "3"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "1"),
        (0.5, "0.5"),
        (Path("/a b"), "/a b"),
        ([SecretStr("one"), SecretStr("two")], "one,two"),
    ],
)
def test_a_setting_reads_the_same_from_the_environment(value: object, text: str):
    assert plan.as_text(value) == text


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
    ],
)
def test_an_address_can_be_typed_into_a_browser(host: str, url: str):
    assert plan.address(host, 8000) == url


def test_the_folder_of_sockets_is_for_its_owner_alone(tmp_path: Path):
    plan.prepare_folders(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(tmp_path: Path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(ConfigurationError, match="RUN_DIR"):
        plan.prepare_folders(settings(tmp_path))
