"""Datatypes: sizes that fit each other, and where values point elsewhere in the file."""

from dataclasses import dataclass

from .source import Damage

_DEEPEST = 32
_MOST_PARTS = 1000
FIXED, FLOAT, TIME, TEXT, BITS, OPAQUE, COMPOUND, REFERENCE, ENUM, VARYING, ARRAY = range(11)


@dataclass
class Datatype:
    """Class, bytes of a value, and the pointers in it: (offset, kind, datatype pointed to)."""

    kind: int
    size: int
    pointers: tuple = ()


def read_datatype(fields, depth=0):
    """The datatype that ``fields`` describe."""
    begin = fields.offset
    if depth > _DEEPEST:
        raise Damage("a datatype within datatypes without end", begin)
    first, bits, size = fields.number(1), fields.number(3), fields.number(4)
    version, kind = first >> 4, first & 15
    if not 1 <= version <= 5:
        raise Damage(f"a datatype of the unknown version {version}", begin)
    if size == 0:
        raise Damage("a datatype of no bytes", begin)
    if kind in (FIXED, FLOAT, BITS):
        _number(fields, kind, bits, size, begin)
    elif kind == TIME:
        fields.take(2)
    elif kind == OPAQUE:
        fields.take(bits & 0xFF)
    elif kind == COMPOUND:
        return _compound(fields, version, bits & 0xFFFF, size, depth, begin)
    elif kind == REFERENCE and version < 4:
        return _reference(fields.source, bits & 15, size, begin)
    elif kind == ENUM:
        return _enumeration(fields, version, bits & 0xFFFF, size, depth, begin)
    elif kind == VARYING:
        base = read_datatype(fields, depth + 1)
        if size != 8 + fields.source.address_size or bits & 15 > 1:
            raise Damage(f"a varying length of {size} bytes", begin)
        return Datatype(kind, size, ((0, VARYING, base),))
    elif kind == ARRAY:
        return _array(fields, version, size, depth, begin)
    return Datatype(kind, size)


def _number(fields, kind, bits, size, begin):
    shift, precision = fields.number(2), fields.number(2)
    wrong = not precision or shift + precision > 8 * size
    if kind == FLOAT:
        exponent, exponents, mantissa, mantissas = (fields.number(1) for _ in range(4))
        fields.take(4)
        wrong |= not exponents or not mantissas or (bits >> 8 & 0xFF) >= 8 * size
        wrong |= max(exponent + exponents, mantissa + mantissas) > 8 * size
        wrong |= exponent < mantissa + mantissas and mantissa < exponent + exponents
    if wrong:
        raise Damage(f"numbers of {size} bytes whose parts do not fit in them", begin)


def _reference(source, what, size, begin):
    if size != {0: source.address_size, 1: source.address_size + 4}.get(what):
        raise Damage(f"a reference of {size} bytes", begin)
    kind = "object" if what == 0 else "region"
    return Datatype(REFERENCE, size, ((0, kind, None),))


def _compound(fields, version, members, size, depth, begin):
    pointers = []
    for _ in range(members):
        fields.text("a member's name", 8 if version < 3 else 1)
        width = (size.bit_length() - 1) // 8 + 1
        offset = fields.number(4 if version < 3 else width)
        count = 1
        if version == 1:
            rank = fields.number(1)
            fields.take(11)
            sizes = [fields.number(4) for _ in range(4)]
            if rank > 4:
                raise Damage(f"a member of {rank} dimensions", begin)
            for n in sizes[:rank]:
                count *= n
        member = read_datatype(fields, depth + 1)
        if offset + count * member.size > size:
            raise Damage("a member behind the end of its compound", begin)
        pointers += _repeated(member, count, offset)
    return Datatype(COMPOUND, size, tuple(pointers[:_MOST_PARTS]))


def _enumeration(fields, version, members, size, depth, begin):
    base = read_datatype(fields, depth + 1)
    if base.kind != FIXED or base.size != size:
        raise Damage("an enumeration of other than its whole numbers", begin)
    for _ in range(members):
        fields.text("a member's name", 8 if version < 3 else 1)
    fields.take(members * base.size, "values of an enumeration")
    return Datatype(ENUM, size)


def _array(fields, version, size, depth, begin):
    rank = fields.number(1)
    fields.take(3 if version < 3 else 0)
    count = 1
    for _ in range(rank):
        count *= fields.number(4)
    fields.take(4 * rank if version < 3 else 0)
    base = read_datatype(fields, depth + 1)
    if rank > 32 or count * base.size != size:
        raise Damage(f"an array of {count * base.size} bytes in {size}", begin)
    return Datatype(ARRAY, size, tuple(_repeated(base, count, 0)))


def _repeated(part, count, offset):
    """The pointers of ``count`` values that begin at ``offset``."""
    if not part.pointers:
        return []
    return [
        (offset + i * part.size + at, kind, base)
        for i in range(min(count, _MOST_PARTS))
        for at, kind, base in part.pointers
    ]
