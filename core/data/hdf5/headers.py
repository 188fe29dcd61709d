"""Object headers of both versions: the messages that describe a group, a dataset or a type."""

from collections import namedtuple

from .source import Damage

Message = namedtuple("Message", "kind shared fields")

CONTINUATION = 0x10
#: Blocks of one header. A thousand attributes that were added one by one need fewer.
_MOST_BLOCKS = 10_000


def read_header(source, address):
    """The messages of the object header at ``address``."""
    start = source.read(address, 4, "object header")
    if start.data == b"OHDR":
        return _new_header(source, address)
    if start.data[0] != 1:
        raise Damage("no object header", start.origin)
    return _old_header(source, address)


def _old_header(source, address):
    fields = source.read(address, 16, "object header")
    fields.take(8)
    size = fields.number(4)
    block = source.own(address, 16 + size, "object header")
    block.take(16)
    return _collect(source, block, _old_message, _old_block)


def _old_block(source, address, size):
    return source.own(address, size, "continued object header")


def _old_message(fields):
    if fields.left < 8:
        fields.take(fields.left)
        return None
    kind, size, flags = fields.number(2), fields.number(2), fields.number(1)
    fields.take(3)
    if size % 8:
        raise Damage(f"a message of {size} bytes, no multiple of 8,", fields.offset - 8)
    return Message(kind, bool(flags & 2), fields.part(size, "a message of a header"))


def _new_header(source, address):
    fields = source.read(address, min(64, source.end - source.base - address), "object header")
    fields.take(4)
    fields.version((2,), "object header")
    flags = fields.number(1)
    fields.take((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
    size = fields.number(1 << (flags & 3))
    begin = fields.at
    whole = source.own(address, begin + size + 4, "object header")
    source.check_sum(whole, "object header")
    whole.take(begin)
    ordered = bool(flags & 4)
    return _collect(
        source, whole.part(size), lambda block: _new_message(block, ordered), _new_block
    )


def _new_block(source, address, size):
    block = source.own(address, size, "continued object header")
    block.expect(b"OCHK", "continued object header")
    source.check_sum(block, "continued object header")
    return block.part(size - 8)


def _new_message(fields, ordered):
    if fields.left < (6 if ordered else 4):
        fields.take(fields.left)
        return None
    kind, size, flags = fields.number(1), fields.number(2), fields.number(1)
    fields.take(2 if ordered else 0)
    return Message(kind, bool(flags & 2), fields.part(size, "a message of a header"))


def _collect(source, block, next_message, next_block):
    """The messages of a block and of those that continue it."""
    found, blocks = [], [block]
    for number, block in enumerate(blocks):
        if number > _MOST_BLOCKS:
            raise Damage("an object header that goes on without end", block.origin)
        while block.left:
            message = next_message(block)
            if message is None:
                break
            if message.kind == CONTINUATION:
                place, size = message.fields.address(), message.fields.length()
                if place is None or not source.first_visit("header", place):
                    raise Damage("an object header that continues in itself", block.offset)
                blocks.append(next_block(source, place, size))
            elif message.kind:
                found.append(message)
    return found
