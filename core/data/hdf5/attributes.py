"""Attributes: their name, their datatype, their shape, and values as long as these say."""

from .datatypes import read_datatype
from .messages import read_dataspace
from .source import Damage

#: The attribute whose references the NetCDF library follows when it opens a file.
_FOLLOWED = b"DIMENSION_LIST"


def check_attribute(fields, shared_type, pointers):
    """Walk an attribute. ``shared_type(fields)`` gives a datatype that is kept elsewhere."""
    begin = fields.offset
    version = fields.version((1, 2, 3), "attribute")
    flags = fields.number(1)
    sizes = [fields.number(2) for _ in range(3)]
    fields.take(1 if version == 3 else 0)
    name, kind, shape = (_part(fields, size, version) for size in sizes)
    title = name.text("an attribute's name")
    if version > 1 and flags & 1:
        datatype = shared_type(kind)
    else:
        datatype = read_datatype(kind)
    if (version > 1 and flags & 2) or datatype is None:
        return
    space = read_dataspace(shape)
    needed = space.count * datatype.size
    if needed > fields.left:
        raise Damage(f"an attribute of {fields.left} bytes in place of {needed}", begin)
    values = fields.part(needed, "an attribute's values")
    if datatype.pointers:
        pointers.follow(values, datatype, objects=title == _FOLLOWED)


def _part(fields, size, version):
    part = fields.part(size, "an attribute")
    fields.take(min(fields.left, -size % 8) if version == 1 else 0)
    return part
