"""Reading a model contract from its JSON text, every field checked by name."""

import json
import math
import re

from ..errors import ModelError
from .contract import (
    BEYOND,
    BLENDS,
    CALENDAR,
    INTERPOLATIONS,
    KINDS,
    MISSING,
    ROLES,
    SCHEMA,
    TASKS,
    Contract,
    Spacing,
    Target,
    Tile,
    Training,
    Variable,
)


def parse_contract(text, where=""):
    """The `Contract` in a JSON text. Raises `ModelError` naming the field that is wrong."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("a contract in JSON is expected", error, where) from error
    read = _Fields(content, "contract", where)
    schema = read.number("schema")
    if schema != SCHEMA:
        raise read.wrong("schema", f"version {SCHEMA}", schema, "Update the toolbox.")
    kind = read.one_of("kind", KINDS)
    inputs = tuple(_variable(part) for part in read.parts("inputs"))
    tile = _tile(read.part("tile")) if content.get("tile") else None
    contract = Contract(
        name=read.text("name"),
        kind=kind,
        task=read.one_of("task", TASKS, "downscale"),
        title=read.text("title", ""),
        version=read.text("version", "1"),
        description=read.text("description", ""),
        target=_target(read.part("target")),
        inputs=inputs,
        input=read.text("input", "predictors"),
        output=read.text("output", "mean"),
        output_std=read.text("output_std", ""),
        missing=read.one_of("missing", MISSING, "refuse"),
        beyond=read.one_of("beyond", BEYOND, ""),
        spacing=_spacing(read.part("spacing")),
        tile=tile,
        training=_training(read.part("training", {})),
        coarse_spacing=read.number("coarse_spacing", 0.0),
        strata=tuple(read.whole_list("strata")),
        strata_source=read.text("strata_source", ""),
        class_ranges=_class_ranges(read, len(inputs)),
        metrics=dict(content.get("metrics") or {}),
        limits=tuple(str(v) for v in content.get("limits") or ()),
    )
    if not inputs:
        raise read.wrong("inputs", "at least one variable", "none")
    names = [v.name for v in inputs]
    double = {n for n in names if names.count(n) > 1}
    if double:
        raise read.wrong("inputs", "each variable once", f"{sorted(double)[0]} twice")
    if kind == "patch" and tile is None:
        raise read.wrong("tile", "the size of a patch for a patch model", "none")
    return contract


def _variable(read):
    role = read.one_of("role", ROLES, "dynamic")
    name = read.text("name")
    read.where = f"{read.where}, variable {name}" if read.where else f"variable {name}"
    if role == "calendar" and name not in CALENDAR:
        raise read.wrong("name", f"one of {', '.join(CALENDAR)} for the role calendar", name)
    lags = tuple(read.whole_list("lags")) or (0,)
    if any(not 0 <= lag <= 120 for lag in lags) or len(set(lags)) < len(lags):
        raise read.wrong("lags", "different lags of 0 to 120 months", list(lags))
    if role in ("static", "calendar") and lags != (0,):
        raise read.wrong("lags", f"no lags for the role {role}", list(lags))
    low, high = _range(read, read.content.get("range") or [None, None])
    return Variable(
        name=name,
        units=read.text("units"),
        role=role,
        lags=lags,
        range=(low, high),
        fill=read.number("fill", 0.0),
        long_name=read.text("long_name", ""),
        source=read.text("source", ""),
        derived=read.text("derived", ""),
        interpolation=read.one_of("interpolation", INTERPOLATIONS, "bilinear"),
    )


def _class_ranges(read, count):
    """{class: (low, high) of each input}; the same number of pairs as inputs."""
    content = read.content.get("class_ranges") or {}
    if not isinstance(content, dict):
        raise read.wrong("class_ranges", "ranges by class", content)
    found = {}
    for name, pairs in content.items():
        if not re.fullmatch(r"-?[0-9]{1,9}", name):
            raise read.wrong("class_ranges", "a whole number for each class", name)
        if not isinstance(pairs, list) or len(pairs) != count:
            raise read.wrong("class_ranges", f"{count} pairs for class {name}", pairs)
        found[int(name)] = tuple(_range(read, pair) for pair in pairs)
    return found


def _range(read, ends):
    if not isinstance(ends, list) or len(ends) != 2:
        raise read.wrong("range", "two numbers", ends)
    low = -math.inf if ends[0] is None else read.as_number("range", ends[0])
    high = math.inf if ends[1] is None else read.as_number("range", ends[1])
    if low > high:
        raise read.wrong("range", "low before high", ends)
    return low, high


def _target(read):
    return Target(
        name=read.text("name"),
        units=read.text("units"),
        long_name=read.text("long_name", ""),
        baseline=tuple(str(m) for m in read.content.get("baseline") or ()),
        adds=read.one_of("adds", ("", *INTERPOLATIONS), ""),
        conserves=read.one_of("conserves", (True, False), False),
    )


def _spacing(read):
    dx, dy = read.number("dx"), read.number("dy")
    if dx <= 0 or dy <= 0:
        raise read.wrong("dx, dy", "positive cell sizes", f"{dx:g}, {dy:g}")
    return Spacing(
        dx, dy, read.one_of("units", ("degree", "m"), "degree"), read.number("tolerance", 0.01)
    )


def _tile(read):
    tile = Tile(
        height=read.whole("height"),
        width=read.whole("width"),
        overlap=read.whole("overlap", 0),
        blend=read.one_of("blend", BLENDS, "average"),
        multiple=read.whole("multiple", 1),
        fixed=bool(read.content.get("fixed", True)),
    )
    if not (1 <= tile.height <= 4096 and 1 <= tile.width <= 4096):
        raise read.wrong("height, width", "1 to 4096 cells", f"{tile.height} × {tile.width}")
    if not 0 <= tile.overlap < min(tile.height, tile.width):
        raise read.wrong("overlap", "fewer cells than the patch has", tile.overlap)
    if tile.multiple < 1:
        raise read.wrong("multiple", "1 or more", tile.multiple)
    return tile


def _training(read):
    extent = read.content.get("extent") or ()
    return Training(
        extent=tuple(read.as_number("extent", v) for v in extent),
        period=tuple(str(m) for m in read.content.get("period") or ()),
        data=read.text("data", ""),
        licence=read.text("licence", ""),
        citation=read.text("citation", ""),
    )


_REQUIRED = object()


class _Fields:
    """Typed access to one JSON object; every error names the field."""

    def __init__(self, content, name, where):
        self.name, self.where = name, where
        if not isinstance(content, dict):
            raise ModelError(f"{name} must be a JSON object", type(content).__name__, where)
        self.content = content

    def wrong(self, key, expected, found, remedy=""):
        return ModelError(
            f"{expected} is expected for '{key}' of the {self.name}", found, self.where, remedy
        )

    def _get(self, key, default):
        value = self.content.get(key)
        if value is None:
            if default is _REQUIRED:
                raise self.wrong(key, "a value", "nothing")
            return default
        return value

    def text(self, key, default=_REQUIRED):
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text", value)
        if default is _REQUIRED and not value.strip():
            raise self.wrong(key, "a text", "an empty one")
        return value

    def as_number(self, key, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong(key, "a number", value)
        if not math.isfinite(value):
            raise self.wrong(key, "a finite number", value)
        return float(value)

    def number(self, key, default=_REQUIRED):
        return self.as_number(key, self._get(key, default))

    def whole(self, key, default=_REQUIRED):
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "a whole number", value)
        return value

    def whole_list(self, key):
        values = self.content.get(key) or []
        if not isinstance(values, list) or any(
            isinstance(v, bool) or not isinstance(v, int) for v in values
        ):
            raise self.wrong(key, "a list of whole numbers", values)
        return values

    def one_of(self, key, choices, default=_REQUIRED):
        value = self._get(key, default)
        if value not in choices:
            listed = ", ".join(repr(c) for c in choices)
            raise self.wrong(key, f"one of {listed}", value)
        return value

    def part(self, key, default=_REQUIRED):
        return _Fields(self._get(key, default), key, self.where)

    def parts(self, key):
        values = self._get(key, _REQUIRED)
        if not isinstance(values, list):
            raise self.wrong(key, "a list", values)
        return [_Fields(v, f"{key} {i}", self.where) for i, v in enumerate(values, 1)]
