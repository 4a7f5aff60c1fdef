import asyncio
from contextlib import suppress

from api.stopping import stop


def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same():
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def scene() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await stop(task)
        return task.cancelled()

    assert asyncio.run(scene())


def test_a_task_that_fails_is_ended_without_a_word():
    async def failing() -> None:
        raise ValueError

    async def scene() -> bool:
        task = asyncio.create_task(failing())
        await stop(task)
        return task.done()

    assert asyncio.run(scene())


def test_all_are_cancelled_even_if_the_one_who_waits_is_cancelled_too():
    async def scene() -> list[bool]:
        ended = [asyncio.Event(), asyncio.Event()]

        async def stubborn(end: asyncio.Event) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                end.set()
                await asyncio.sleep(0.05)

        tasks = [asyncio.create_task(stubborn(end)) for end in ended]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(stop(*tasks))
        await asyncio.sleep(0.01)
        stopping.cancel()
        await asyncio.wait([stopping, *tasks])
        return [stopping.cancelled(), *(end.is_set() for end in ended)]

    assert asyncio.run(scene()) == [True, True, True]
