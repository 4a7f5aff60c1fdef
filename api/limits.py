"""How much one job may be asked to speak."""

from shared.errors import JobTooLong, TextTooLong
from shared.requests.pipeline import Pipeline
from shared.resolution import Resolved
from shared.settings import Settings


def check(resolved: Resolved, settings: Settings) -> None:
    """Raises TextTooLong or JobTooLong."""
    text = getattr(resolved.request, "text", None) or ""
    if len(text) > settings.max_text and not isinstance(resolved.request, Pipeline):
        raise TextTooLong(
            f"text: It has {len(text)} characters, and may have {settings.max_text}.", param="text"
        )
    longest = settings.max_job_seconds
    if longest and resolved.estimate > longest:
        raise JobTooLong(
            f"This would last about {resolved.estimate:.0f} seconds; a job may have {longest:.0f}."
        )
