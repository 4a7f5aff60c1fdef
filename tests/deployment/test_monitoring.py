"""The board and the alerts ask for metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families as read

from tests.deployment.composition import load
from tests.deployment.dockerfile import ROOT
from tests.stack import Stack
from tests.worker.test_metrics import metrics
from tools import ports

BOARD: dict[str, Any] = json.loads((ROOT / "configs/grafana/boards/speech.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "configs/prometheus/alerts.yml").read_text())
SCRAPES: dict[str, Any] = yaml.safe_load((ROOT / "configs/prometheus/prometheus.yml").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
SHOWN = [target["expr"] for panel in PANELS for target in panel["targets"]]
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
EXPRESSIONS = [*SHOWN, *(rule["expr"] for rule in RULES)]
OF_PROMETHEUS = {"up"}
"""What it knows by itself of what it scrapes."""
_NOT_NAMES = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on)\s*\([^)]*\)')
"""Strings, labels, spans of time, and lists of labels."""
_NAME = re.compile(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()")
_WORDS = {"and", "or", "unless", "by", "without", "on"}


def asked(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(_NAME.findall(_NOT_NAMES.sub(" ", expression))) - _WORDS


def labels_asked(expression: str) -> set[str]:
    """The labels by which it sums and selects."""
    lists = re.findall(r"\bby\s*\(([^)]*)\)", expression)
    selected = re.findall(r"(\w+)\s*=~?\s*\"", expression)
    return {word.strip() for words in lists for word in words.split(",")} | set(selected)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What API and worker show after a job, and what a worker with a card does: labels by name."""
    port = str(ports.any_free())
    with Stack(tmp_path_factory.mktemp("monitored"), WORKER_METRICS_PORT=port) as stack:
        client = stack.client()
        job = client.submit("custom_voice", {"text": "The lamp turned.", "language": "english"})
        client.wait(job.id)
        stack.http().get(f"/v1/jobs/{job.id}/audio", params={"follow": 1})
        stack.http().get("/v1/jobs/nobody")
        pages = [
            stack.http().get("/metrics").text,
            httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text,
        ]
    pages.append(generate_latest(metrics().registry).decode())
    found: dict[str, set[str]] = {}
    for family in (family for page in pages for family in read(page)):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    # A counter is shown from its first time on; no job has failed here.
    return {"tts_errors_total": {"code"}} | found


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (le, task) (rate(a_b_bucket{x="up"}[5m])) > 0.5', {"a_b_bucket"}),
        ("max(a_total) / (max(b_bytes) > 0) and c == 0", {"a_total", "b_bytes", "c"}),
    ],
)
def test_names_are_found_in_expressions(expression: str, names: set[str]):
    assert asked(expression) == names


def test_every_metric_that_is_asked_for_is_shown(shown: dict[str, set[str]]):
    wanted = {name for expression in EXPRESSIONS for name in asked(expression)}
    assert len(wanted) > 30
    assert wanted - OF_PROMETHEUS - shown.keys() == set()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_label_that_is_asked_for_is_one_of_its_metrics(
    shown: dict[str, set[str]], expression: str
):
    known = set[str]().union(*(shown.get(name, set()) for name in asked(expression)))
    assert labels_asked(expression) <= known | {"job", "instance"}


def test_every_metric_is_explained(shown: dict[str, set[str]]):
    page = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    own = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    ours = {name for name in own if not name.startswith(("process_", "python_"))}
    assert {name for name in ours if f"`{name}`" not in page} == set()


def test_the_board_has_a_row_for_each_side_of_the_service():
    rows = [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Traffic", "Queue", "Speech", "Errors", "GPU", "Models and caches", "Machine"]


def test_panels_do_not_lie_over_one_another():
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_waits_a_moment_and_says_what_is_wrong(rule: dict[str, Any]):
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"].endswith(".")


def test_what_is_scraped_are_services_of_the_composition():
    services = load().services
    api, worker = SCRAPES["scrape_configs"]
    assert api["static_configs"][0]["targets"] == ["api:8000"]
    (found,) = worker["dns_sd_configs"]
    assert set(found["names"]) == {name for name in services if name.startswith("worker")}
    for name in found["names"]:
        assert services[name].environment["WORKER_METRICS_PORT"] == str(found["port"])
        assert services[name].environment["WORKER_METRICS_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
def test_the_key_of_prometheus_stays_on_its_host(name: str):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert {"configs/prometheus/key", "configs/prometheus"} & {*lines}
    assert "/etc/prometheus/key" in (ROOT / "configs/prometheus/prometheus.yml").read_text()


def test_grafana_finds_the_board_and_prometheus_where_they_are_mounted():
    folder = ROOT / "configs/grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    (boards,) = yaml.safe_load((folder / "dashboards/boards.yml").read_text())["providers"]
    mounted = dict(volume.split(":")[1::-1] for volume in load().services["grafana"].volumes)
    assert Path(mounted[boards["options"]["path"]]) == Path("configs/grafana/boards")
    assert source["url"] == "http://prometheus:9090"
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
