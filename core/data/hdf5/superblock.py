"""The superblock: where the file begins, how wide its numbers are, and where its root is."""

from .groups import read_symbol
from .source import Damage

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def find_superblock(stream, length):
    """The byte at which the superblock begins, or None: the file is no HDF5 file."""
    place = 0
    while place + len(SIGNATURE) <= length:
        stream.seek(place)
        if stream.read(len(SIGNATURE)) == SIGNATURE:
            return place
        place = 2 * place or 512
    return None


def read_superblock(source, place):
    """Read it at ``place`` into ``source``; addresses of the root and of the extension."""
    fields = source.read(place, min(256, source.end - place), "superblock")
    fields.take(len(SIGNATURE))
    version = fields.version((0, 1, 2, 3), "superblock")
    old = version < 2
    if old:
        fields.version((0,), "free space")
        fields.version((0,), "root group")
        fields.take(1)
        fields.version((0,), "shared header")
    _sizes(source, fields)
    fields.take(1)
    if old:
        source.leaf_symbols = 2 * _children(fields)
        source.group_children = 2 * _children(fields)
        fields.take(4)
        if version == 1:
            source.chunk_children = 2 * _children(fields)
            fields.take(2)
    base, second, end = fields.address(), fields.address(), fields.address()
    # A user block in front may have been taken off or put on: then the place counts.
    source.base = place if base is None or base != place else base
    if end is None or source.base + end - (base or 0) > source.end:
        raise Damage(f"a file of {source.end} bytes in place of {end}", place)
    if old:
        fields.take(source.address_size + source.length_size)
        root, second = read_symbol(fields), None
        source.claim(0, fields.at, "superblock")
    else:
        root = fields.address()
        fields.take(4)
        whole = source.own(0, fields.at, "superblock")
        source.check_sum(whole, "superblock")
    if root is None or root < 0:
        raise Damage("no root group", place)
    return root, second


def _sizes(source, fields):
    begin = fields.offset
    source.address_size, source.length_size = fields.number(1), fields.number(1)
    for size in (source.address_size, source.length_size):
        # Two bytes, which the format allows, hold 64 kB: no product is as small.
        if size not in (4, 8):
            raise Damage(f"numbers of {size} bytes", begin)


def _children(fields):
    begin, half = fields.offset, fields.number(2)
    if not 0 < half <= 32767:
        raise Damage(f"trees of {half} children", begin)
    return half


def read_tree_widths(source, fields):
    """The message of the extension that gives the widths of the old trees."""
    fields.version((0,), "widths of trees")
    source.chunk_children = 2 * _children(fields)
    source.group_children = 2 * _children(fields)
    source.leaf_symbols = 2 * _children(fields)
