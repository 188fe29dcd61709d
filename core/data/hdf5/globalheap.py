"""The heaps of values of varying length: texts, lists, and what dimensions refer to."""

from .source import Damage


class GlobalHeaps:
    """Collections by address, each read once."""

    def __init__(self, source):
        self._source, self._known = source, {}

    def find(self, address, index, where):
        """The bytes of object ``index`` of the collection at ``address``, as `Fields`."""
        if address not in self._known:
            self._known[address] = self._collection(address)
        if index not in self._known[address]:
            raise Damage(f"a value that points to no object ({index})", where)
        begin, size = self._known[address][index]
        return self._source.read(begin, size, "a value of varying length")

    def _collection(self, address):
        source = self._source
        head = source.read(address, 8 + source.length_size, "heap of values")
        head.expect(b"GCOL", "heap of values")
        head.version((1,), "heap of values")
        head.take(3)
        size = head.length()
        if size < head.at:
            raise Damage(f"a heap of {size} bytes", head.origin)
        heap = source.own(address, size, "heap of values")
        heap.take(self._padded(head.at))
        return dict(self._objects(heap, address))

    @staticmethod
    def _padded(size):
        return -(-size // 8) * 8

    def _objects(self, heap, address):
        seen, head = set(), self._padded(8 + self._source.length_size)
        while heap.left >= head:
            begin = heap.offset
            index = heap.number(2)
            heap.take(6)
            size = heap.length()
            heap.take(head - 8 - self._source.length_size)
            if index in seen:
                raise Damage(f"the value {index} twice in a heap", begin)
            seen.add(index)
            if index == 0:
                # What is left over: its size counts its own head.
                if size != heap.left + head:
                    raise Damage(f"{size} free bytes in a heap of values", begin)
                return
            place = address + heap.at
            heap.take(self._padded(size), "a value of a heap")
            yield index, (place, size)
