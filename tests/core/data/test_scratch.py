"""Memory that is read into again: the same values, one memory a thread."""

import threading

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.scratch import Scratch
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, stack_writer

GRID = Grid(60.0, 50.0, 0.5, 0.5, 30, 20)
MONTHS = np.datetime64("2004-01", "M") + np.arange(5)


@pytest.mark.parametrize(("dtype", "nodata"), [("float32", np.nan), ("int16", -9), ("uint8", 255)])
def test_a_block_is_read_as_without(tmp_path, dtype, nodata):
    values = np.random.default_rng(0).integers(0, 100, (5, 20, 30)).astype(float)
    values[2, 4:9] = np.nan
    with stack_writer(tmp_path / "a.tif", StackInfo(GRID, MONTHS), dtype, nodata) as writer:
        writer.write(np.where(np.isnan(values), nodata, values))
    scratch = Scratch()
    with MonthlyStack(tmp_path / "a.tif") as stack:
        for block in ((0, 0, 20, 30), (3, 5, 4, 7), (0, 0, 20, 30)):
            for bands in (None, [0, 2, 4]):
                got = stack.read(*block, bands=bands, dtype="float32", scratch=scratch)
                row, col, ny, nx = block
                expected = values[bands or slice(None), row : row + ny, col : col + nx]
                np.testing.assert_array_equal(got, expected)


def test_memory_is_used_again_and_each_thread_has_its_own():
    scratch, other = Scratch(), []
    first = scratch.array((4, 5), "float64")
    assert np.shares_memory(first, scratch.array((2, 3), "int16"))
    thread = threading.Thread(target=lambda: other.append(scratch.array((4, 5), "float64")))
    thread.start()
    thread.join()
    assert other[0].shape == (4, 5)
    assert not np.shares_memory(first, other[0])
