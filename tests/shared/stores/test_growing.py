"""The contract of runs that grow, and what happens when a later attempt takes one over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.errors import StoreUnavailable, Superseded, UnknownFile, UnknownOutput
from shared.stores.outputs import MASTER, METADATA, Growing, OutputStore
from tests.shared.stores.backends import files_limited_to
from tests.shared.stores.runs import make, new_id, wav

RUN = new_id()


def _write_staged(growing: Growing) -> None:
    with growing.writing():
        (growing.stage() / "audio.wav").write_bytes(b"spoiled")


USES: dict[str, Callable[[Growing], object]] = {
    "append": lambda growing: growing.append(MASTER, b"spoiled"),
    "append_anew": lambda growing: growing.append("other.wav", b"spoiled"),
    "truncate": lambda growing: growing.truncate(MASTER, 0),
    "size": lambda growing: growing.size(MASTER),
    "read": lambda growing: growing.read(MASTER, 0, 1),
    "stage": lambda growing: growing.stage(),
    "writing": _write_staged,
    "finish": lambda growing: growing.finish(),
    "discard": lambda growing: growing.discard(),
}
"""All that can be done with a growing run."""


@pytest.fixture
def growing(store: OutputStore) -> Growing:
    return store.begin(RUN, 1)


@pytest.fixture(params=list(USES.values()), ids=list(USES))
def use(request: pytest.FixtureRequest) -> Callable[[Growing], object]:
    return request.param


def written(growing: Growing) -> bytes:
    return growing.read(MASTER, 0, 1 << 20)


def finish(growing: Growing) -> None:
    growing.append(METADATA, b"{}")
    growing.finish()


# --- in the hands of one attempt ---


def test_what_was_appended_can_be_read_at_once(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    growing.append(MASTER, b"def")
    assert store.size(RUN, MASTER) == growing.size(MASTER) == 6
    assert store.read(RUN, MASTER, 2, 3) == growing.read(MASTER, 2, 3) == b"cde"


def test_a_read_is_short_at_the_end_and_empty_beyond_it(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    assert store.read(RUN, MASTER, 1, 100) == growing.read(MASTER, 1, 100) == b"bc"
    assert store.read(RUN, MASTER, 100, 10) == growing.read(MASTER, 100, 10) == b""


def test_a_growing_run_is_listed_as_growing_only(store: OutputStore, growing: Growing):
    growing.append(METADATA, b"{}")
    assert store.growing() == [RUN]
    assert list(store.entries()) == []
    assert not store.finished(RUN)


def test_what_reads_finished_runs_does_not_know_a_growing_one(store: OutputStore, growing: Growing):
    growing.append(METADATA, b"{}")
    for ask in (store.files, store.metadata, store.labels, store.trash):
        with pytest.raises(UnknownOutput):
            ask(RUN)


def test_a_file_can_be_cut_to_a_length(growing: Growing):
    growing.append(MASTER, b"abcdef")
    growing.truncate(MASTER, 2)
    growing.append(MASTER, b"X")
    assert written(growing) == b"abX"


def test_cutting_a_file_that_is_not_there_makes_none(store: OutputStore, growing: Growing):
    growing.truncate(MASTER, 0)
    assert store.size(RUN, MASTER) == growing.size(MASTER) == 0
    with pytest.raises(UnknownFile):
        store.read(RUN, MASTER, 0, 1)


def test_a_missing_file_is_not_taken_for_a_lost_run(growing: Growing):
    with pytest.raises(UnknownFile):
        growing.read(MASTER, 0, 1)
    with pytest.raises(UnknownFile, match=r"line\.wav"), growing.writing():
        (growing.stage() / "line.wav").rename(growing.stage() / "audio.wav")


def test_a_staged_file_is_part_of_the_run(store: OutputStore, growing: Growing):
    (growing.stage() / "audio.wav").write_bytes(wav())
    finish(growing)
    assert store.files(RUN) == {"audio.wav": len(wav()), METADATA: 2}


def test_a_refusal_while_writing_staged_files_is_explained(growing: Growing):
    with pytest.raises(StoreUnavailable), growing.writing(), files_limited_to(10):
        (growing.stage() / "audio.wav").write_bytes(wav())


def test_an_append_that_does_not_fit_leaves_nothing_of_itself(growing: Growing):
    growing.append(MASTER, b"a" * 1_000)
    with files_limited_to(1_500), pytest.raises(StoreUnavailable):
        growing.append(MASTER, b"b" * 1_000)
    assert written(growing) == b"a" * 1_000


def test_a_run_without_metadata_cannot_be_finished(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    with pytest.raises(UnknownFile, match=METADATA):
        growing.finish()
    assert list(store.entries()) == []
    assert written(growing) == b"abc"


# --- the end ---


def test_a_discarded_run_is_gone(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    growing.discard()
    assert store.growing() == []
    assert store.size(RUN, MASTER) == 0


def test_the_store_discards_a_run_whichever_attempt_holds_it(store: OutputStore):
    store.begin(RUN, 1)
    store.begin(RUN, 7).append(MASTER, b"abc")
    store.discard(RUN)
    assert store.growing() == []
    assert store.size(RUN, MASTER) == 0


def test_discarding_what_was_never_begun_is_fine(store: OutputStore):
    store.discard(RUN)


def test_discarding_leaves_a_finished_run_alone(store: OutputStore):
    run = make(store)
    store.begin(run, 2).discard()
    store.discard(run)
    assert store.read(run, "audio.wav", 0, 1 << 20) == wav()


def test_an_attempt_whose_run_was_discarded_holds_nothing(
    store: OutputStore, growing: Growing, use: Callable[[Growing], object]
):
    store.discard(RUN)
    with pytest.raises(Superseded):
        use(growing)
    assert store.growing() == []


def test_an_attempt_that_has_finished_holds_nothing(
    store: OutputStore, growing: Growing, use: Callable[[Growing], object]
):
    finish(growing)
    with pytest.raises(Superseded):
        use(growing)
    assert store.files(RUN) == {METADATA: 2}


def test_a_run_that_was_discarded_can_be_begun_anew(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    store.discard(RUN)
    assert store.begin(RUN, 2).size(MASTER) == 0


# --- taken over ---


def test_a_later_attempt_goes_on_with_the_bytes_of_the_earlier(
    store: OutputStore, growing: Growing
):
    growing.append(MASTER, b"abc")
    later = store.begin(RUN, 2)
    later.append(MASTER, b"def")
    assert written(later) == store.read(RUN, MASTER, 0, 10) == b"abcdef"


def test_a_superseded_attempt_can_do_nothing(
    store: OutputStore, growing: Growing, use: Callable[[Growing], object]
):
    growing.append(MASTER, b"abc")
    growing.append(METADATA, b"{}")
    later = store.begin(RUN, 2)
    with pytest.raises(Superseded):
        use(growing)
    assert {path.name for path in later.stage().iterdir()} == {MASTER, METADATA}
    assert written(later) == b"abc"
    assert not store.finished(RUN)


def test_a_superseded_attempt_can_do_nothing_to_what_the_later_one_finished(
    store: OutputStore, growing: Growing, use: Callable[[Growing], object]
):
    growing.append("audio.wav", b"abc")
    finish(store.begin(RUN, 2))
    with pytest.raises(Superseded):
        use(growing)
    assert store.files(RUN) == {"audio.wav": 3, METADATA: 2}


def test_what_a_superseded_attempt_has_open_is_not_what_the_later_one_has(
    store: OutputStore, growing: Growing
):
    growing.append(MASTER, b"abc")
    with (growing.stage() / MASTER).open("r+b") as file:
        later = store.begin(RUN, 2)
        file.write(b"spoiled")
    assert written(later) == b"abc"


def test_what_is_no_file_of_a_run_does_not_outlive_the_attempt(
    store: OutputStore, growing: Growing
):
    (growing.stage() / ".audio.wav.half").write_bytes(b"abc")
    (growing.stage() / "scratch").mkdir()
    (growing.stage() / "scratch" / "part.wav").write_bytes(b"abc")
    later = store.begin(RUN, 2)
    assert list(later.stage().iterdir()) == []


def test_the_same_attempt_begun_again_goes_on(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"abc")
    again = store.begin(RUN, 1)
    again.append(MASTER, b"def")
    growing.append(MASTER, b"ghi")
    assert written(again) == b"abcdefghi"


def test_an_attempt_earlier_than_the_present_one_is_refused(store: OutputStore):
    present = store.begin(RUN, 10)
    present.append(MASTER, b"abc")
    with pytest.raises(Superseded):
        store.begin(RUN, 9)
    assert written(present) == b"abc"


def test_a_run_that_was_taken_over_grows_once(store: OutputStore):
    for attempt in range(1, 12):
        store.begin(RUN, attempt)
    assert store.growing() == [RUN]


def test_taking_one_run_over_leaves_others_alone(store: OutputStore, growing: Growing):
    store.begin(other := new_id(), 1)
    store.begin(other, 2)
    growing.append(MASTER, b"abc")
    assert written(growing) == b"abc"
    assert store.growing() == sorted([RUN, other])


def test_a_taking_over_that_does_not_fit_loses_nothing(store: OutputStore, growing: Growing):
    growing.append(MASTER, b"a" * 1_000)
    with files_limited_to(500), pytest.raises(StoreUnavailable):
        store.begin(RUN, 2)
    assert written(store.begin(RUN, 3)) == b"a" * 1_000


# --- at the same moment ---


def test_either_the_earlier_attempt_finishes_or_the_later_one_has_its_bytes(store: OutputStore):
    for _ in range(100):
        run = new_id()
        earlier = store.begin(run, 1)
        earlier.append("audio.wav", b"abc")
        earlier.append(METADATA, b"{}")
        together = Barrier(2)

        def end(earlier: Growing = earlier, together: Barrier = together) -> bool:
            together.wait()
            try:
                earlier.finish()
            except Superseded:
                return False
            return True

        def begin(run: str = run, together: Barrier = together) -> Growing:
            together.wait()
            return store.begin(run, 2)

        with ThreadPoolExecutor() as threads:
            ended, later = threads.submit(end), threads.submit(begin)
        assert store.finished(run) == ended.result()
        assert later.result().size("audio.wav") == (0 if ended.result() else 3)
        assert store.read(run, "audio.wav", 0, 10) == b"abc"


def test_of_attempts_that_begin_together_the_last_holds_the_run(store: OutputStore):
    for _ in range(20):
        run = new_id()
        store.begin(run, 1).append(MASTER, b"abc")
        together = Barrier(8)

        def begin(attempt: int, run: str = run, together: Barrier = together) -> Growing | None:
            together.wait()
            try:
                return store.begin(run, attempt)
            except Superseded:
                return None

        with ThreadPoolExecutor(8) as threads:
            *earlier, last = threads.map(begin, range(2, 10))
        assert last is not None
        assert written(last) == b"abc"
        for attempt in filter(None, earlier):
            with pytest.raises(Superseded):
                attempt.append(MASTER, b"spoiled")


def test_a_reader_follows_a_file_through_attempts_to_the_finished_run(store: OutputStore):
    store.begin(RUN, 1).append("audio.wav", b"")
    heard = bytearray()

    def write() -> None:
        for number in range(200):
            store.begin(RUN, number + 2).append("audio.wav", bytes([number]) * 100)
        finish(store.begin(RUN, 202))

    with ThreadPoolExecutor() as threads:
        writer = threads.submit(write)
        while not writer.done() or len(heard) < store.size(RUN, "audio.wav"):
            heard += store.read(RUN, "audio.wav", len(heard), 64)
        writer.result()
    assert heard == b"".join(bytes([number]) * 100 for number in range(200))
