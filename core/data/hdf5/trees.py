"""The newer trees (B-tree of version 2) as far as links and attributes are kept in them."""

from .source import Damage

#: Bytes of a record by kind: links by name and by order, attributes by name and by order.
_RECORD = {5: 11, 6: 15, 8: 17, 9: 13}
#: Where in a record the object's place in the heap is, and its bytes.
_HEAP_ID = {5: (4, 7), 6: (8, 7), 8: (0, 8), 9: (0, 8)}
_FRAME = 10
_DEEPEST = 16
_MOST_NODES = 50_000


def heap_ids(source, address, kinds):
    """The places in the heap that a tree of one of ``kinds`` names, by its bytes."""
    head = source.own(address, 22 + source.address_size + source.length_size, "tree of names")
    head.expect(b"BTHD", "tree of names")
    source.check_sum(head, "tree of names")
    head.version((0,), "tree of names")
    kind, size, record, depth = (head.number(n) for n in (1, 4, 2, 2))
    head.take(2)
    root, count = head.address(), head.number(2)
    if kind not in kinds or record != _RECORD[kind] or depth > _DEEPEST:
        raise Damage(f"a tree of kind {kind}", head.origin)
    if not _FRAME + record <= size <= 1 << 24:
        raise Damage(f"a tree of nodes of {size} bytes", head.origin)
    return [] if root is None else _Tree(source, kind, size, depth).walk(root, count)


def _width(number):
    """Bytes that hold numbers up to ``number``."""
    return max(0, number.bit_length() - 1) // 8 + 1


class _Tree:
    def __init__(self, source, kind, size, depth):
        self.source, self.kind, self.size, self.depth = source, kind, size, depth
        self.record, self.found, self.nodes = _RECORD[kind], [], 0
        leaf = (size - _FRAME) // self.record
        self.count_width = _width(leaf)
        # By level: records of a node, and the bytes of the number of records below it.
        self.most, self.below, total = [leaf], [0], leaf
        for _ in range(depth):
            child = source.address_size + self.count_width + self.below[-1]
            self.most.append((size - _FRAME - child) // (self.record + child))
            total = (self.most[-1] + 1) * total + self.most[-1]
            self.below.append(_width(total))

    def walk(self, root, count):
        todo = [(root, count, self.depth)]
        while todo and self.nodes < _MOST_NODES:
            address, count, level = todo.pop()
            self.nodes += 1
            todo += self._node(address, count, level)
        return self.found

    def _node(self, address, count, level):
        source = self.source
        child = source.address_size + self.count_width + (self.below[level - 1] if level else 0)
        begin = source.place(address, 0, "tree of names")
        if count > self.most[level]:
            raise Damage(f"{count} names in a node of a tree", begin)
        size = _FRAME + count * self.record + (child * (count + 1) if level else 0)
        node = source.own(address, size, "tree of names")
        node.expect(b"BTIN" if level else b"BTLF", "tree of names")
        source.check_sum(node, "tree of names")
        node.take(2)
        first, width = _HEAP_ID[self.kind]
        for _ in range(count):
            self.found.append(node.take(self.record)[first : first + width])
        children = []
        for _ in range(count + 1 if level else 0):
            place, records = node.address(), node.number(self.count_width)
            node.take(self.below[level - 1])
            if place is None:
                raise Damage("a tree without a branch", begin)
            children.append((place, records, level - 1))
        return children
