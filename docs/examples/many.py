"""Send many texts at once; an idempotency key makes it safe to run this again after a failure."""

import asyncio

from shared.client import AsyncClient

LINES = {"one": "The lamp turned.", "two": "Ten seconds.", "three": "Ten seconds; ten."}


async def main() -> None:
    async with AsyncClient.from_environment(patience=60) as client:
        jobs = [
            await client.submit(
                "custom_voice", {"text": text, "seed": 7}, priority="batch", idempotency_key=name
            )
            for name, text in LINES.items()
        ]
        for job in await asyncio.gather(*(client.wait(job.id) for job in jobs)):
            print(job.id, job.state.value, f"{job.audio_seconds:.1f} s")


asyncio.run(main())
