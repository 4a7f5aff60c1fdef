"""A pull over real sockets, from hubs that behave and hubs that do not."""

import errno
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from shared.checkpoints.catalogue import Checkpoint, Pin
from shared.checkpoints.folder import inspect
from shared.checkpoints.progress import Progress
from shared.errors import ConfigurationError, DownloadFailed, DownloadRunning, DownloadStopped
from tests.shared.checkpoints.stub_hub import WEIGHTS, Files, StubHub, sha256

Lay = Callable[[str, Files], Path]
Pull = Callable[..., Path]


def content(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "sha256.json"
    }


def state(models_dir: Path, checkpoint: Checkpoint) -> str:
    return inspect(models_dir, checkpoint).state


# --- what arrives ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["huggingface", "modelscope"])
def test_a_pull_brings_every_file(
    kind: str, fetch: Pull, files: Files, models_dir: Path, checkpoint: Checkpoint
):
    folder = fetch(hub_kind=kind)
    assert folder == models_dir / "Qwen3-TTS-12Hz-0.6B-CustomVoice"
    assert content(folder) == files
    assert state(models_dir, checkpoint) == "present"


def test_a_mirror_may_lie_below_a_path(fetch: Pull, hub: StubHub):
    with pytest.raises(DownloadFailed, match="answered 404 for /mirror/api/models/"):
        fetch(url=f"{hub.url}/mirror/")


def test_the_pinned_revision_is_asked_for(fetch: Pull, hub: StubHub, checkpoint: Checkpoint):
    fetch()
    assert all(checkpoint.revision in url for url in hub.asked)


def test_modelscope_is_asked_for_its_own_branch(fetch: Pull, hub: StubHub):
    fetch(hub_kind="modelscope")
    assert all("Revision=master" in url for url in hub.asked)


def test_the_hashes_of_all_files_are_recorded(fetch: Pull, files: Files):
    recorded = json.loads((fetch() / "sha256.json").read_text())["files"]
    assert {path: it["sha256"] for path, it in recorded.items()} == {
        path: sha256(body) for path, body in files.items()
    }


def test_files_that_no_checkpoint_needs_are_left_out(fetch: Pull, hub: StubHub, files: Files):
    hub.files |= {"README.md": b"# read", ".gitattributes": b"*", "pytorch_model.bin": b"pickle"}
    assert content(fetch()) == files


def test_progress_ends_at_the_whole(fetch: Pull, files: Files):
    seen: list[Progress] = []
    fetch(report=seen.append)
    assert seen[-1].done_bytes == seen[-1].total_bytes == sum(map(len, files.values()))


def test_what_is_right_is_not_fetched_again(fetch: Pull, hub: StubHub):
    fetch()
    hub.asked.clear()
    fetch()
    assert hub.asked == []


# --- what is resumed ------------------------------------------------------------------------


@pytest.mark.parametrize("hashes", [True, False])
def test_a_dropped_connection_is_resumed_where_it_stopped(
    hashes: bool, fetch: Pull, hub: StubHub, files: Files
):
    hub.hashes = hashes
    hub.breaks[WEIGHTS] = [100_000, 50_000, 0, *[1000] * 8]
    assert content(fetch()) == files
    assert hub.sent[WEIGHTS] == len(files[WEIGHTS])


def test_a_stopped_pull_is_resumed_by_the_next(
    fetch: Pull, hub: StubHub, files: Files, models_dir: Path, checkpoint: Checkpoint
):
    part = models_dir / f"{checkpoint.folder}.partial" / f"{WEIGHTS}.part"
    hub.breaks[WEIGHTS] = [200_000]
    with pytest.raises(DownloadStopped):
        fetch(stop=lambda: part.exists() and part.stat().st_size >= 200_000)
    assert state(models_dir, checkpoint) == "partial"
    assert content(fetch()) == files
    assert hub.sent[WEIGHTS] == len(files[WEIGHTS])


def test_an_unhashed_file_that_changed_meanwhile_begins_anew(
    fetch: Pull, hub: StubHub, files: Files, models_dir: Path, checkpoint: Checkpoint
):
    part = models_dir / f"{checkpoint.folder}.partial" / f"{WEIGHTS}.part"
    hub.hashes = False
    hub.breaks[WEIGHTS] = [200_000]
    with pytest.raises(DownloadStopped):
        fetch(stop=lambda: part.exists() and part.stat().st_size >= 200_000)
    hub.files[WEIGHTS] = files[WEIGHTS][:150_000] + files[WEIGHTS][150_000:][::-1]
    hub.etag = '"two"'
    assert content(fetch())[WEIGHTS] == hub.files[WEIGHTS]


def test_an_unhashed_part_that_nothing_vouches_for_is_fetched_anew(
    fetch: Pull, hub: StubHub, files: Files, lay: Lay, checkpoint: Checkpoint
):
    hub.hashes = False
    lay(f"{checkpoint.folder}.partial", {f"{WEIGHTS}.part": bytes(len(files[WEIGHTS]))})
    assert content(fetch()) == files


