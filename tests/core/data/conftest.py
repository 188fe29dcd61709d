"""Made products and a stack, for this folder's tests."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import StackInfo, write_stack

from .foreignrasters import GRID, MONTHS
from .importedfiles import LAND, LAT, LON
from .netcdfproducts import days, monthly, write_netcdf


@pytest.fixture(scope="session")
def make_product():
    return write_netcdf


@pytest.fixture(scope="session")
def calendar_months():
    return monthly


@pytest.fixture(scope="session")
def epoch_days():
    return days


@pytest.fixture
def five_months():
    values = np.random.default_rng(5).normal(size=(5, 30, 20)).astype("f4").astype(float)
    values[2] = np.nan
    values[0, 3, 4] = np.nan
    return values


@pytest.fixture
def stack_file(tmp_path, five_months):
    info = StackInfo(GRID, MONTHS, "cm", "storage", ("2004-01", "2009-12"), ("one", "two ü"))
    write_stack(tmp_path / "a.tif", info, five_months)
    return tmp_path / "a.tif"


@pytest.fixture
def product(tmp_path, make_product, calendar_months):
    """A random product of ``count`` months from 2003-07 with some of them left out."""

    def build(count=48, left_out=(), noisy=(), name="product.nc", edit=None, **change):
        start, end = calendar_months("2003-07", count)
        values = np.random.default_rng(3).normal(size=(count, 6, 12))
        for month in noisy:
            values[month] += 30 * np.random.default_rng(month).normal(size=(6, 12))
        keep = np.setdiff1d(np.arange(count), left_out)
        start, end, values = start[keep], end[keep], values[keep]
        sigma = 1.0 + np.arange(values.size).reshape(values.shape) / values.size
        if edit:
            start, end, values, sigma = edit(start, end, values, sigma)
        change = {"land": LAND, "uncertainty": sigma, **change}
        path = make_product(tmp_path / name, values, LAT, LON, start, end, **change)
        return path, values.astype("f4").astype(float), sigma.astype("f4").astype(float)

    return build
