"""The tree that says where the chunks of a dataset are (B-tree of version 1)."""

import numpy as np

from .messages import FLETCHER, SHUFFLE
from .source import Damage

_DEEPEST = 8
#: Nodes that are walked of one dataset: some twelve million chunks.
_MOST_NODES = 200_000
_LARGEST_CHUNK = 1 << 32


def check_chunks(source, address, sizes, space, datatype, filters, begin):
    """Walk the tree at ``address`` of chunks of ``sizes`` elements, the last a value's bytes."""
    sized = int(np.prod([float(n) for n in sizes])) if sizes else 0
    if not 2 <= len(sizes) <= 33 or not 0 < sized < _LARGEST_CHUNK:
        raise Damage(f"chunks of {sized} bytes in {len(sizes) - 1} dimensions", begin)
    if datatype and sizes[-1] != datatype.size:
        raise Damage(f"chunks of values of {sizes[-1]} bytes, not {datatype.size}", begin)
    if space and (space.sizes is None or len(space.sizes) != len(sizes) - 1):
        raise Damage(f"chunks of {len(sizes) - 1} dimensions for other values", begin)
    if address is not None:
        _Tree(source, sizes, sized, space, filters or []).walk(address)


class _Tree:
    def __init__(self, source, sizes, sized, space, filters):
        self.source, self.sized, self.filters, self.nodes = source, sized, filters, 0
        self.steps = np.array([*sizes[:-1], 1], np.uint64)
        self.limits = np.array([*space.sizes, 1], np.uint64) if space else None
        a, key = source.address_size, [("size", "<u4"), ("mask", "<u4")]
        # Offsets are always eight bytes, addresses as wide as the superblock says.
        self.key = np.dtype([*key, ("at", "<u8", (len(sizes),))])
        self.entry = np.dtype([("key", self.key), ("child", f"<u{a}")])

    def walk(self, address):
        last, announced = None, None
        todo = [(address, None)]
        while todo:
            place, level = todo.pop()
            self.nodes += 1
            if self.nodes > _MOST_NODES:
                return
            level, entries, final, begin = self._node(place, level)
            if level:
                todo += [(int(child), level - 1) for child in entries["child"][::-1]]
                continue
            self._follows(announced, entries, begin)
            announced = final if len(entries) else announced
            last = self._leaf(entries, last, begin)
        self._follows(announced, (), begin)

    def _node(self, address, expected):
        source = self.source
        head = source.read(address, 8 + 2 * source.address_size, "tree of chunks")
        head.expect(b"TREE", "tree of chunks")
        kind, level, used = head.number(1), head.number(1), head.number(2)
        head.take(2 * source.address_size)
        if kind != 1 or level > _DEEPEST or (expected is not None and level != expected):
            raise Damage(f"a tree of chunks of kind {kind} and level {level}", head.origin)
        if used > source.chunk_children or (used == 0 and expected is not None):
            raise Damage(f"a tree of chunks of {used} children", head.origin)
        if not source.first_visit("chunks", address):
            raise Damage("a tree of chunks that returns to itself", head.origin)
        body = head.at + used * self.entry.itemsize + self.key.itemsize
        node = source.own(address, body, "tree of chunks")
        entries = np.frombuffer(node.data, self.entry, used, head.at)
        final = np.frombuffer(node.data, self.key, 1, body - self.key.itemsize)[0]
        return level, entries, final, head.origin

    @staticmethod
    def _follows(announced, entries, begin):
        """The last key of a node that is a chunk's is where the next node goes on.

        Else a node counts fewer chunks than it has, and what they hold would be missing.
        """
        if announced is None or announced["at"][-1] or not announced["size"]:
            return
        if not len(entries) or (entries["key"]["at"][0] != announced["at"]).any():
            raise Damage("chunks that their tree does not count", begin)

    def _leaf(self, entries, last, begin):
        if not len(entries):
            return last
        source, key = self.source, entries["key"]
        at, places, sizes = key["at"], entries["child"], key["size"].astype(np.uint64)
        self._offsets(at, last, begin)
        self._masks(key["mask"], sizes, begin)
        room = np.uint64(max(0, source.end - source.base))
        if ((places > room) | (sizes > room) | (places.astype(np.uint64) + sizes > room)).any():
            raise Damage("a chunk behind the end of the file", begin)
        source.claim_all(places.astype(np.int64) + source.base, sizes.astype(np.int64))
        return at[-1:]

    def _offsets(self, at, last, begin):
        """Each chunk begins at a whole multiple, inside the array, behind the one before."""
        if at[:, -1].any() or (at % self.steps).any():
            raise Damage("a chunk between the places of chunks", begin)
        if self.limits is not None and (at >= self.limits).any():
            raise Damage("a chunk outside its array", begin)
        rows = at if last is None else np.vstack([last, at])
        first = (rows[1:] != rows[:-1]).argmax(axis=1)
        which = np.arange(len(first))
        if (rows[1:][which, first] <= rows[:-1][which, first]).any():
            raise Damage("chunks out of their order", begin)

    def _masks(self, masks, sizes, begin):
        """A filter may be left out only if it is optional, and the bytes have to fit."""
        resized, extra = np.zeros(len(masks), bool), np.zeros(len(masks), np.uint64)
        for bit, step in enumerate(self.filters):
            left_out = (masks >> np.uint32(bit) & np.uint32(1)).astype(bool)
            if left_out.any() and (not step.optional or step.number == SHUFFLE):
                raise Damage("a chunk without a filter that it needs", begin)
            if step.number == FLETCHER:
                extra += np.uint64(4)
            elif step.number != SHUFFLE:
                resized |= ~left_out
        if (masks >> np.uint32(len(self.filters)) if len(self.filters) < 32 else masks * 0).any():
            raise Damage("a chunk without filters that there are none of", begin)
        if (sizes == 0).any() or (~resized & (sizes != np.uint64(self.sized) + extra)).any():
            raise Damage("a chunk of other bytes than it has to hold", begin)
