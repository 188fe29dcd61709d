"""Messages of an object header that stand for themselves: shape, fill, filters, time."""

from collections import namedtuple

from .source import Damage

Dataspace = namedtuple("Dataspace", "sizes count")
Filter = namedtuple("Filter", "number optional values")

SHUFFLE, FLETCHER = 2, 3
_MOST_DIMENSIONS, _MOST_FILTERS = 32, 32


def read_dataspace(fields):
    """Sizes along each dimension, None for a null space, and the number of values."""
    begin = fields.offset
    version = fields.version((1, 2), "dataspace")
    rank, flags, kind = fields.number(1), fields.number(1), fields.number(1)
    if version == 1:
        fields.take(4)
    elif kind > 2 or (kind != 1 and rank):
        raise Damage(f"a dataspace of the unknown kind {kind}", begin)
    if rank > _MOST_DIMENSIONS:
        raise Damage(f"{rank} dimensions", begin)
    sizes = [fields.length() for _ in range(rank)]
    most = [fields.length() for _ in range(rank)] if flags & 1 else sizes
    if any(size > limit for size, limit in zip(sizes, most)):
        raise Damage("more elements along a dimension than it may have", begin)
    count = 0 if version == 2 and kind == 2 else 1
    for size in sizes:
        count *= size
    if count >= 1 << 62:
        raise Damage(f"{count} elements", begin)
    return Dataspace(None if version == 2 and kind == 2 else tuple(sizes), count)


def read_fill(fields, datatype):
    """A fill value has the size of the values it stands for."""
    begin = fields.offset
    version = fields.version((1, 2, 3), "fill value")
    if version == 3:
        stated = bool(fields.number(1) & 0x20)
    else:
        fields.take(2)
        stated = bool(fields.number(1)) or version == 1
    if stated:
        _fill(fields, datatype, begin)


def read_old_fill(fields, datatype):
    """The fill value as files of the first version hold it."""
    _fill(fields, datatype, fields.offset)


def _fill(fields, datatype, begin):
    size = fields.number(4)
    if size in (0, 0xFFFFFFFF):
        return
    fields.take(size, "a fill value")
    if datatype and size != datatype.size:
        raise Damage(f"a fill value of {size} bytes for values of {datatype.size}", begin)


def read_filters(fields, datatype):
    """The filters that every chunk went through, in their order."""
    begin = fields.offset
    version = fields.version((1, 2), "filters")
    count, found = fields.number(1), []
    fields.take(6 if version == 1 else 0)
    if count > _MOST_FILTERS:
        raise Damage(f"{count} filters", begin)
    for _ in range(count):
        number = fields.number(2)
        name = fields.number(2) if version == 1 or number >= 256 else 0
        flags, values = fields.number(2), fields.number(2)
        fields.take(-(-name // 8) * 8 if version == 1 else name, "a filter's name")
        found.append(Filter(number, bool(flags & 1), [fields.number(4) for _ in range(values)]))
        fields.take(4 if version == 1 and values % 2 else 0)
    for step in found:
        if step.number == SHUFFLE and datatype and step.values[:1] not in ([], [datatype.size]):
            raise Damage("a shuffle of other than the values' bytes", begin)
    return found


def read_comment(fields):
    """A text that ends."""
    fields.text("a comment")


def read_time(fields):
    """When the object was changed."""
    fields.version((1,), "time of a change")
    fields.take(7)


def read_old_time(fields):
    """The same as text."""
    fields.take(14, "time of a change")


def read_links_count(fields):
    """How many links lead to the object."""
    fields.version((0,), "count of links")
    fields.take(4)