def test_a_part_longer_than_the_file_is_fetched_anew(
    fetch: Pull, files: Files, lay: Lay, checkpoint: Checkpoint
):
    lay(f"{checkpoint.folder}.partial", {f"{WEIGHTS}.part": bytes(len(files[WEIGHTS]) + 1)})
    assert content(fetch()) == files


def test_a_hub_without_ranges_sends_the_whole_again(fetch: Pull, hub: StubHub, files: Files):
    hub.ranges = False
    hub.breaks[WEIGHTS] = [100_000]
    assert content(fetch()) == files
    assert hub.sent[WEIGHTS] == 100_000 + len(files[WEIGHTS])


def test_passing_faults_are_sat_out(fetch: Pull, hub: StubHub, files: Files):
    hub.failures = [503]
    assert content(fetch()) == files


def test_a_connection_that_always_drops_ends_the_pull_with_a_reason(fetch: Pull, hub: StubHub):
    hub.breaks[WEIGHTS] = [1000] + [0] * 20
    with pytest.raises(DownloadFailed, match=r"broke off .*set HUB_URL to a mirror"):
        fetch()


# --- what is refused ------------------------------------------------------------------------


def test_another_hash_than_pinned_is_refused_and_the_file_deleted(
    fetch: Pull, hub: StubHub, checkpoint: Checkpoint, models_dir: Path
):
    hub.hashes = False
    pinned = replace(checkpoint, pins=(Pin(WEIGHTS, "b" * 64),))
    with pytest.raises(DownloadFailed) as caught:
        fetch(pinned)
    message = caught.value.message
    assert WEIGHTS in message
    assert "b" * 64 in message
    assert sha256(hub.files[WEIGHTS]) in message
    assert not list((models_dir / f"{checkpoint.folder}.partial").glob(f"{WEIGHTS}*"))


def test_a_hub_that_announces_another_hash_than_pinned_sends_nothing(
    fetch: Pull, hub: StubHub, checkpoint: Checkpoint
):
    with pytest.raises(DownloadFailed, match="nothing was downloaded"):
        fetch(replace(checkpoint, pins=(Pin(WEIGHTS, "b" * 64),)))
    assert not hub.sent


def test_the_pin_outranks_a_hub_whose_own_claim_it_matches(
    fetch: Pull, hub: StubHub, checkpoint: Checkpoint, files: Files
):
    pin = Pin(WEIGHTS, sha256(files[WEIGHTS]), len(files[WEIGHTS]))
    hub.files[WEIGHTS] = files[WEIGHTS][:-1] + b"!"
    hub.claims[WEIGHTS] = pin.sha256
    with pytest.raises(DownloadFailed, match="the catalogue of this project pins"):
        fetch(replace(checkpoint, pins=(pin,)))


def test_another_hash_than_listed_is_refused(
    fetch: Pull, hub: StubHub, models_dir: Path, checkpoint: Checkpoint
):
    hub.claims[WEIGHTS] = "c" * 64
    with pytest.raises(DownloadFailed, match=f"the hub lists {'c' * 64}"):
        fetch()
    assert state(models_dir, checkpoint) == "partial"


@pytest.mark.parametrize(
    ("excess", "reason"),
    [(1, "sent only|range that does not fit"), (-1, "sends more of model.safetensors")],
)
def test_a_file_of_another_length_than_listed_is_refused(
    excess: int, reason: str, fetch: Pull, hub: StubHub, files: Files
):
    hub.hashes = False
    hub.lengths[WEIGHTS] = len(files[WEIGHTS]) + excess
    with pytest.raises(DownloadFailed, match=reason):
        fetch()


def test_another_hash_than_first_recorded_is_refused_where_the_hub_names_none(
    fetch: Pull, hub: StubHub
):
    (fetch() / "vocab.json").unlink()
    hub.files["vocab.json"] = b'{"b": 0}'
    with pytest.raises(DownloadFailed, match="the first download recorded"):
        fetch()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/cron.txt",
        "../../escape.json",
        "speech_tokenizer/../../escape.json",
        "a/b/c.json",
        "C:\\windows.json",
        ".hidden/x.json",
        "a\x00.json",
        "new\nline.json",
        "x/..json",
        "sha256.json",
        "speech_tokenizer/sha256.json",
        "CONFIG.json",
        "a?FilePath=b.json",
        "a" * 300 + ".json",
    ],
)
def test_a_hostile_path_in_the_list_ends_the_pull_before_anything_is_written(
    path: str, fetch: Pull, hub: StubHub, tmp_path: Path
):
    hub.extra_paths = [path]
    with pytest.raises(DownloadFailed, match="nothing was downloaded"):
        fetch()
    assert [it.name for it in tmp_path.rglob("*") if it.suffix != ".lock"] == ["models"]


def test_a_list_without_end_is_refused(fetch: Pull, hub: StubHub):
    hub.extra_paths = [f"file-{n}.json" for n in range(300)]
    with pytest.raises(DownloadFailed, match="too many"):
        fetch()


def test_an_answer_that_is_no_list_is_refused(fetch: Pull, hub: StubHub):
    hub.claims[WEIGHTS] = "not a hash"
    with pytest.raises(DownloadFailed, match="something else than a list of files"):
        fetch()


