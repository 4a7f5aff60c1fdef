"""K-weighting (ITU-R BS.1770): sound filtered to what counts for its loudness."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from shared.audio.pcm import Samples


class Weighting:
    """The filter of a stream of sound, which may come in blocks of any size."""

    def __init__(self, rate: int, channels: int) -> None:
        self._sections = _sections(rate)
        self._state = np.zeros((len(self._sections), 2, channels))

    def feed(self, block: Samples) -> NDArray[np.float64]:
        """[samples, channels], weighted; what came before has its effect."""
        from scipy import signal

        filtering = cast(Any, signal)
        weighted, self._state = filtering.sosfilt(self._sections, block, axis=0, zi=self._state)
        return weighted


def _sections(rate: int) -> NDArray[np.float64]:
    """The shelf of the head and the high pass, [2, 6]: De Man's forms, exact at any rate."""
    # scipy comes with it, and takes half a second to import.
    from pyloudnorm.iirfilter import IIRfilter

    design: Any = IIRfilter
    filters = (
        design(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate, "high_shelf_DeMan"),
        design(0.0, 0.5003270373253953, 38.13547087613982, rate, "high_pass_DeMan"),
    )
    return np.array([[*it.b, *it.a] for it in filters])
