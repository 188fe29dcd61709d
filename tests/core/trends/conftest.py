"""Small trend maps with values that fit in the head."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter


def write_trend(path, slope, p, plain=None, grid=None, unit="cm", order=0, yearly=False):
    """A trend map of slopes per month; bands in another order for ``order`` 1; path as text."""
    slope, p = np.atleast_2d(slope).astype(float), np.atleast_2d(p).astype(float)
    grid = grid or Grid(70.0, 30.0, 1.0, 1.0, slope.shape[1], slope.shape[0])
    bands = {"slope_per_year": (12 * slope, f"{unit}/yr"), "z": (0 * slope, ""), "p": (p, "")}
    if not yearly:
        bands["slope_per_month"] = (slope, f"{unit}/month")
    if plain is not None:
        bands["p_original"] = (np.atleast_2d(plain).astype(float), "")
    names = list(bands)[:: -1 if order else 1]
    tags = {"units": f"{unit}/yr", "long_name": "trend of storage", "history": "made for a test"}
    with RasterWriter(
        path, grid, names, dtype="float64", units=[bands[n][1] for n in names], tags=tags
    ) as file:
        file.write(np.stack([bands[n][0] for n in names]))
    return str(path)


@pytest.fixture(scope="session")
def make_trend():
    return write_trend
