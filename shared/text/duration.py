"""How long a text takes to speak, estimated from its characters."""

from shared import languages

# Characters per second of read speech; for zh, ja, ko blanks do not count. Starting values
# that have not been calibrated on recordings of the model.
_PACE = {
    "chinese": 4.5,
    "japanese": 7.0,
    "korean": 6.5,
    "english": 14.5,
    "german": 14.0,
    "russian": 14.0,
    "french": 15.0,
    "portuguese": 15.0,
    "italian": 15.0,
    "spanish": 15.5,
}
_WITHOUT_BLANKS = frozenset({"chinese", "japanese", "korean"})


def estimate(text: str, language: str) -> float:
    """Seconds of speech, never less than half a second."""
    if language == languages.AUTO:
        language = languages.guess(text)
    length = sum(not c.isspace() for c in text) if language in _WITHOUT_BLANKS else len(text)
    return max(0.5, length / _PACE[language])
