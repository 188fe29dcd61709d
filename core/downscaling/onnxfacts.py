"""What an ONNX file says of itself, read before anything runs it."""

import hashlib
import mmap
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ReadError
from .wire import BYTES, damaged, fields, numbers, signed, skip_numbers, text

#: Bytes of one element by ONNX data type; 8 where unknown, so that sizes are never played down.
_ELEMENT = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
_TYPE_NAMES = {1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}
_DEPTH = 4
#: Branches in one file: ONNX Runtime 1.19 takes minutes to load thousands of them.
_MOST_GRAPHS = 200
#: Dimensions of one tensor; more is no model but an attempt to keep us busy.
_MOST_DIMS = 32


@dataclass
class Tensor:
    """A named input or output: element type and shape; a text or None is a free dimension."""

    name: str
    type: str = ""
    shape: tuple = ()


@dataclass
class OnnxFacts:
    """The claims of one ONNX file.

    ``opsets`` maps operator domain ('' is ai.onnx) to version, ``operators`` holds
    (domain, type), ``external`` the paths of weights outside the file,
    ``declared`` the bytes all weights and constants take according to their
    shapes, ``metadata`` the texts stored with the model.
    """

    size: int = 0
    ir_version: int = 0
    producer: str = ""
    opsets: dict = field(default_factory=dict)
    metadata: dict = field(default_factory=dict)
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    initializers: set = field(default_factory=set)
    operators: set = field(default_factory=set)
    external: list = field(default_factory=list)
    functions: int = 0
    graphs: int = 0
    parameters: int = 0
    declared: int = 0


def read_facts(path):
    """`OnnxFacts` of the file at ``path``; only headers are decoded, weights stay on disk.

    Raises `ReadError` for a file that is missing, empty or no ONNX model.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if not size:
            raise ReadError("an ONNX file is expected", "an empty file", path.name)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            facts = OnnxFacts(size=size)
            try:
                _model(data, facts)
            except ReadError as error:
                raise ReadError(error.expected, error.found, path.name) from error
            except RecursionError as error:
                raise ReadError(
                    "an undamaged ONNX file is expected", "endless nesting", path.name
                ) from error
    except OSError as error:
        raise ReadError("an ONNX file that can be read is expected", error, path.name) from error
    if not facts.ir_version or not facts.operators:
        raise ReadError("an ONNX model is expected", "a file without operators", path.name)
    return facts


def sha256(path, check=lambda: None):
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            check()
            digest.update(block)
    return digest.hexdigest()


def _model(data, facts):
    for number, kind, value, stop in fields(data):
        if number == 1:
            facts.ir_version = value
        elif number == 2 and kind == BYTES:
            facts.producer = text(data, value, stop)
        elif number == 7 and kind == BYTES:
            _graph(data, value, stop, facts, 0)
        elif number == 8 and kind == BYTES:
            _opset(data, value, stop, facts)
        elif number == 14 and kind == BYTES:
            name, content = _pair(data, value, stop)
            facts.metadata[name] = content
        elif number == 25:
            facts.functions += 1


def _opset(data, begin, end, facts):
    domain, version = "", 0
    for number, kind, value, stop in fields(data, begin, end):
        if number == 1 and kind == BYTES:
            domain = text(data, value, stop)
        elif number == 2:
            version = signed(value)
    facts.opsets["" if domain == "ai.onnx" else domain] = version


def _pair(data, begin, end):
    """Key and value of a string entry."""
    found = {1: "", 2: ""}
    for number, kind, value, stop in fields(data, begin, end):
        if number in found and kind == BYTES:
            found[number] = text(data, value, stop)
    return found[1], found[2]


def _graph(data, begin, end, facts, depth):
    if depth > _DEPTH:
        raise damaged("graphs nested too deeply")
    facts.graphs += 1
    if facts.graphs > _MOST_GRAPHS:
        raise damaged(f"more than {_MOST_GRAPHS} graphs in one")
    for number, kind, value, stop in fields(data, begin, end):
        if kind != BYTES:
            continue
        if number == 1:
            _node(data, value, stop, facts, depth)
        elif number == 5:
            facts.initializers.add(_tensor(data, value, stop, facts))
        elif number == 15:
            raise damaged("sparse weights, which are not supported")
        elif number == 11 and depth == 0:
            facts.inputs.append(_value(data, value, stop))
        elif number == 12 and depth == 0:
            facts.outputs.append(_value(data, value, stop))


def _node(data, begin, end, facts, depth):
    kind_of, domain = "", ""
    for number, kind, value, stop in fields(data, begin, end):
        if kind != BYTES:
            continue
        if number == 4:
            kind_of = text(data, value, stop)
        elif number == 7:
            domain = text(data, value, stop)
        elif number == 5:
            _attribute(data, value, stop, facts, depth)
    facts.operators.add(("" if domain == "ai.onnx" else domain, kind_of))


def _attribute(data, begin, end, facts, depth):
    """Graphs and tensors in an attribute; the runs of numbers that trees are made of are skipped.

    The key of a float is 0x3d, that of an integer 0x40.
    """
    at = begin
    while at < end:
        if data[at] in (0x3D, 0x40):
            after = skip_numbers(data, at, end)
            if after > at:
                at = after
                continue
        at = _attribute_fields(data, at, end, facts, depth)


def _attribute_fields(data, begin, end, facts, depth):
    """Fields up to the first number of a run; where it begins."""
    for number, kind, value, stop in fields(data, begin, end):
        if kind == BYTES:
            if number in (5, 10):
                _tensor(data, value, stop, facts)
            elif number in (6, 11):
                _graph(data, value, stop, facts, depth + 1)
            elif number in (22, 23):
                raise damaged("sparse weights, which are not supported")
        if stop < end and data[stop] in (0x3D, 0x40):
            return stop
    return end


def _tensor(data, begin, end, facts):
    name, count, element, dims = "", 1, 8, 0
    for number, kind, value, stop in fields(data, begin, end):
        if number == 1:
            for dim in numbers(data, kind, value, stop):
                dims += 1
                if dim < 0:
                    raise damaged("weights of negative size")
                if dims > _MOST_DIMS:
                    raise damaged(f"weights of more than {_MOST_DIMS} dimensions")
                count *= dim
        elif number == 2:
            element = _ELEMENT.get(value, 8)
        elif number == 8 and kind == BYTES:
            name = text(data, value, stop)
        elif number == 13 and kind == BYTES:
            key, content = _pair(data, value, stop)
            if key == "location":
                facts.external.append(content)
    facts.parameters += count
    facts.declared += count * element
    return name


def _value(data, begin, end):
    found = Tensor("")
    for number, kind, value, stop in fields(data, begin, end):
        if number == 1 and kind == BYTES:
            found.name = text(data, value, stop)
        elif number == 2 and kind == BYTES:
            for inner, inner_kind, at, to in fields(data, value, stop):
                if inner == 1 and inner_kind == BYTES:
                    _tensor_type(data, at, to, found)
    return found


def _tensor_type(data, begin, end, found):
    for number, kind, value, stop in fields(data, begin, end):
        if number == 1:
            found.type = _TYPE_NAMES.get(value, f"type {value}")
        elif number == 2 and kind == BYTES:
            found.shape = tuple(
                _dimension(data, at, to)
                for inner, inner_kind, at, to in fields(data, value, stop)
                if inner == 1 and inner_kind == BYTES
            )


def _dimension(data, begin, end):
    for number, kind, value, stop in fields(data, begin, end):
        if number == 1:
            return signed(value)
        if number == 2 and kind == BYTES:
            return text(data, value, stop)
    return None
