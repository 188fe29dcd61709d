"""Where a dataset's values lie, and that they are as many bytes as its shape says."""

from .chunktree import check_chunks
from .source import Damage

_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)
#: Pointers in values that are followed; readers of grids never read such variables.
_MOST_VALUES = 10_000
#: Signatures of the indexes of chunks that each carry a checksum of their own.
_INDEXES = {3: b"FAHD", 4: b"EAHD", 5: b"BTHD"}


def check_layout(fields, space, datatype, filters, follow):
    """Walk a data layout. ``follow(values, datatype)`` gets values that point elsewhere.

    ``space`` and ``datatype`` are None where the header does not hold them itself.
    """
    begin = fields.offset
    version = fields.version((1, 2, 3, 4, 5), "layout")
    if version < 3:
        _old_layout(fields, space, datatype, filters, follow, begin)
        return
    kind = fields.number(1)
    needed = space.count * datatype.size if space and datatype else None
    if kind == _COMPACT:
        _compact(fields, fields.number(2), needed, datatype, follow)
    elif kind == _CONTIGUOUS:
        address, size = fields.address(), fields.length()
        _contiguous(fields.source, address, size, needed, datatype, follow, begin)
    elif kind == _CHUNKED and version == 3:
        rank, address = fields.number(1), fields.address()
        sizes = [fields.number(4) for _ in range(rank)]
        check_chunks(fields.source, address, sizes, space, datatype, filters, begin)
    elif kind == _CHUNKED:
        _indexed(fields, version, space, begin)
    elif kind != _VIRTUAL:
        raise Damage(f"a layout of the unknown kind {kind}", begin)


def _old_layout(fields, space, datatype, filters, follow, begin):
    rank, kind = fields.number(1), fields.number(1)
    fields.take(5)
    address = None if kind == _COMPACT else fields.address()
    if rank > 33 or kind > _CHUNKED:
        raise Damage(f"a layout of the kind {kind} and {rank} dimensions", begin)
    sizes = [fields.number(4) for _ in range(rank)]
    needed = space.count * datatype.size if space and datatype else None
    if kind == _COMPACT:
        _compact(fields, fields.number(4), needed, datatype, follow)
    elif kind == _CONTIGUOUS:
        _contiguous(fields.source, address, needed, needed, datatype, follow, begin)
    else:
        sizes.append(fields.number(4))
        check_chunks(fields.source, address, sizes, space, datatype, filters, begin)


def _compact(fields, size, needed, datatype, follow):
    begin = fields.offset
    values = fields.part(size, "values in a header")
    if needed is not None and size not in (0, needed):
        raise Damage(f"{size} bytes of values in place of {needed}", begin)
    if datatype and datatype.pointers and size:
        follow(values, datatype)


def _contiguous(source, address, size, needed, datatype, follow, begin):
    if address is None or size is None:
        return
    if needed is not None and size < needed:
        raise Damage(f"{size} bytes of values in place of {needed}", begin)
    source.claim(address, size, "values")
    if datatype and datatype.pointers and size:
        part = min(size, _MOST_VALUES * datatype.size)
        follow(source.read(address, part, "values"), datatype)


def _indexed(fields, version, space, begin):
    """Chunks of the newer layouts: their indexes carry checksums that the library verifies."""
    if version == 5:
        return
    flags, rank, width = fields.number(1), fields.number(1), fields.number(1)
    if not 1 <= width <= 8 or rank > 33:
        raise Damage(f"chunks of {rank} dimensions", begin)
    sizes = [fields.number(width) for _ in range(rank)]
    if 0 in sizes or (space and space.sizes is not None and rank != len(space.sizes) + 1):
        raise Damage(f"chunks of {rank} dimensions", begin)
    index = fields.number(1)
    if index == 1 and flags & 2:
        fields.take(fields.source.length_size + 4)
    elif not 1 <= index <= 5:
        raise Damage(f"an index of the unknown kind {index}", begin)
    fields.take({3: 1, 4: 5, 5: 6}.get(index, 0))
    address = fields.address()
    if index in _INDEXES and address is not None:
        fields.source.read(address, 4, "index of chunks").expect(_INDEXES[index], "index of chunks")
