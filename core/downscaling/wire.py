"""Reading protocol-buffer messages without their library, never further than they reach.

An ONNX file is one protocol-buffer message. Before ONNX Runtime, which is C++, gets
to see a file that somebody sent, its claims are looked at here, in a language where
a wrong length is an error and not a hole.
"""

import numpy as np

from ..errors import ReadError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
#: Parts of one message, from which on reading them in Python would take too long.
MOST_FIELDS = 5_000_000
#: Bytes looked at in one step when a run of numbers is skipped.
_RUN = 1 << 24
_WIDTH = {FIXED64: 8, FIXED32: 4}


def damaged(what):
    """The error for bytes that are no message."""
    return ReadError("an undamaged ONNX file is expected", what)


def varint(data, at, end):
    """(value, next position) of the variable-length integer at ``at``; at most 10 bytes."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise damaged("a number that is cut off")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise damaged("a number without an end")


def fields(data, begin=0, end=None):
    """Yield ``(field, kind, value, stop)`` of the message in ``data[begin:end]``.

    ``value`` is a number for numbers, and where the payload begins for byte
    strings, which run to ``stop``: nothing is copied, so that a tensor of a
    gigabyte costs nothing. Raises `ReadError` where a length runs over the end, and
    for messages of so many parts that reading them would take minutes.
    """
    at, end = begin, len(data) if end is None else end
    for _ in range(MOST_FIELDS):
        if at >= end:
            return
        key = data[at]
        # Nearly every key and length is one byte: no call for those.
        if key < 0x80:
            at += 1
        else:
            key, at = varint(data, at, end)
        field, kind = key >> 3, key & 7
        if field == 0:
            raise damaged("a field without a number")
        if kind == VARINT:
            value, at = varint(data, at, end)
            yield field, kind, value, at
        elif kind == BYTES:
            size = data[at] if at < end else 0x80
            if size < 0x80:
                at += 1
            else:
                size, at = varint(data, at, end)
            if size > end - at:
                raise damaged(f"{size} bytes announced where {end - at} follow")
            yield field, kind, at, at + size
            at += size
        elif kind in _WIDTH:
            if _WIDTH[kind] > end - at:
                raise damaged("a number that is cut off")
            value = int.from_bytes(data[at : at + _WIDTH[kind]], "little")
            at += _WIDTH[kind]
            yield field, kind, value, at
        else:
            raise damaged(f"a field of unknown kind {kind}")
    if at < end:
        raise damaged(f"more than {MOST_FIELDS} parts in one")


def skip_numbers(data, begin, end):
    """Where the run of repeated numbers of one field that begins at ``begin`` ends.

    Trees are hundreds of thousands of such numbers. Only whole ones are skipped: what
    is damaged is left for `fields`. Returns ``begin`` where there is no such run.
    """
    key = data[begin]
    view = np.frombuffer(data, np.uint8, min(end - begin, _RUN), begin)
    if key & 7 == FIXED32:
        keys = view[: len(view) // 5 * 5 : 5]
        other = np.flatnonzero(keys != key)
        return begin + 5 * int(other[0] if other.size else keys.size)
    if key & 7 != VARINT or key >= 0x80:
        return begin
    # A byte below 128 ends a number, and a key is one such byte: so they alternate.
    ends = np.flatnonzero(view < 0x80)
    keys, values = ends[::2], ends[1::2]
    keys = keys[: values.size]
    before = np.concatenate([[-1], values[:-1]])
    whole = (view[keys] == key) & (keys == before + 1) & (values - keys <= 10)
    bad = np.flatnonzero(~whole)
    count = int(bad[0]) if bad.size else values.size
    return begin + (int(values[count - 1]) + 1 if count else 0)


def text(data, begin, stop):
    """The UTF-8 text in ``data[begin:stop]``."""
    try:
        return bytes(data[begin:stop]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise damaged("a text that is not UTF-8") from error


def signed(value):
    """A 64-bit number as the signed one it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def numbers(data, kind, value, stop):
    """Integers of a repeated field: one, or packed into a byte string."""
    if kind == VARINT:
        return [signed(value)]
    found, at = [], value
    while at < stop:
        number, at = varint(data, at, stop)
        found.append(signed(number))
    return found
