"""Groups: the objects that a group links to, in the older and in the newer form."""

from .fractalheap import FractalHeap
from .source import Damage
from .trees import heap_ids

_MOST_NODES = 50_000
_DEEPEST = 8
_NO_FREE = 1


def read_link(fields):
    """The address of the object that a link message names; None for links by path."""
    begin = fields.offset
    fields.version((1,), "link")
    flags = fields.number(1)
    kind = fields.number(1) if flags & 8 else 0
    fields.take((8 if flags & 4 else 0) + (1 if flags & 16 else 0))
    size = fields.number(1 << (flags & 3))
    if size == 0:
        raise Damage("a link without a name", begin)
    fields.take(size, "a link's name")
    if kind == 0:
        address = fields.address()
        if address is None:
            raise Damage("a link to nowhere", begin)
        return address
    fields.take(fields.number(2), "a link's target")
    return None


def read_dense(fields, order_size, kinds, read):
    """What ``read(object)`` gives for each link or attribute that is kept in a heap."""
    fields.version((0,), "list of names")
    flags = fields.number(1)
    fields.take(order_size if flags & 1 else 0)
    heap, tree = fields.address(), fields.address()
    if heap is None or tree is None:
        return []
    source, begin = fields.source, fields.offset
    names = FractalHeap(source, heap)
    found = [names.find(name, begin) for name in heap_ids(source, tree, kinds)]
    if flags & 2:
        ordered = fields.address()
        if ordered is not None:
            heap_ids(source, ordered, kinds)
    return [read(part) for part in found if part is not None]


class SymbolTable:
    """A group of the older form: a tree of nodes of symbols and a heap of their names."""

    def __init__(self, source, tree, heap):
        self.source = source
        self.names = self._heap(heap)
        self.objects, self.nodes = [], 0
        self._walk(tree)

    def _heap(self, address):
        source = self.source
        size = 8 + 2 * source.length_size + source.address_size
        head = source.own(address, size, "heap of names")
        head.expect(b"HEAP", "heap of names")
        head.version((0,), "heap of names")
        head.take(3)
        size, free, place = head.length(), head.length(), head.address()
        if place is None:
            raise Damage("a heap without names", head.origin)
        names = source.own(place, size, "names of a group")
        self._free(names, free)
        return names

    def _free(self, names, free):
        """The list of unused bytes ends, inside the heap."""
        seen, none = set(), (1 << 8 * self.source.length_size) - 1
        while free not in (_NO_FREE, none):
            if free in seen or free + 2 * self.source.length_size > len(names.data):
                raise Damage("a list of free bytes that does not end", names.origin)
            seen.add(free)
            names.at = free
            following, size = names.length(), names.length()
            if free + size > len(names.data):
                raise Damage("free bytes behind the end of their heap", names.origin)
            free = following

    def check_name(self, at, where):
        """Raise `Damage` where no name begins at ``at`` of the heap."""
        if at >= len(self.names.data) or self.names.data.find(b"\0", at) < 0:
            raise Damage("a name outside its heap", where)

    def _walk(self, tree):
        todo = [(tree, None)]
        while todo and self.nodes < _MOST_NODES:
            address, level = todo.pop()
            self.nodes += 1
            if level == -1:
                self._symbols(address)
            else:
                todo += self._node(address, level)

    def _node(self, address, expected):
        source, wide = self.source, self.source.length_size + self.source.address_size
        head = source.read(address, 8 + 2 * source.address_size, "tree of a group")
        head.expect(b"TREE", "tree of a group")
        kind, level, used = head.number(1), head.number(1), head.number(2)
        if kind or level > _DEEPEST or expected not in (None, level):
            raise Damage(f"a tree of a group of kind {kind} and level {level}", head.origin)
        if used > source.group_children:
            raise Damage(f"a tree of a group of {used} children", head.origin)
        if not source.first_visit("group", address):
            raise Damage("a tree of a group that returns to itself", head.origin)
        size = 8 + 2 * source.address_size + used * wide + source.length_size
        node = source.own(address, size, "tree of a group")
        node.take(8 + 2 * source.address_size)
        children = []
        for number in range(used + 1):
            self.check_name(node.length(), node.offset)
            if number < used:
                children.append((self._child(node), level - 1))
        return children

    @staticmethod
    def _child(node):
        begin, address = node.offset, node.address()
        if address is None:
            raise Damage("a tree without a branch", begin)
        return address

    def _symbols(self, address):
        source = self.source
        head = source.read(address, 8, "symbols of a group")
        head.expect(b"SNOD", "symbols of a group")
        head.version((1,), "symbols of a group")
        head.take(1)
        count, one = head.number(2), source.length_size + source.address_size + 24
        if count > source.leaf_symbols or not source.first_visit("symbols", address):
            raise Damage(f"{count} symbols in a node of a group", head.origin)
        node = source.own(address, 8 + count * one, "symbols of a group")
        node.take(8)
        for _ in range(count):
            self.check_name(node.length(), node.offset)
            begin, found = node.offset, read_symbol(node, self)
            if found is None:
                raise Damage("a link to nowhere", begin)
            if found >= 0:
                self.objects.append(found)


def read_symbol(fields, table=None):
    """The rest of a symbol behind its name: the object's address, -1 for a link by path."""
    begin = fields.offset
    address, cached = fields.address(), fields.number(4)
    fields.take(4)
    scratch = fields.part(16)
    if cached > 2:
        raise Damage(f"a symbol of the unknown kind {cached}", begin)
    if cached == 1:
        for signature in (b"TREE", b"HEAP"):
            place = scratch.address()
            if place is None:
                raise Damage("a group without names", begin)
            fields.source.read(place, 4, "a group").expect(signature, "group")
    if cached == 2:
        if table is not None:
            table.check_name(scratch.number(4), begin)
        return -1
    return address
