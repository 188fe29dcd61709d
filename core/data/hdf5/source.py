"""The file as bytes within bounds: every piece is inside the file and belongs to one owner."""

import numpy as np

#: Bytes whose checksum is verified here; behind them the library's own test has to do.
_CHECKSUM_BYTES = 4 << 20
#: Bytes of structure that are read at once; none in a sound file is as large.
_LARGEST_PIECE = 64 << 20


class Damage(Exception):
    """What is wrong, and at which byte."""

    def __init__(self, what, offset):
        super().__init__(what, offset)
        self.what, self.offset = what, offset


class Source:
    """An open file; ``base`` is what addresses count from, ``end`` the byte behind the file."""

    def __init__(self, stream, length):
        self._stream, self.end, self.base = stream, length, 0
        self.address_size = self.length_size = 8
        #: Children that a node of the old trees holds: of groups, their leaves, and chunks.
        self.group_children, self.leaf_symbols, self.chunk_children = 32, 8, 64
        self._starts, self._sizes, self._seen = [], [], set()
        self._left_to_sum = _CHECKSUM_BYTES

    def place(self, address, size, what):
        """The byte where ``size`` bytes at ``address`` begin; `Damage` outside the file."""
        begin = self.base + address
        if size < 0 or begin + size > self.end:
            raise Damage(f"{what} of {size} bytes behind the end of the file", begin)
        return begin

    def read(self, address, size, what):
        """``size`` bytes at ``address`` as `Fields`, without owning them."""
        begin = self.place(address, size, what)
        if size > _LARGEST_PIECE:
            raise Damage(f"{what} of {size} bytes", begin)
        self._stream.seek(begin)
        data = self._stream.read(size)
        if len(data) != size:
            raise Damage(f"{what} that cannot be read whole", begin)
        return Fields(self, data, begin)

    def own(self, address, size, what):
        """As `read`; no other piece may lie there."""
        fields = self.read(address, size, what)
        self.claim(address, size, what)
        return fields

    def claim(self, address, size, what):
        """Note that ``size`` bytes at ``address`` are taken; `Damage` outside the file."""
        self.claim_all(
            np.array([self.place(address, size, what)], np.int64), np.array([size], np.int64)
        )

    def claim_all(self, begins, sizes):
        """As `claim` for many places that are known to be inside the file."""
        self._starts.append(begins)
        self._sizes.append(sizes)

    def first_visit(self, kind, address):
        """Whether this structure has not been walked yet."""
        new = (kind, address) not in self._seen
        self._seen.add((kind, address))
        return new

    def check_overlaps(self):
        """Raise `Damage` where two structures lie in the same bytes."""
        if not self._starts:
            return
        begins, sizes = np.concatenate(self._starts), np.concatenate(self._sizes)
        begins, sizes = begins[sizes > 0], sizes[sizes > 0]
        order = np.argsort(begins, kind="stable")
        begins, ends = begins[order], (begins + sizes)[order]
        shared = np.flatnonzero(begins[1:] < ends[:-1])
        if shared.size:
            raise Damage("two structures in the same place", int(begins[1 + shared[0]]))

    def check_sum(self, fields, what):
        """Raise `Damage` where the last four bytes are not the checksum of those before."""
        from .lookup3 import lookup3

        body = fields.data[:-4]
        self._left_to_sum -= len(body)
        if self._left_to_sum < 0:
            return
        if lookup3(body) != int.from_bytes(fields.data[-4:], "little"):
            raise Damage(f"{what} whose checksum does not fit", fields.origin)


class Fields:
    """Bytes read one field after the other; `Damage` where they end too early."""

    def __init__(self, source, data, origin):
        self.source, self.data, self.origin, self.at = source, data, origin, 0

    @property
    def left(self):
        """How many bytes are still to be read."""
        return len(self.data) - self.at

    @property
    def offset(self):
        """Where in the file the next field is."""
        return self.origin + self.at

    def take(self, size, what="a field"):
        """The next ``size`` bytes."""
        if size < 0 or size > self.left:
            raise Damage(f"{what} that ends too early", self.offset)
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        """The next ``size`` bytes as an unsigned integer."""
        return int.from_bytes(self.take(size), "little")

    def address(self):
        """An address, or None where it is undefined."""
        size = self.source.address_size
        number = self.number(size)
        return None if number == (1 << 8 * size) - 1 else number

    def length(self):
        """A length or a number of elements."""
        return self.number(self.source.length_size)

    def part(self, size, what="a field"):
        """The next ``size`` bytes as `Fields` of their own."""
        origin = self.offset
        return Fields(self.source, self.take(size, what), origin)

    def text(self, what, multiple=1):
        """Bytes up to a zero, with its padding to a multiple; they must end in here."""
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise Damage(f"{what} without an end", self.offset)
        found = self.data[self.at : end]
        self.take(-(-(len(found) + 1) // multiple) * multiple, what)
        return found

    def expect(self, signature, what):
        """The next bytes must be ``signature``."""
        begin = self.offset
        if self.take(len(signature), what) != signature:
            raise Damage(f"no {what}", begin)

    def version(self, allowed, what):
        """The next byte, one of ``allowed``."""
        begin, found = self.offset, self.number(1)
        if found not in allowed:
            raise Damage(f"{what} of the unknown version {found}", begin)
        return found
