"""Holes against a transcription of the quadrant search; blocks, masks, never-known cells."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.gridmask import GridMask
from grace_water_toolbox.core.downscaling.holes import fill_map, fill_months, fill_stack_holes
from grace_water_toolbox.core.errors import Cancelled, DataError, ParameterError
from grace_water_toolbox.core.progress import Progress


def by_hand(values, distance):
    """The nearest value of each quadrant, weighted by 1/d, cell by cell.

    The column through the hole belongs to the left quadrants, its row to the upper ones; in
    the last column of the raster the right quadrants see that column too. Columns are
    searched from the hole outwards. Of two values equally far GDAL takes the second where
    the square of the rounded root is larger than the square.
    """
    filled = values.copy()
    rows, columns = np.nonzero(np.isfinite(values))
    for i, j in zip(*np.nonzero(~np.isfinite(values))):
        top, weights = 0.0, 0.0
        d = np.hypot(rows - i, columns - j)
        last = j == values.shape[1] - 1
        for side in (columns <= j, columns >= j if last else columns > j):
            for half in (rows <= i, rows > i):
                inside = np.flatnonzero(side & half & (d <= distance))
                best, near = None, distance + 1.0
                for k in inside[np.argsort(np.abs(columns[inside] - j), kind="stable")]:
                    square = float((rows[k] - i) ** 2 + (columns[k] - j) ** 2)
                    if square < near * near:
                        best, near = k, np.sqrt(square)
                if best is not None:
                    top += values[rows[best], columns[best]] / near
                    weights += 1 / near
        if weights:
            filled[i, j] = top / weights
    return filled


@pytest.mark.parametrize("distance", [1, 2, 3, 4.5, 10])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_the_quadrant_search(distance, share):
    rng = np.random.default_rng(int(10 * share + distance))
    values = rng.normal(size=(23, 31)).astype("f4")
    values[rng.random(values.shape) < share] = np.nan
    got, made = fill_map(values, distance)
    want = by_hand(values.astype(float), distance)
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)
    known = np.isfinite(values)
    assert (got[known] == values[known]).all() and not made[known].any()
    np.testing.assert_array_equal(made, np.isfinite(want) & ~known)


def test_values_in_64_bits_keep_every_bit():
    values = np.array([[0.1, np.nan, 0.3]])
    got, made = fill_map(values, 1)
    assert got[0, 0] == 0.1 and got[0, 2] == 0.3 and made.tolist() == [[False, True, False]]
    assert got[0, 1] == pytest.approx(0.2)


def test_a_constant_stays_one_and_nothing_leaves_the_range():
    rng = np.random.default_rng(3)
    values = np.where(rng.random((40, 40)) < 0.3, np.nan, 7.25).astype("f4")
    assert np.nanmax(np.abs(fill_map(values, 5)[0] - 7.25)) < 1e-5
    values = np.where(np.isnan(values), np.nan, rng.normal(size=values.shape)).astype("f4")
    got, made = fill_map(values, 5)
    assert (
        np.nanmin(values) - 1e-5 <= got[made].min() <= got[made].max() <= np.nanmax(values) + 1e-5
    )


@pytest.mark.parametrize("values", [np.full((3, 3), np.nan, "f4"), np.ones((1, 1), "f4")])
def test_nothing_to_fill_with_and_nothing_to_fill(values):
    got, made = fill_map(values, 3)
    np.testing.assert_array_equal(got, values)
    assert not made.any()


def test_masked_cells_are_never_filled_and_lend_nothing():
    values = np.array([[[1.0, np.nan, 9.0, 9.0]], [[1.0, 1.0, 9.0, np.nan]]])
    masked = np.array([[False, False, True, False]])
    made = fill_months(values, 1, masked)
    # The hole next to 1 does not see the masked 9; the other has only the masked neighbour.
    np.testing.assert_array_equal(values[0], [[1, 1, np.nan, 9]])
    np.testing.assert_array_equal(values[1], [[1, 1, np.nan, np.nan]])
    assert made.sum() == 1


def test_cells_that_never_have_a_value_are_outside():
    values = np.array([[[1.0, np.nan, np.nan]], [[1.0, 2.0, np.nan]]])
    made = fill_months(values.copy(), 3)
    assert made.tolist() == [[[False, True, False]], [[False, False, False]]]
    assert fill_months(values.copy(), 3, empty_cells=True).sum() == 3
    # One map has no other month to tell by.
    assert fill_months(values[:1].copy(), 3).sum() == 2


def cloudy(shape=(3, 90, 300), seed=5):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape).astype("f4")
    values[rng.random(shape) < 0.2] = np.nan
    values[:, 20:40, 250:280] = np.nan
    return values


def test_blocks_change_nothing(tmp_path, make_stack):
    values = cloudy()
    path = make_stack(tmp_path / "i.tif", values)
    masked = np.zeros(values.shape[1:], bool)
    masked[:, 100:110] = True

    def mask(row, col, ny, nx):
        return masked[row : row + ny, col : col + nx]

    files = []
    for memory in (2**29, 100_000):
        with MonthlyStack(path) as stack:
            out, flags = tmp_path / f"{memory}.tif", tmp_path / f"f{memory}.tif"
            summary = fill_stack_holes(
                stack, out, distance=3, mask=mask, flags_output=flags, memory=memory
            )
        with MonthlyStack(out) as whole, MonthlyStack(flags) as flag:
            files.append((whole.read(), flag.read_flags(), summary))
    (a, fa, sa), (b, fb, sb) = files
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(fa, fb)
    np.testing.assert_array_equal(sa.filled, sb.filled)
    assert np.isnan(a[:, masked]).all() and sa.masked == 900
    np.testing.assert_array_equal((fa == 1).sum(axis=(1, 2)), sa.filled)
    np.testing.assert_array_equal(np.isnan(a), fa == 255)
    np.testing.assert_array_equal(sa.left, np.isnan(a[:, ~masked]).sum(axis=1))
    # The square that is missing in all months is no scattered hole.
    assert np.isnan(a[:, 20:40, 250:280]).all() and sa.filled.min() > 1000


def test_a_map_stays_a_map(tmp_path):
    from grace_water_toolbox.core.data.rasterfile import RasterWriter
    from grace_water_toolbox.core.data.static import open_stack_or_map

    with RasterWriter(tmp_path / "m.tif", Grid(0, 10, 1, 1, 3, 1), ["clay"], units="g kg-1",
                      dtype="int16", nodata=-1) as writer:  # fmt: skip
        writer.write(np.array([[[10, -1, 20]]]))
    with open_stack_or_map(tmp_path / "m.tif") as stack:
        fill_stack_holes(stack, tmp_path / "o.tif", distance=1)
    with open_stack_or_map(tmp_path / "o.tif") as got:
        assert got.read().tolist() == [[[10, 15, 20]]] and got.units == "g kg-1"
        assert got.info.label == "clay"


def test_cancel_leaves_nothing(tmp_path, make_stack):
    class Impatient(Progress):
        def is_cancelled(self):
            return True

    path = make_stack(tmp_path / "i.tif", cloudy())
    with MonthlyStack(path) as stack, pytest.raises(Cancelled):
        fill_stack_holes(stack, tmp_path / "o.tif", distance=3, progress=Impatient())
    assert [p.name for p in tmp_path.iterdir()] == ["i.tif"]


@pytest.mark.parametrize("distance", [0, 0.5, 101, float("nan")])
def test_wild_distances(tmp_path, make_stack, distance):
    path = make_stack(tmp_path / "i.tif", cloudy())
    with MonthlyStack(path) as stack, pytest.raises(ParameterError, match="MAX_DISTANCE"):
        fill_stack_holes(stack, tmp_path / "o.tif", distance=distance)


def test_flags_and_empty_stacks_are_refused(tmp_path, make_stack):
    path = make_stack(tmp_path / "f.tif", np.ones((2, 2, 2)), flags=True)
    with MonthlyStack(path) as stack, pytest.raises(ParameterError, match="classes"):
        fill_stack_holes(stack, tmp_path / "o.tif", distance=3)
    path = make_stack(tmp_path / "n.tif", np.full((2, 2, 2), np.nan))
    with MonthlyStack(path) as stack, pytest.raises(DataError):
        fill_stack_holes(stack, tmp_path / "o.tif", distance=3)


class Plain:
    """A mask in memory."""

    name = "MASK"

    def __init__(self, values, grid):
        self.values, self.grid = np.asarray(values, np.uint8), grid

    def read(self, row, col, ny, nx):
        return self.values[row : row + ny, col : col + nx]


def test_a_mask_on_other_cells():
    mask = Plain([[1, 0, 0, 1], [1, 0, 1, 255]], Grid(0, 2, 1, 1, 4, 2))
    coarse = GridMask(mask, Grid(0, 2, 2, 2, 3, 1), "the grid")
    assert coarse(0, 0, 1, 3).tolist() == [[True, True, False]]
    fine = GridMask(mask, Grid(0, 2, 0.5, 0.5, 10, 4), "the grid")
    assert fine(0, 0, 4, 10)[0].astype(int).tolist() == [1, 1, 0, 0, 0, 0, 1, 1, 0, 0]
    assert fine(3, 6, 1, 4).tolist() == [[False, False, False, False]]
    assert GridMask(mask, mask.grid, "")(1, 0, 1, 4).tolist() == [[True, False, True, False]]
