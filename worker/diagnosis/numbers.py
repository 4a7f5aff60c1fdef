"""Numbers as findings tell them."""

GIGABYTE = 10**9


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
