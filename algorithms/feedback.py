"""QGIS feedback as the core's progress."""

from ..core import accelerate
from ..core.progress import Progress


class QgisProgress(Progress):
    """Passes progress, log lines and Cancel between the core and QGIS.

    Called only from the algorithm's own thread: the block engine's workers see
    Cancel through it.
    """

    def __init__(self, feedback):
        """Wrap a ``QgsProcessingFeedback``."""
        self._feedback = feedback

    def set(self, fraction):
        """Move the progress bar."""
        self._feedback.setProgress(100.0 * min(1.0, max(0.0, fraction)))

    def info(self, message):
        """Write a line to the log."""
        self._feedback.pushInfo(message)

    def warn(self, message):
        """Write a line to the log that cannot be overlooked."""
        self._feedback.pushWarning(message)

    def is_cancelled(self):
        """Whether the user pressed Cancel."""
        return self._feedback.isCanceled()


def tell_accelerator(progress):
    """Say in the log whether numba speeds up the run, and if not, what would be gained."""
    state = accelerate.state()
    if state.startswith("numba "):
        progress.info(f"Compiled by {state}.")
        return
    verb = "" if state.startswith("does not") else "is "
    progress.info(
        f"The optional package numba {verb}{state}. The results are the same without it, but take "
        "several times as long. How to install it: README, Install."
    )
