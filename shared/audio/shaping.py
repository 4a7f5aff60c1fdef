"""Sound on its way to one listener: at another pace, at another rate, encoded; piece by piece."""

from shared.audio.encode import encoder
from shared.audio.pcm import SAMPLE_RATE
from shared.requests.declared import Format


class Shaping:
    """One listener's sound; it may be dropped at any time without `finish`."""

    def __init__(
        self,
        format: Format,
        speed: float = 1.0,
        sample_rate: int = SAMPLE_RATE,
        volume: float = 1.0,
    ) -> None:
        """`speed` 0.25 to 4 at equal pitch; `sample_rate` in Hz of what leaves."""
        self._encoder = encoder(format)

    def feed(self, data: bytes) -> bytes:
        """What can be sent after these further bytes of s16le at 24 kHz, cut anywhere."""
        return self._encoder.feed(data)

    def finish(self) -> bytes:
        """The rest."""
        return self._encoder.finish()
