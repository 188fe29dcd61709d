"""A set of land-surface files as one monthly record."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import GridError, ReadError, TimeAxisError, UnitsError
from ..multidim import MultidimFile
from . import era5land, gldas
from .latlon import find_layout
from .layers import COMPONENTS, missing_layers, wrong_product
from .monthly import months_of
from .record import FileRecord

PRODUCTS = {p.id: p for p in (gldas.NOAH, gldas.CLSM, gldas.VIC, era5land.ERA5_LAND)}


@dataclass(frozen=True)
class LandFile:
    """One file: its months and how its layers are read (`Layout`, factor and units by name)."""

    path: str
    months: np.ndarray
    layouts: dict
    factors: dict
    units: dict
    version: str
    block: int
    spread: bool

    @property
    def name(self):
        """The name of the file."""
        return Path(self.path).name

    @property
    def grid(self):
        """The grid of the first layer; the others lie on the same."""
        return next(iter(self.layouts.values())).grid


def inspect_file(path, product):
    """`LandFile` of a file of ``product``; says everything that is wrong with it at once.

    Raises `ReadError` for a file that cannot be read or is of another product,
    `TimeAxisError`, `UnitsError`, `GridError`.
    """
    file = MultidimFile(path)
    attributes = file.attributes()
    wrong = []
    model = gldas.stated_model(attributes)
    if product.model and model and model != product.model:
        wrong.append(f"the model {attributes['source']}")
    missing = missing_layers(product, file.names())
    if missing:
        wrong.append(f"no {', '.join(missing)}")
    present = [layer for layer in product.layers if layer.name not in missing]
    layouts, months, block = {}, None, 1
    for layer in present:
        variable = file.variable(layer.name)
        layouts[layer.name], time = find_layout(file, variable)
        if months is None:
            months, problem = _months(file, time, bool(wrong))
            if problem:
                wrong.append(problem)
        block = max(block, _times_together(variable, layouts[layer.name]))
    if wrong:
        raise wrong_product(product, file.name, "; ".join(wrong))
    first = product.layers[0].name
    factors, units = {}, {}
    for layer in product.layers:
        variable = file.variable(layer.name)
        what = layouts[first].grid.difference(layouts[layer.name].grid)
        if what or _times(variable, layouts[layer.name]) != months.size:
            raise GridError(
                f"{first} and {layer.name} on one grid and over the same times are expected",
                f"another {what or 'number of times'}",
                file.name,
            )
        units[layer.name] = str(variable.units)
        factors[layer.name] = layer.factor(variable.units, f"{file.name}, variable {layer.name}")
    version = gldas.stated_version(attributes) if product.model else ""
    spread = any(len(layout.versions) > 1 for layout in layouts.values())
    return LandFile(str(path), months, layouts, factors, units, version, block, spread)


def _months(file, time, wrong_already):
    if time is None:
        return np.empty(0, "datetime64[M]"), "no time axis"
    try:
        return months_of(file, time), ""
    except TimeAxisError as error:
        # The file of a wrong product is told so, and that it is not monthly either.
        if not wrong_already:
            raise
        return np.empty(0, "datetime64[M]"), f"not monthly: {error.found}"


def _times(variable, layout):
    return variable.shape[layout.positions["time"]] if "time" in layout.positions else 1


def _times_together(variable, layout):
    blocks = variable.block
    return blocks[layout.positions["time"]] if blocks and "time" in layout.positions else 1


class LandRecord(FileRecord):
    """Files of one product in the order of their months.

    Raises what `inspect_file` and `FileRecord` raise, and `UnitsError`, `ReadError`
    naming both files where two of them do not go together.
    """

    def __init__(self, paths, product, progress):
        self.product = product
        super().__init__(paths, lambda path: inspect_file(path, product), progress)
        _check_alike(self.files)

    def read(self, indexes, row, ny, columns):
        """Components (component, month, y, x) in cm of the months at ``indexes``.

        A component is NaN where one of its layers is. Months without a file are NaN.
        """
        out = np.full((len(COMPONENTS), len(indexes), ny, columns.size), np.nan)
        for file, first, targets in self.runs(indexes):
            self.check()
            opened = MultidimFile(file.path)
            for c, component in enumerate(COMPONENTS):
                total = 0.0
                for layer in self.product.layers_of(component):
                    variable = opened.variable(layer.name)
                    layout = file.layouts[layer.name]
                    values = layout.read(variable, first, len(targets), row, ny, columns)
                    values *= file.factors[layer.name]
                    layer.check_values(values, f"{file.name}, variable {layer.name}")
                    total = total + values
                out[c, targets] = total
        return out


def _check_alike(files):
    first = files[0]
    for file in files[1:]:
        for name, units in first.units.items():
            if file.units[name] != units:
                raise UnitsError(
                    f"one unit of {name} in all files is expected",
                    f"{units!r} in {first.name} and {file.units[name]!r} in {file.name}",
                )
        if file.version != first.version:
            raise ReadError(
                "files of one version of the product are expected",
                f"{first.version or 'none'} in {first.name} and {file.version or 'none'} in "
                f"{file.name}",
                "INPUT",
                "Versions differ in forcing: a step between them would pass for water.",
            )
