"""The checkpoints that lie on the machine, whole or not."""

from collections.abc import Iterator

from shared.checkpoints import folder
from shared.checkpoints.folder import Entry
from shared.settings import Settings
from shared.status import Finding, Verdict
from worker.diagnosis.numbers import GIGABYTE


def look(settings: Settings) -> Iterator[Finding]:
    """Each of them, and what completes it."""
    for entry in folder.scan(settings.models_dir):
        if entry.presence.state != "absent":
            yield _checkpoint(entry)


def _checkpoint(entry: Entry) -> Finding:
    presence = entry.presence
    fact = f"{entry.id}: {presence.state}, {presence.nbytes / GIGABYTE:.1f} GB"
    if presence.state == "present":
        return Finding("checkpoint", "good", fact)
    wrong = ", ".join((*presence.missing, *presence.damaged))
    advice = f"`qtts models pull {entry.id}` completes it." if entry.checkpoint else ""
    verdict: Verdict = "bad" if presence.state == "damaged" else "note"
    return Finding("checkpoint", verdict, f"{fact} ({wrong})" if wrong else fact, advice)
