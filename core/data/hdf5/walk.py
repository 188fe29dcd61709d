"""The walk over all that a library would read of an HDF5 file when it opens it."""

from .attributes import check_attribute
from .datatypes import read_datatype
from .globalheap import GlobalHeaps
from .groups import SymbolTable, read_dense, read_link
from .headers import read_header
from .layouts import check_layout
from .messages import (
    read_comment,
    read_dataspace,
    read_fill,
    read_filters,
    read_links_count,
    read_old_fill,
    read_old_time,
    read_time,
)
from .source import Damage
from .superblock import read_superblock, read_tree_widths
from .values import Pointers

_MOST_OBJECTS = 100_000
(_SPACE, _LINKS, _TYPE, _OLD_FILL, _FILL, _LINK) = range(1, 7)
_LAYOUT, _FILTERS, _ATTRIBUTE, _COMMENT, _OLD_TIME = 8, 11, 12, 13, 14
_SYMBOLS, _TIME, _WIDTHS, _ATTRIBUTES, _COUNT = 17, 18, 19, 21, 22
#: Messages that nothing else depends on.
_PLAIN = {
    _COMMENT: read_comment,
    _OLD_TIME: read_old_time,
    _TIME: read_time,
    _COUNT: read_links_count,
}


class Walk:
    """Visits every object once; `Damage` at the first thing that is not as it must be."""

    def __init__(self, source, place):
        self.source = source
        self.pointers = Pointers(source, GlobalHeaps(source))
        self._types, self._headers, self._todo, self._place = {}, {}, [], place

    def run(self):
        """Walk the file from its superblock."""
        root, extension = read_superblock(self.source, self._place)
        if extension is not None:
            for message in self._header(extension):
                if message.kind == _WIDTHS:
                    read_tree_widths(self.source, message.fields)
        self._todo = [root]
        count = 0
        while self._todo and count < _MOST_OBJECTS:
            address = self._todo.pop()
            if self.source.first_visit("object", address):
                count += 1
                self._object(address)
                self._todo += self.pointers.objects
                self.pointers.objects.clear()
        self.source.check_overlaps()

    def _header(self, address):
        """The messages at ``address``, from their beginning: a type's are read more than once."""
        if address not in self._headers:
            self._headers[address] = read_header(self.source, address)
        for message in self._headers[address]:
            message.fields.at = 0
        return self._headers[address]

    def _object(self, address):
        messages = self._header(address)
        kinds = {message.kind for message in reversed(messages)}
        if _LAYOUT in kinds and not {_SPACE, _TYPE} <= kinds:
            raise Damage("values without a shape or a type", self.source.base + address)
        space, datatype = self._space(messages), self._datatype(messages)
        filters = self._filters(messages, datatype)
        for kind, shared, fields in messages:
            if shared:
                continue
            if kind in _PLAIN:
                _PLAIN[kind](fields)
            elif kind in (_FILL, _OLD_FILL):
                (read_fill if kind == _FILL else read_old_fill)(fields, datatype)
            elif kind == _LAYOUT:
                check_layout(fields, space, datatype, filters, self.pointers.follow)
            elif kind == _ATTRIBUTE:
                self._attribute(fields)
            elif kind == _ATTRIBUTES:
                read_dense(fields, 2, (8, 9), self._attribute)
            else:
                self._links(kind, fields)

    def _links(self, kind, fields):
        if kind == _LINK:
            found = [read_link(fields)]
        elif kind == _LINKS:
            found = read_dense(fields, 8, (5, 6), read_link)
        elif kind == _SYMBOLS:
            begin, tree, heap = fields.offset, fields.address(), fields.address()
            if tree is None or heap is None:
                raise Damage("a group without names", begin)
            found = SymbolTable(self.source, tree, heap).objects
        else:
            return
        self._todo += [address for address in found if address is not None]

    def _attribute(self, fields):
        check_attribute(fields, self._shared_type, self.pointers)

    def _space(self, messages):
        own = [m.fields for m in messages if m.kind == _SPACE and not m.shared]
        return read_dataspace(own[0]) if own else None

    def _datatype(self, messages):
        for kind, shared, fields in messages:
            if kind == _TYPE:
                return self._shared_type(fields) if shared else read_datatype(fields)
        return None

    def _filters(self, messages, datatype):
        own = [m.fields for m in messages if m.kind == _FILTERS and not m.shared]
        return read_filters(own[0], datatype) if own else []

    def _shared_type(self, fields):
        """A datatype with a name of its own; None where a table of the file keeps it."""
        begin = fields.offset
        version, kind = fields.version((1, 2, 3), "shared datatype"), fields.number(1)
        if version == 3 and kind == 1:
            return None
        fields.take(6 if version == 1 else 0)
        address = fields.address()
        if address is None:
            raise Damage("a datatype that is nowhere", begin)
        if address not in self._types:
            self._types[address] = None
            self._types[address] = self._datatype(self._header(address))
            self._todo.append(address)
        return self._types[address]
