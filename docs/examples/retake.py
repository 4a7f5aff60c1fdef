"""Narrate a document, speak one line again, and let the new take be heard.

`python retake.py story.md story.mp3`
"""

import sys
import time
from pathlib import Path

from shared.client import Client

if len(sys.argv) != 3:
    sys.exit(__doc__)
source, target = Path(sys.argv[1]), Path(sys.argv[2])

with Client.from_environment(patience=60) as client:
    job = client.narrate(
        source,
        target,
        narrator="ryan",
        progress=lambda told: print(f"{told.progress:4.0%} {told.stage}"),
    )
    line = client.lines(job.id, limit=1).items[0]
    print(f"Line {line.number}: {line.text}")

    take = client.finish(client.retake(job.id, line.number, instruct="slowly, in wonder").id)
    page = client.choose(job.id, line.number, take=len(line.takes) + 1)
    while page.assembly.state == "running":
        time.sleep(0.2)
        page = client.lines(job.id, limit=1)
    client.download(job.id, target)
    chosen = client.line(job.id, line.number).chosen
    print(f"{target} has take {chosen} of line {line.number}, made in {take.audio_seconds:.1f} s.")
