"""Text that comes in pieces, spoken by a real worker."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from api.admission import Sender
from api.app import open_context
from api.deps import Context
from api.live import submitting
from api.live.events import Began, Ended, Event, Idled, Said, Sound, Warned
from api.live.manner import Manner
from api.live.session import Session
from api.live.turns import AHEAD
from shared import keys
from shared.errors import SpeechError, TextTooLong
from shared.jobs import JobRecord
from shared.settings import load
from shared.states import JobState
from shared.text.sentences import PAUSES, Boundary
from tests.api.jobs import no_room
from tests.stack import Stack

Kind = TypeVar("Kind")
TEXT = "The lamp turned slowly. Ten seconds went by. Nobody was there to see it."
SENTENCES = ["The lamp turned slowly.", "Ten seconds went by.", "Nobody was there to see it."]
ENGLISH = Manner("custom_voice", {"language": "english"})
SECOND = 2 * 24_000
PATIENCE = 60.0


@asynccontextmanager
async def serving(stack: Stack, **settings: Any) -> AsyncGenerator[Context]:
    """What an API process holds that serves beside those of the stack."""
    folders = {
        "outputs_dir": stack.outputs_dir,
        "voices_dir": stack.folder / "voices",
        "run_dir": stack.folder / "run",
    }
    context = open_context(load(redis_url=stack.redis_url, **folders, **settings))
    context.hub.start()
    try:
        yield context
    finally:
        await context.hub.stop()
        await context.records.close()
        context.redis.close()


Scene = Callable[[Session, Context], Awaitable[Kind]]


def act(
    stack: Stack,
    scene: Scene[Kind],
    manner: Manner = ENGLISH,
    idle: float | None = None,
    **settings: Any,
) -> Kind:
    """A scene with a session of its own."""

    async def run() -> Kind:
        async with asyncio.timeout(PATIENCE), serving(stack, **settings) as context:
            session = Session(context, Sender("address-127.0.0.1"), manner, idle)
            try:
                return await scene(session, context)
            finally:
                await session.close()

    return asyncio.run(run())


async def rest(session: Session) -> list[Event]:
    """Everything that is still to be heard."""
    return [event async for event in session.events()]


def of(events: list[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def sound(events: list[Event]) -> bytes:
    return b"".join(event.data for event in of(events, Sound))


def texts(events: list[Event]) -> list[str]:
    return [said.text for said in of(events, Said)]


def jobs(context: Context, events: list[Event]) -> list[JobRecord]:
    return [context.queue.get(said.job) for said in of(events, Said)]


# --- in order ---


@pytest.fixture(scope="module")
def spoken(stack: Stack) -> tuple[list[Event], list[JobRecord]]:
    """One utterance that came letter by letter: events, and the jobs that spoke it."""

    async def scene(session: Session, context: Context) -> tuple[list[Event], list[JobRecord]]:
        for letter in TEXT:
            await session.append(letter)
        await session.finish()
        events = await rest(session)
        return events, jobs(context, events)

    return act(stack, scene)


def test_each_sentence_is_a_job_and_they_are_heard_in_order(spoken):
    events, jobs = spoken
    assert texts(events) == SENTENCES
    assert [job.request["text"] for job in jobs] == SENTENCES
    assert len({job.id for job in jobs}) == 3


def test_an_utterance_begins_sounds_and_ends(spoken):
    events, jobs = spoken
    (began,) = of(events, Began)
    assert events[0] == began
    assert (began.utterance, began.job, began.engine.preview) == (1, jobs[0].id, True)
    assert events[-1] == Ended(1, len(TEXT))


def test_nothing_stands_between_the_sentences_but_the_usual_pause(spoken):
    events, jobs = spoken
    between = 2 * round(PAUSES[Boundary.SENTENCE] * SECOND)
    assert len(sound(events)) == sum(2 * job.samples for job in jobs) + between


def test_segments_say_where_in_the_utterance_they_are_heard(spoken):
    events, jobs = spoken
    segments = [segment for said in of(events, Said) for segment in said.segments]
    assert [segment.text for segment in segments] == SENTENCES
    lengths = [job.samples / 24_000 for job in jobs]
    pause = PAUSES[Boundary.SENTENCE]
    assert segments[1].start == pytest.approx(lengths[0] + pause)
    assert segments[2].end == pytest.approx(sum(lengths) + 2 * pause, abs=0.01)


def test_all_sentences_are_drawn_from_one_seed(spoken):
    _, jobs = spoken
    assert len({job.seed for job in jobs}) == 1


def test_somebody_waits_for_all_of_them(spoken):
    assert {job.queue for job in spoken[1]} == {"interactive"}


def test_a_seed_that_is_given_is_kept(stack: Stack):
    async def scene(session: Session, context: Context) -> set[int]:
        await session.append(TEXT)
        await session.finish()
        return {job.seed for job in jobs(context, await rest(session))}

    assert act(stack, scene, Manner("custom_voice", {"language": "en", "seed": 7})) == {7}


# --- what the client says ---


def test_a_flush_speaks_what_has_no_end_and_the_utterance_goes_on(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append("The lamp turned, and")
        await session.flush()
        await session.append("the sea was calm.")
        await session.finish()
        return await rest(session)

    events = act(stack, scene)
    assert texts(events) == ["The lamp turned, and", "the sea was calm."]
    assert [ended.utterance for ended in of(events, Ended)] == [1]


def test_a_commit_ends_an_utterance_and_another_begins(stack: Stack):
    async def scene(session: Session, _: Context) -> tuple[list[int], list[Event]]:
        numbers: list[int] = []
        for text in ("The lamp turned", "", "The sea was calm"):
            await session.append(text)
            numbers.append(await session.commit())
        await session.finish()
        return numbers, await rest(session)

    numbers, events = act(stack, scene)
    assert numbers == [1, 2, 3]
    assert of(events, Ended) == [Ended(1, 15), Ended(2, 0), Ended(3, 16)]
    assert [(said.utterance, said.text) for said in of(events, Said)] == [
        (1, "The lamp turned"),
        (3, "The sea was calm"),
    ]
    assert of(events, Said)[1].segments[0].start == 0


def test_another_manner_holds_from_the_next_sentence_on(stack: Stack):
    async def scene(session: Session, context: Context) -> list[str]:
        await session.append("The lamp turned. The ")
        session.change(Manner("custom_voice", {"language": "en", "speaker": "vivian"}))
        await session.append("sea was calm.")
        await session.finish()
        return [job.request["speaker"] for job in jobs(context, await rest(session))]

    assert act(stack, scene) == ["ryan", "vivian"]


def test_what_is_cleared_is_not_spoken(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append("The lamp tur")
        await session.clear()
        await session.append("The sea was calm.")
        await session.finish()
        return await rest(session)

    assert texts(act(stack, scene)) == ["The sea was calm."]


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        (Manner("sing", {}), "unknown_task"),
        (Manner("narration", {}), "invalid_request"),
        (Manner("codec_encode", {}), "invalid_request"),
        (Manner("design_then_clone", {"description": "An old sailor."}), "invalid_request"),
        (Manner("custom_voice", {"text": "Hello."}), "invalid_request"),
        (Manner("custom_voice", {"speaker": "nobody"}), "unknown_speaker"),
        (Manner("custom_voice", {"preset": "nobody"}), "unknown_preset"),
        (Manner("voice_clone", {"voice": "nobody"}), "unknown_voice"),
        (Manner("voice_design", {"description": "Old.", "candidates": 2}), "invalid_request"),
    ],
    ids=str,
)
def test_what_cannot_be_spoken_so_is_refused_before_any_text(stack: Stack, manner, code):
    async def scene(session: Session, _: Context) -> None:
        session.change(manner)

    with pytest.raises(SpeechError) as error:
        act(stack, scene)
    assert error.value.code == code


def test_a_session_may_have_so_much_text_and_no_more(stack: Stack):
    async def scene(session: Session, _: Context) -> None:
        await session.append("The lamp ")
        await session.append("turned.")

    with pytest.raises(TextTooLong):
        act(stack, scene, live_max_characters=10)


def test_no_text_follows_the_end(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.finish()
        await session.finish()
        with pytest.raises(SpeechError):
            await session.append("The lamp turned.")
        return await rest(session)

    assert act(stack, scene) == []


# --- pace ---


def test_one_who_sends_far_more_than_is_spoken_can_still_cancel(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append(TEXT * 500)
        await session.cancel()
        await session.finish()
        return await rest(session)

    (ended,) = act(stack, scene)
    assert isinstance(ended, Ended)
    assert ended.cancelled


def test_nothing_more_is_submitted_than_is_heard_soon(paced: Stack):
    async def scene(session: Session, context: Context) -> int:
        await session.append(TEXT * 20)
        async for event in session.events():
            if isinstance(event, Said):
                break
        return context.queue.busy()

    assert act(paced, scene) <= AHEAD + 1


def test_a_full_queue_is_waited_for(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append(TEXT)
        await session.finish()
        return await rest(session)

    assert texts(act(stack, scene, max_queue=1)) == SENTENCES


def test_a_queue_that_stays_full_is_an_error(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submitting, "_PATIENCE", 0.0)

    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append(TEXT)
        await session.finish()
        return await rest(session)

    with no_room(stack):
        (ended,) = act(stack, scene)
    assert isinstance(ended, Ended)
    assert ended.error
    assert ended.error.code == "too_many_jobs"


def test_a_fault_of_our_own_is_raised_and_not_waited_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(submitting, "begin")

    async def scene(session: Session, _: Context) -> None:
        await session.append(TEXT)
        await rest(session)

    with pytest.raises(NameError):
        act(stack, scene)


def test_where_nothing_comes_what_is_there_is_spoken_and_it_ends(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append("The lamp turned, and")
        events = await rest(session)
        await session.append("too late")
        return events

    events = act(stack, scene, idle=0.2)
    assert texts(events) == ["The lamp turned, and"]
    assert events[-2:] == [Ended(1, 20), Idled(0.2)]


# --- breaking off ---


async def outcomes(context: Context, begun: list[JobRecord]) -> set[JobState]:
    """How jobs have ended, once they have."""
    while not all(context.queue.ended(job.id) for job in begun):
        await asyncio.sleep(0.02)
    return {context.queue.get(job.id).state for job in begun}


async def until_sound(session: Session, events: AsyncGenerator[Event]) -> None:
    async for event in events:
        if isinstance(event, Sound):
            return


@pytest.mark.parametrize("finished", [False, True], ids=["open", "finished"])
def test_a_cancel_stops_at_once_and_drops_the_rest(paced: Stack, finished: bool):
    async def scene(session: Session, context: Context) -> list[Event]:
        await session.append(TEXT)
        if finished:
            await session.finish()
        events = session.events()
        await until_sound(session, events)
        begun = context.queue.active()
        assert await session.cancel() == 1
        await session.finish()
        heard = [event async for event in events]
        assert await outcomes(context, begun) == {JobState.CANCELLED}
        return heard

    assert act(paced, scene) == [Ended(1, 0, cancelled=True, partial=True)]


def test_after_a_cancel_the_next_utterance_is_spoken(paced: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append(TEXT)
        events = session.events()
        await until_sound(session, events)
        await session.cancel()
        await session.append("Yes.")
        await session.finish()
        return [event async for event in events]

    events = act(paced, scene)
    assert of(events, Ended) == [Ended(1, 0, True, partial=True), Ended(2, 4)]
    assert texts(events) == ["Yes."]


def test_where_nothing_is_to_be_heard_nothing_is_cancelled(stack: Stack):
    async def scene(session: Session, _: Context) -> int:
        return await session.cancel()

    assert act(stack, scene) == 0


def test_a_sentence_that_fails_ends_its_utterance_and_the_next_is_spoken(stack: Stack):
    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append("The lamp turned. Xyzzyxyzzyxyzzyxyzzy. It was dark again. ")
        await session.commit()
        await session.append("The sea was calm.")
        await session.finish()
        return await rest(session)

    manner = Manner("custom_voice", {"language": "en", "lexicon": {"Xyzzyxyzzyxyzzyxyzzy": "..."}})
    events = act(stack, scene, manner)
    failed, ended = of(events, Ended)
    assert failed.error
    assert (failed.error.code, failed.partial) == ("nothing_to_say", True)
    assert ended == Ended(2, 17)
    assert texts(events) == ["The lamp turned.", "The sea was calm."]


def another_engine(stack: Stack) -> None:
    """As if the worker that has died had been one of another engine."""
    redis = stack.redis()
    for job in map(bytes.decode, redis.zrange(keys.ACTIVE, 0, -1)):  # pyright: ignore
        redis.hset(keys.job(job), "fingerprint", "another/1")


@pytest.mark.slow
def test_a_sentence_whose_sound_begins_anew_is_said_again(make_stack: Callable[..., Stack]):
    stack = make_stack(PREVIEW_PACE="1")

    async def scene(session: Session, _: Context) -> list[Event]:
        await session.append(TEXT)
        await session.finish()
        heard: list[Event] = []
        async for event in session.events():
            heard.append(event)
            if isinstance(event, Sound) and len(of(heard, Sound)) == 2:
                await asyncio.to_thread(stack.kill_worker)
                another_engine(stack)
                await asyncio.to_thread(stack.start_worker, wait=False)
        return heard

    events = act(stack, scene)
    assert events[-1] == Ended(1, len(TEXT))
    assert texts(events) == SENTENCES
    (warning,) = of(events, Warned)
    assert "is said again" in warning.message
    first, *_, last = [segment for said in of(events, Said) for segment in said.segments]
    assert first.start > 0
    assert last.end == pytest.approx(len(sound(events)) / SECOND, abs=0.05)


def test_of_a_client_that_has_gone_every_job_is_cancelled(paced: Stack):
    async def scene(session: Session, context: Context) -> set[JobState]:
        await session.append(TEXT)
        await until_sound(session, session.events())
        begun = context.queue.active()
        await session.close()
        return await outcomes(context, begun)

    assert act(paced, scene) == {JobState.CANCELLED}
