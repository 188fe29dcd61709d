"""Layers of three grids on disk, and predictor sets made from them."""

import numpy as np
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import StackInfo, write_stack
from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable
from grace_water_toolbox.core.downscaling.layers import Layer
from grace_water_toolbox.core.downscaling.mapping import parse_mapping
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.downscaling.preparation import plan_preparation
from grace_water_toolbox.core.downscaling.preparing import Settings, prepare

FINE = Grid(10.0, 40.0, 0.5, 0.5, 12, 8)
COARSE = Grid(10.0, 40.0, 2.0, 2.0, 3, 2)
DETAIL = Grid(9.0, 41.0, 0.25, 0.25, 40, 40)


def contract_of(*inputs):
    return Contract("m", "pixel", Target("twsa", "cm"), tuple(inputs), Spacing(0.5, 0.5))


class World:
    """Layers on disk, opened; ``values`` by name."""

    def __init__(self, folder):
        self.folder, self.layers, self.values = folder, [], {}

    def add(self, name, values, units, grid, start="2004-01", long_name=""):
        path = self.folder / f"{name}.tif"
        values = np.asarray(values, np.float32)
        if start:
            months = np.datetime64(start, "M") + np.arange(len(values))
            write_stack(path, StackInfo(grid, months, units, long_name), values)
        else:
            with RasterWriter(path, grid, [name], units=units) as writer:
                writer.write(values[None])
        self.values[name] = values.astype(float)
        self.layers.append(Layer(path, "", len(self.layers) + 1))

    def plan(self, contract=None, mapping="", grid=FINE, **more):
        return plan_preparation(self.layers, parse_mapping(mapping), contract, grid=grid, **more)

    def make(self, contract=None, mapping="", settings=Settings(), mask=None, **more):  # noqa: B008
        kept = {k: more.pop(k) for k in ("memory", "progress") if k in more}
        plan = self.plan(contract, mapping, **more)
        path = self.folder / "set.tif"
        summaries = prepare(plan, path, settings, mask=mask, **kept)
        with PredictorSet(path) as file:
            return plan, summaries, file, read_all(file)


def read_all(file):
    made = {}
    for name, entry in file.variables.items():
        bands = [entry.band] if entry.is_static else [entry.bands[m] for m in entry.months]
        made[name] = file.read(bands).astype(float)
    return made


THREE = (
    Variable("precipitation", "mm month-1", lags=(0, 2), range=(0.0, 100.0)),
    Variable("temperature", "K"),
    Variable("elevation", "m", "static"),
)
