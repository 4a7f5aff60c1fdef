"""Entity tags of HTTP: whether who asks has an answer already."""


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether `If-None-Match`, a header as it came, names this tag (RFC 9110, 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return bool(etag) and (etag.removeprefix("W/") in tags or "*" in tags)
