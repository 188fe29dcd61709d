"""How the core tells a caller what it is doing and learns that it should stop."""

from .errors import Cancelled


class Progress:
    """Silent progress that is never cancelled; callers override what they need."""

    def set(self, fraction):
        """Say how much of the work is done, 0 to 1."""

    def info(self, message):
        """Say something the reader of the log wants to know."""

    def warn(self, message):
        """Say something the reader of the log has to know."""

    def is_cancelled(self):
        """Whether the user asked to stop."""
        return False

    def check(self):
        """Raise `Cancelled` if the user asked to stop."""
        if self.is_cancelled():
            raise Cancelled()

    def part(self, start, stop):
        """A progress for a part of the work, mapped onto ``start``…``stop``."""
        return _Part(self, start, stop)


class _Part(Progress):
    def __init__(self, whole, start, stop):
        self._whole, self._start, self._stop = whole, start, stop

    def set(self, fraction):
        self._whole.set(self._start + (self._stop - self._start) * fraction)

    def info(self, message):
        self._whole.info(message)

    def warn(self, message):
        self._whole.warn(message)

    def is_cancelled(self):
        return self._whole.is_cancelled()


SILENT = Progress()
