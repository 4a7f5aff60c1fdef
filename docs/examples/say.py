"""Submit a text, wait, write the file: `python say.py "Good evening." evening.wav`."""

import sys
from pathlib import Path

from shared.client import Client

if len(sys.argv) != 3:
    sys.exit(__doc__)
text, path = sys.argv[1], Path(sys.argv[2])

with Client.from_environment(patience=60) as client:
    job = client.submit("custom_voice", {"text": text, "speaker": "serena"})
    job = client.finish(job.id)
    client.download(job.id, path)
    preview = " (a preview)" if job.engine and job.engine.preview else ""
    print(f"{job.audio_seconds:.1f} s in {path}{preview}, seed {job.seed}")
