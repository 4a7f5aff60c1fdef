"""What one job may be asked for, and how much of it."""

from shared.access.credentials import Grant
from shared.errors import ForbiddenScope, JobTooLong, TextTooLong
from shared.requests.pipeline import Pipeline
from shared.resolution import Resolved
from shared.settings import Settings


def check(resolved: Resolved, settings: Settings, grant: Grant) -> None:
    """Raises TextTooLong, JobTooLong, or ForbiddenScope for a voice that is to be kept."""
    request = resolved.request
    kept = next((field for field in request.new_voices() if getattr(request, field)), None)
    if kept and "voices" not in grant.scopes:
        raise ForbiddenScope(
            "This key may not keep voices: it lacks the scope `voices`.", param=kept
        )
    text = getattr(request, "text", None) or ""
    if len(text) > settings.max_text and not isinstance(request, Pipeline):
        raise TextTooLong(
            f"text: It has {len(text)} characters, and may have {settings.max_text}.", param="text"
        )
    longest = settings.max_job_seconds
    if longest and resolved.estimate > longest:
        raise JobTooLong(
            f"This would last about {resolved.estimate:.0f} seconds; a job may have {longest:.0f}."
        )
