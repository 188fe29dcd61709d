"""Sums by several threads: every block once for every band, errors and Cancel end all."""

import threading

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.exporting import export_netcdf
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.handles import sum_in_parts
from grace_water_toolbox.core.data.observed import ObservedStack
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, stack_writer
from grace_water_toolbox.core.errors import Cancelled
from grace_water_toolbox.core.progress import Progress
from rasterio.transform import Affine

#: Enough values for three threads.
MONTHS, ROWS, COLUMNS = 30, 300, 600
GRID = Grid(60.0, 50.0, 0.05, 0.05, COLUMNS, ROWS)


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).integers(0, 100, (MONTHS, ROWS, COLUMNS)).astype("float32")


@pytest.fixture(params=["band", "pixel", "netcdf"])
def stack(request, tmp_path, values):
    path, months = tmp_path / "stack.tif", np.datetime64("2004-01", "M") + np.arange(MONTHS)
    interleave = request.param if request.param != "netcdf" else "band"
    with rasterio.open(
        path, "w", driver="GTiff", width=COLUMNS, height=ROWS, count=MONTHS, dtype="float32",
        crs=GRID.crs, transform=Affine.from_gdal(*GRID.geotransform), interleave=interleave,
    ) as file:  # fmt: skip
        file.write(values)
        file.descriptions = [str(month) for month in months]
        file.update_tags(units="cm")
    if request.param == "netcdf":
        with MonthlyStack(path) as source:
            export_netcdf(source, tmp_path / "stack.nc", variable="lwe")
        path = f'NETCDF:"{tmp_path / "stack.nc"}":lwe'
    with MonthlyStack(path) as opened:
        yield opened


def blocks():
    """Ten blocks of whole rows, as `touched_blocks` yields them."""
    size = 30 * COLUMNS
    return [((row, 0, 30, COLUMNS), np.arange(size), np.arange(size)) for row in range(0, ROWS, 30)]


def test_every_block_counts_once_for_every_band(stack, values):
    handles = {}

    def work(reader, bands, block):
        handles[id(reader)] = reader
        return reader.read(*block[0], bands=bands).sum(axis=(1, 2))

    total = np.zeros(MONTHS)
    parts = sum_in_parts(stack, blocks(), work, threads=3)
    for bands, part in parts:
        total[bands] += part
    np.testing.assert_array_equal(total, values.sum(axis=(1, 2), dtype=float))
    expected = {"band": 3, "pixel": 3, "": 1}[stack.layout]
    assert len(parts) == len(handles) == expected


def test_filled_values_are_missing_in_every_thread(stack, values, tmp_path):
    flags = np.zeros((MONTHS, ROWS, COLUMNS))
    flags[5], flags[:, 40:80] = 1, 2
    path = tmp_path / "flags.tif"
    with stack_writer(path, StackInfo(GRID, stack.months), "uint8", 255) as writer:
        writer.write(flags)
    total = np.zeros(MONTHS)
    with MonthlyStack(path) as opened:
        observed = ObservedStack(stack, opened)

        def work(reader, bands, block):
            assert isinstance(reader, ObservedStack)
            return np.nansum(reader.read(*block[0], bands=bands), axis=(1, 2))

        parts = sum_in_parts(observed, blocks(), work, threads=3)
        for bands, part in parts:
            total[bands] += part
    # Where one file holds months and the other cells, one thread reads both.
    assert len(parts) == (3 if stack.layout == "band" else 1)
    expected = np.where(flags > 0, 0, values).sum(axis=(1, 2), dtype=float)
    np.testing.assert_array_equal(total, expected)


def test_a_short_work_needs_no_second_handle(stack):
    parts = sum_in_parts(stack, blocks()[:1], lambda reader, bands, block: reader is stack)
    assert [(bands.size, alone) for bands, alone in parts] == [(MONTHS, True)]
    assert sum_in_parts(stack, [], None) == []


def test_an_error_ends_every_thread(stack):
    seen = []

    def work(reader, bands, block):
        seen.append(block[0])
        if block[0][0] == 0 and bands[0] == 0:
            raise ValueError("no such block")
        threading.Event().wait(0.2)
        return 0

    with pytest.raises(ValueError, match="no such block"):
        sum_in_parts(stack, blocks(), work, threads=3)
    assert len(seen) < 10


class AfterAWhile(Progress):
    """Cancelled at the second time of asking."""

    asked = 0

    def is_cancelled(self):
        self.asked += 1
        return self.asked > 1


def test_cancel_ends_every_thread(stack):
    seen = []

    def work(reader, bands, block):
        seen.append(block)
        threading.Event().wait(0.3)
        return 0

    with pytest.raises(Cancelled):
        sum_in_parts(stack, blocks(), work, AfterAWhile(), threads=3)
    assert 0 < len(seen) < 10
    assert not [t for t in threading.enumerate() if t.name.startswith("gracewater-read")]
