"""Values that point elsewhere in the file: varying lengths and references."""

from .datatypes import VARYING
from .source import Damage

_MOST_VALUES = 10_000
_DEEPEST = 4


class Pointers:
    """Follows what values point to; objects that are referred to go to ``objects``."""

    def __init__(self, source, heaps):
        self._source, self._heaps, self.objects = source, heaps, []

    def follow(self, values, datatype, depth=0, objects=False):
        """Check the pointers of ``values``, `Fields` full of values of ``datatype``.

        With ``objects`` also the objects that are referred to. Otherwise they may have
        been deleted since.
        """
        if depth > _DEEPEST:
            return
        for first in range(0, min(values.left, _MOST_VALUES * datatype.size), datatype.size):
            for at, kind, base in datatype.pointers:
                values.at = first + at
                if values.left < self._source.address_size:
                    return
                if kind == VARYING:
                    self._varying(values, base, depth, objects)
                elif kind == "region":
                    self._region(values)
                elif objects:
                    self._object(values)

    def _varying(self, values, base, depth, objects):
        begin = values.offset
        count, address, index = values.number(4), values.address(), values.number(4)
        if not address or not count:
            return
        found = self._heaps.find(address, index, begin)
        # The library copies the object into room for this many values.
        if found.left != count * base.size:
            raise Damage(f"{found.left} bytes in place of {count} values", begin)
        if base.pointers:
            self.follow(found, base, depth + 1, objects)

    def _object(self, values):
        address = values.address()
        if address:
            self.objects.append(address)

    def _region(self, values):
        begin, address, index = values.offset, values.address(), values.number(4)
        if address:
            self._heaps.find(address, index, begin)
