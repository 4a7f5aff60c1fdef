"""Seeds of further attempts."""

import hashlib


def derived_seed(seed: int, attempt: int) -> int:
    """The seed itself at first; then, as a seed that failed fails again, others made from it."""
    if attempt == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