def test_a_repository_without_a_needed_file_never_becomes_present(
    fetch: Pull, hub: StubHub, models_dir: Path, checkpoint: Checkpoint
):
    del hub.files["generation_config.json"]
    with pytest.raises(DownloadFailed, match=r"generation_config\.json"):
        fetch()
    assert state(models_dir, checkpoint) == "partial"


def test_an_unknown_repository_ends_the_pull_at_once(fetch: Pull, hub: StubHub):
    hub.failures = [404]
    with pytest.raises(DownloadFailed, match="answered 404"):
        fetch()
    assert len(hub.asked) == 1


def test_a_redirect_within_the_hub_is_followed(fetch: Pull, hub: StubHub, files: Files):
    hub.redirect = "{path}"
    assert content(fetch()) == files


def test_a_redirect_to_plain_http_elsewhere_is_refused(fetch: Pull, hub: StubHub):
    hub.redirect = "http://localhost:1{path}"
    with pytest.raises(DownloadFailed, match="redirected to http://localhost: refused"):
        fetch()


def test_redirects_without_end_are_refused(fetch: Pull, hub: StubHub):
    hub.redirect = "/Qwen/again/resolve/main/config.json"
    with pytest.raises(DownloadFailed, match="more than 5 times"):
        fetch()


def test_a_hub_that_cannot_be_reached_is_said_in_one_line(fetch: Pull):
    with pytest.raises(DownloadFailed) as caught:
        fetch(url="http://127.0.0.1:1")
    message = caught.value.message
    assert message.startswith("127.0.0.1:1 could not be reached (")
    assert "set HUB_URL to a mirror, HUB=modelscope, or copy the folder by hand" in message
    assert "\n" not in message


@pytest.mark.parametrize("url", ["ftp://mirror", "mirror.example", "https://", "https://a/?b=c"])
def test_a_mirror_address_that_is_none_is_a_configuration_error(url: str, fetch: Pull):
    with pytest.raises(ConfigurationError, match="HUB_URL"):
        fetch(url=url)


# --- the disk -------------------------------------------------------------------------------


def test_a_disk_without_room_is_noticed_before_the_download(fetch: Pull, hub: StubHub):
    with pytest.raises(DownloadFailed, match=r"needs 0\.0 GB more .* has 0\.0 GB left"):
        fetch(free=lambda _: 1000)
    assert not hub.sent


def test_a_models_folder_that_cannot_be_made_is_named(fetch: Pull, models_dir: Path):
    models_dir.write_text("a file in its place")
    with pytest.raises(DownloadFailed, match=r"could not be written to .*models"):
        fetch()


def test_a_disk_that_fills_up_is_named(fetch: Pull):
    def full(_: Progress) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DownloadFailed, match="No space left on device"):
        fetch(report=full)


def test_a_second_pull_at_once_is_refused(fetch: Pull, hub: StubHub):
    hub.held = threading.Event()
    first = threading.Thread(target=fetch)
    first.start()
    while not any("/resolve/" in url for url in hub.asked):
        threading.Event().wait(0.005)
    with pytest.raises(DownloadRunning):
        fetch()
    hub.held.set()
    first.join()


def test_a_lock_left_behind_by_a_dead_process_does_not_block(
    fetch: Pull, models_dir: Path, checkpoint: Checkpoint
):
    models_dir.mkdir()
    (models_dir / f".{checkpoint.folder}.lock").write_text("4194304")
    assert fetch().is_dir()


def test_the_lock_is_given_back(fetch: Pull, models_dir: Path, checkpoint: Checkpoint):
    fetch()
    with FileLock(models_dir / f".{checkpoint.folder}.lock", timeout=0) as lock:
        assert lock.is_locked


# --- what is repaired -----------------------------------------------------------------------


def test_a_pull_repairs_one_broken_file_and_fetches_no_other(
    fetch: Pull, hub: StubHub, files: Files
):
    folder = fetch()
    hub.sent.clear()
    damaged = bytearray(files[WEIGHTS])
    damaged[-1] ^= 1
    (folder / WEIGHTS).write_bytes(damaged)
    assert content(fetch()) == files
    assert hub.sent == {WEIGHTS: len(files[WEIGHTS])}


def test_an_incomplete_copy_by_hand_is_completed_in_place(
    fetch: Pull, hub: StubHub, files: Files, lay: Lay, checkpoint: Checkpoint
):
    lay(checkpoint.id, {path: body for path, body in files.items() if path != "vocab.json"})
    folder = fetch()
    assert folder.name == checkpoint.folder
    assert content(folder) == files
    assert hub.sent == {"vocab.json": len(files["vocab.json"])}


def test_an_unreachable_hub_leaves_a_damaged_folder_where_it_is(
    fetch: Pull, files: Files, lay: Lay, checkpoint: Checkpoint
):
    folder = lay(checkpoint.folder, files | {"vocab.json": b"{"})
    with pytest.raises(DownloadFailed):
        fetch(url="http://127.0.0.1:1")
    assert (folder / WEIGHTS).is_file()
