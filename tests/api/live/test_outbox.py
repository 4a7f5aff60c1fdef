import asyncio
from collections.abc import Awaitable, Callable

from api.live.bell import Bell
from api.live.events import Ended, Said, Sound, Warned
from api.live.outbox import Outbox
from api.live.turns import Utterance

HALF = Sound(1, bytes(4))
WHOLE = Said(1, "job", "Yes.", [], 5)


def act(scene: Callable[[Outbox, Bell], Awaitable[None]]) -> None:
    async def run() -> None:
        bell = Bell()
        async with asyncio.timeout(10):
            await scene(Outbox(bell), bell)

    asyncio.run(run())


def test_what_is_forgotten_was_not_heard():
    async def scene(outbox: Outbox, _: Bell) -> None:
        broken, kept = Utterance(1), Utterance(2)
        for event in (HALF, HALF, WHOLE):
            await outbox.put(broken, event)
        await outbox.put(kept, Warned(2, "It is late."))
        assert outbox.next() == HALF
        outbox.forget([broken])
        outbox.end(broken, cancelled=True)
        assert (broken.samples, broken.characters) == (2, 0)
        assert outbox.next() == Warned(2, "It is late.")
        assert outbox.next() == Ended(1, 0, cancelled=True, partial=True)
        assert not outbox

    act(scene)


def test_one_who_reads_nothing_is_not_sent_more_than_so_much():
    async def scene(outbox: Outbox, bell: Bell) -> None:
        utterance = Utterance(1)

        async def fill() -> None:
            while not bell.closed:
                await outbox.put(utterance, HALF)

        filling = asyncio.create_task(fill())
        await asyncio.sleep(0)
        full = utterance.samples
        await asyncio.sleep(0)
        assert utterance.samples == full
        outbox.next()
        await bell.until(lambda: utterance.samples > full)
        bell.close()
        await filling

    act(scene)
