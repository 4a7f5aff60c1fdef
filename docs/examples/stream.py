"""Write speech into a file while it is made: `python stream.py "A long text." speech.mp3`."""

import asyncio
import sys
import time
from pathlib import Path

from shared.client import AsyncClient

if len(sys.argv) != 3:
    sys.exit(__doc__)
text, path = sys.argv[1], Path(sys.argv[2])


async def main() -> None:
    begun = time.monotonic()
    async with AsyncClient.from_environment(patience=60) as client:
        with path.open("wb") as file:
            async for block in client.hear(text, "serena", format="mp3"):
                if not file.tell():
                    print(f"The first sound came after {time.monotonic() - begun:.1f} s.")
                file.write(block)
    print(f"{path} has {path.stat().st_size} bytes.")


asyncio.run(main())
