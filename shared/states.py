"""The states of a job and the steps between them; the `transition` script knows no others."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    """Waits for a worker."""
    RUNNING = "running"
    """A worker speaks it."""
    PAUSED = "paused"
    """A pipeline stopped between two lines, or before its first, until it is resumed."""
    SUCCEEDED = "succeeded"
    """Its audio is complete."""
    FAILED = "failed"
    """It ended with an error."""
    CANCELLED = "cancelled"
    """Somebody stopped it."""

    @property
    def terminal(self) -> bool:
        """True for a state that is never left."""
        return not STEPS[self]


STEPS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset(
        {JobState.RUNNING, JobState.PAUSED, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.RUNNING: frozenset(
        {
            JobState.QUEUED,
            JobState.PAUSED,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.CANCELLED,
        }
    ),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


def origins(target: JobState) -> list[JobState]:
    """The states from which `target` may be entered."""
    return [state for state, targets in STEPS.items() if target in targets]
