"""How much a call of a model is given, so that Cancel is looked at often enough."""

import numpy as np

#: Seconds that one call of ONNX Runtime should take: Cancel is looked at in between.
CALL_SECONDS = 0.4


class Pace:
    """How many items to give one call, learnt from how long the last ones took."""

    def __init__(self, first, most, seconds=CALL_SECONDS):
        self.size, self.most, self.seconds = first, most, seconds
        self.busy = 0.0

    def took(self, items, elapsed):
        """Learn from a call of ``items`` items."""
        self.busy += elapsed
        if items >= self.size // 2:
            rate = items / max(elapsed, 1e-6)
            self.size = int(np.clip(rate * self.seconds, 1, min(self.most, 4 * self.size)))
