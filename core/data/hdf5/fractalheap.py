"""The heaps that hold the links of large groups and the attributes of large objects."""

import bisect

from .source import Damage

_CHECKED = 2
_MOST_BLOCKS = 100_000


class FractalHeap:
    """Finds the objects of the heap at ``address``; a heap with filters is ``opaque``."""

    def __init__(self, source, address):
        self.source, self.address = source, address
        size = 26 + 12 * source.length_size + 3 * source.address_size + 12
        head = source.read(address, min(size, source.end - source.base - address), "heap of names")
        head.expect(b"FRHP", "heap of names")
        head.version((0,), "heap of names")
        head.take(2)
        filters, self.flags = head.number(2), head.number(1)
        self.largest = head.number(4)
        head.take(10 * source.length_size + 2 * source.address_size)
        self.width, self.start, self.most = head.number(2), head.length(), head.length()
        self.bits = head.number(2)
        head.take(2)
        self.root, self.rows = head.address(), head.number(2)
        self.opaque = filters > 0
        # The filters of a heap stand before its sum: the size of its first block, a mask, they.
        more = source.length_size + 4 + filters if self.opaque else 0
        whole = source.own(address, head.at + more + 4, "heap of names")
        source.check_sum(whole, "heap of names")
        power = all(n and n & (n - 1) == 0 for n in (self.width, self.start, self.most))
        if not power or self.start > self.most or not 0 < self.bits <= 64:
            raise Damage("a heap of names of odd blocks", head.origin)
        self.offset_width = -(-self.bits // 8)
        within = -(-(self.most.bit_length() - 1) // 8)
        self.length_width = min(within, max(0, self.largest.bit_length() - 1) // 8 + 1)
        self.blocks, self.count = [], 0
        if self.root is not None and not self.opaque:
            if self.rows:
                self._indirect(self.root, 0, self.rows)
            else:
                self._direct(self.root, 0, self.start)
        self.blocks.sort()
        self.begins = [begin for begin, _, _ in self.blocks]

    def find(self, heap_id, where):
        """The object as `Fields`, or None where it is kept outside the heap's blocks."""
        kind = heap_id[0] >> 4 & 3
        if kind or self.opaque:
            return None
        begin = int.from_bytes(heap_id[1 : 1 + self.offset_width], "little")
        rest = heap_id[1 + self.offset_width :][: self.length_width]
        size = int.from_bytes(rest, "little")
        number = bisect.bisect_right(self.begins, begin) - 1
        if number < 0 or begin + size > sum(self.blocks[number][:2]):
            raise Damage("a name outside its heap", where)
        first, _, address = self.blocks[number]
        return self.source.read(address + begin - first, size, "a name in a heap")

    def _head(self, block, signature, offset):
        block.expect(signature, "block of a heap of names")
        block.version((0,), "block of a heap of names")
        begin = block.offset
        if block.address() != self.address or block.number(self.offset_width) != offset:
            raise Damage("a block of another heap of names", begin)

    def _direct(self, address, offset, size):
        source = self.source
        block = source.own(address, size, "block of a heap of names")
        self._head(block, b"FHDB", offset)
        if self.flags & _CHECKED:
            # The sum lies in the block itself, and counts as zero.
            kept = block.at
            stated = block.take(4)
            block.data = block.data[:kept] + bytes(4) + block.data[kept + 4 :] + stated
            source.check_sum(block, "block of a heap of names")
        self.blocks.append((offset, size, address))

    def _indirect(self, address, offset, rows):
        source = self.source
        self.count += 1
        direct = self.most.bit_length() - self.start.bit_length() + 2
        if rows > 64 or self.count > _MOST_BLOCKS:
            raise Damage(f"a heap of names of {rows} rows", source.base + address)
        size = 9 + source.address_size + self.offset_width
        size += rows * self.width * source.address_size
        block = source.own(address, size, "block of a heap of names")
        self._head(block, b"FHIB", offset)
        source.check_sum(block, "block of a heap of names")
        for row in range(rows):
            part = self.start << max(0, row - 1)
            for _ in range(self.width):
                place = block.address()
                if place is not None and row < direct:
                    self._direct(place, offset, part)
                elif place is not None:
                    first = (self.start * self.width).bit_length()
                    self._indirect(place, offset, part.bit_length() - first + 1)
                offset += part
