"""Alignment of stacks: areas, holes, date line, and no invented detail."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.aligning import align_stack, align_values, check_alignment
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.reference import pixel_type, read_grid, same_crs
from grace_water_toolbox.core.data.separable import axis_weights
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import Cancelled, GridError, ParameterError, ReadError
from grace_water_toolbox.core.progress import Progress
from hypothesis import given, settings
from hypothesis import strategies as st

UTM = "EPSG:32645"


def mean_by_hand(values, source, target, min_share=0.5):
    """One cell after the other, in plain loops: overlap areas on the sphere."""
    result = np.full(target.shape, np.nan)

    def area(south, north, west, east):
        if source.is_geographic:
            south, north = (np.sin(np.radians(np.clip(v, -90, 90))) for v in (south, north))
        return max(0.0, north - south) * max(0.0, east - west)

    for i, j in np.ndindex(*target.shape):
        north, west = target.y0 - i * target.dy, target.x0 + j * target.dx
        south, east = north - target.dy, west + target.dx
        total = weight = 0.0
        for k, m in np.ndindex(*source.shape):
            if np.isnan(values[k, m]):
                continue
            top, left = source.y0 - k * source.dy, source.x0 + m * source.dx
            for turn in (-720, -360, 0, 360, 720) if source.is_geographic else (0,):
                part = area(
                    max(south, top - source.dy), min(north, top),
                    max(west, left + turn), min(east, left + source.dx + turn),
                )  # fmt: skip
                total += part * values[k, m]
                weight += part
        if weight > 0 and weight >= min_share * area(south, north, west, east) * (1 - 1e-9):
            result[i, j] = total / weight
    return result


def carried(values, source, target, method="mean", min_share=0.5):
    y, x = axis_weights(method, source, target)
    whole = np.outer(y.whole, x.whole)
    return align_values(np.asarray(values, float)[None], y.matrix, x.matrix, whole, min_share)[0]


def aligned(make_stack, read_stack, folder, values, source, target, **settings):
    path = make_stack(folder / "in.tif", values, grid=source, baseline=("2004-01", "2004-02"))
    with MonthlyStack(path) as stack:
        align_stack(stack, target, folder / "out.tif", **settings)
    return read_stack(folder / "out.tif")


def test_mean_of_four_cells_at_the_equator():
    source, target = Grid(0, 1, 1, 1, 2, 2), Grid(0, 1, 2, 2, 1, 1)
    # Both rows touch the equator, so they weigh the same.
    np.testing.assert_allclose(carried([[1, 2], [3, 6]], source, target), [[3]])


def test_rows_weigh_by_area():
    source, target = Grid(0, 90, 1, 30, 1, 2), Grid(0, 90, 1, 60, 1, 1)
    sine = np.sin(np.radians([90, 60, 30]))
    expected = (8 * (sine[0] - sine[1]) + 2 * (sine[1] - sine[2])) / (sine[0] - sine[2])
    np.testing.assert_allclose(carried([[8], [2]], source, target), [[expected]])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(-400, 400),
    st.floats(-30, 60),
    st.floats(0.4, 5),
    st.floats(0.4, 5),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_mean_equals_plain_loops(seed, x0, y0, dx, dy, share):
    random = np.random.default_rng(seed)
    source = Grid(-10.0, 60.0, 7.0, 9.0, 8, 6)
    values = random.normal(size=source.shape)
    values[random.random(source.shape) < 0.3] = np.nan
    target = Grid(x0, y0, 7 * dx, 9 * dy, 3, 2)
    np.testing.assert_allclose(
        carried(values, source, target, min_share=share),
        mean_by_hand(values, source, target, share),
        atol=1e-9,
    )


def test_mean_on_a_projected_grid_is_planar():
    source, target = Grid(0, 40, 10, 10, 5, 4, UTM), Grid(5, 40, 25, 25, 2, 1, UTM)
    values = np.arange(20.0).reshape(4, 5)
    np.testing.assert_allclose(
        carried(values, source, target), mean_by_hand(values, source, target), atol=1e-12
    )


@pytest.mark.parametrize("cell", [(2, 2), (1.7, 3.1), (4, 2.5)])
def test_area_weighted_sum_is_conserved(cell):
    source = Grid(-180, 90, 1, 1, 360, 180)
    values = np.random.default_rng(1).normal(10, 5, size=source.shape)
    width, height = 360 / round(360 / cell[0]), 180 / round(180 / cell[1])
    target = Grid(-33.3, 90, width, height, round(360 / width), round(180 / height))
    got = carried(values, source, target)
    before, after = (values * source.cell_areas()).sum(), (got * target.cell_areas()).sum()
    assert after == pytest.approx(before, rel=1e-12)


def test_half_of_the_area_must_have_values():
    source, target = Grid(0, 1, 1, 1, 4, 2), Grid(0, 1, 2, 2, 2, 1)
    nan = np.nan
    values = [[1, 3, 5, nan], [nan, nan, nan, nan]]
    np.testing.assert_allclose(carried(values, source, target), [[2, nan]])
    np.testing.assert_allclose(carried(values, source, target, min_share=0.0), [[2, 5]])
    np.testing.assert_allclose(carried(values, source, target, min_share=1.0), [[nan, nan]])


def test_share_counts_what_lies_outside_the_stack():
    source, target = Grid(0, 1, 1, 1, 1, 2), Grid(-2, 1, 3, 2, 2, 1)
    np.testing.assert_allclose(carried([[1], [3]], source, target), [[np.nan, np.nan]])
    np.testing.assert_allclose(carried([[1], [3]], source, target, min_share=0.3), [[2, np.nan]])


def test_interpolation_by_hand():
    source, target = Grid(0, 1, 2, 2, 2, 1), Grid(0, 1, 1, 2, 4, 1)
    np.testing.assert_array_equal(carried([[4, 8]], source, target, "nearest"), [[4, 4, 8, 8]])
    np.testing.assert_allclose(carried([[4, 8]], source, target, "bilinear"), [[4, 5, 7, 8]])


def test_bilinear_equals_scipy_inside():
    from scipy.interpolate import RegularGridInterpolator

    source = Grid(-20, 30, 2, 3, 10, 8)
    target = Grid(-18.9, 28.3, 0.37, 0.41, 40, 45)
    values = np.random.default_rng(2).normal(size=source.shape)
    peer = RegularGridInterpolator((source.y[::-1], source.x), values[::-1])
    points = np.stack(np.meshgrid(target.y, target.x, indexing="ij"), axis=-1)
    np.testing.assert_allclose(
        carried(values, source, target, "bilinear"), peer(points), atol=1e-10
    )


def test_bilinear_runs_around_the_globe():
    source, target = Grid(-180, 45, 90, 90, 4, 1), Grid(-180, 45, 45, 90, 8, 1)
    got = carried([[0, 10, 20, 30]], source, target, "bilinear")
    np.testing.assert_allclose(got, [[7.5, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 22.5]])


@pytest.mark.parametrize("method", ["mean", "nearest", "bilinear"])
@pytest.mark.parametrize("turns", [-720.0, -360.0, 0.0, 360.0])
def test_across_the_date_line(method, turns):
    source = Grid(-180, 2, 1, 1, 360, 4)
    values = np.arange(4.0)[:, None] + (np.arange(360) + 180) % 360
    target = Grid(170 + turns, 2, 1, 1, 20, 4)
    columns = (np.arange(350, 370)) % 360
    np.testing.assert_allclose(carried(values, source, target, method), values[:, columns])
    # And the other way round: a stack of 170…190 on a grid of −180…180.
    back = carried(values[:, columns], Grid(170, 2, 1, 1, 20, 4), source, method)
    np.testing.assert_allclose(back[:, columns], values[:, columns])
    assert np.isnan(back).sum() == back.size - 80


def test_up_and_down_again_invents_no_detail(make_stack, read_stack, tmp_path):
    fine, coarse = Grid(0, 60, 0.5, 0.5, 24, 18), Grid(0, 60, 1.5, 1.5, 8, 6)
    values = np.random.default_rng(3).normal(size=(2, *fine.shape))
    down, _ = aligned(make_stack, read_stack, tmp_path, values, fine, coarse)
    up, info = aligned(make_stack, read_stack, tmp_path, down, coarse, fine, method="nearest")
    np.testing.assert_array_equal(up, np.kron(down, np.ones((3, 3))))
    assert info.history[-1].endswith("interpolated, no new detail")
    again, _ = aligned(make_stack, read_stack, tmp_path, up, fine, coarse)
    np.testing.assert_allclose(again, down, rtol=1e-6)


def test_what_the_stack_says_of_itself_is_kept(make_stack, read_stack, tmp_path):
    source, target = Grid(0, 2, 1, 1, 4, 2), Grid(0, 2, 2, 2, 2, 1)
    values = np.arange(24.0).reshape(3, 2, 4)
    values[1] = np.nan
    got, info = aligned(make_stack, read_stack, tmp_path, values, source, target)
    assert info.grid.difference(target) == "" and info.units == "cm"
    assert [str(m) for m in info.months] == ["2004-01", "2004-02", "2004-03"]
    assert info.baseline == ("2004-01", "2004-02") and info.history[0] == "made for a test"
    assert "area-weighted mean" in info.history[1]
    assert np.isnan(got[1]).all() and np.isfinite(got[[0, 2]]).all()


def test_memory_does_not_change_the_answer(make_stack, read_stack, tmp_path):
    source, target = Grid(-180, 90, 1, 1, 360, 180), Grid(-2, 80, 0.9, 1.3, 300, 60)
    values = np.random.default_rng(4).normal(size=(5, *source.shape))
    values[:, 40:60, 170:200] = np.nan
    ways = [
        aligned(
            make_stack, read_stack, tmp_path, values, source, target, force=True, memory=memory
        )[0]
        for memory in (2**30, 60_000)
    ]
    np.testing.assert_array_equal(*ways)


def test_flags_stay_flags(make_stack, tmp_path):
    source, target = Grid(0, 2, 2, 2, 2, 1), Grid(0, 2, 1, 1, 5, 2)
    path = make_stack(tmp_path / "f.tif", [[[0, 1]], [[255, 2]]], units="", grid=source, flags=True)
    with MonthlyStack(path) as stack:
        with pytest.raises(ParameterError, match="'nearest' is expected for classes"):
            align_stack(stack, target, tmp_path / "o.tif", method="bilinear")
        align_stack(stack, target, tmp_path / "o.tif", method="nearest")
    assert pixel_type(tmp_path / "o.tif", "o") == (np.uint8, 255)
    with MonthlyStack(tmp_path / "o.tif") as stack:
        assert stack.read_flags()[:, 0].tolist() == [[0, 0, 1, 1, 255], [255, 255, 2, 2, 255]]


@pytest.mark.parametrize(
    ("target", "method", "error", "text"),
    [
        (Grid(0, 4, 0.5, 0.5, 8, 8), "mean", ParameterError, "'nearest' or 'bilinear'"),
        (Grid(0, 4, 2, 0.5, 8, 8), "mean", ParameterError, "1 × 1 to 2 × 0.5"),
        (Grid(0, 4, 2, 2, 2, 2), "nearest", ParameterError, "Choose 'mean'"),
        (Grid(0, 4, 1, 1, 2, 2, UTM), "mean", GridError, "Warp"),
        (Grid(50, 4, 1, 1, 2, 2), "mean", GridError, "REFERENCE must meet INPUT"),
        (Grid(0, 4, 1, 1, 2, 2), "cubic", ParameterError, "mean, nearest, bilinear"),
    ],
)
def test_refusals(target, method, error, text):
    with pytest.raises(error) as refusal:
        check_alignment(Grid(0, 4, 1, 1, 4, 4), target, method)
    assert text in str(refusal.value)


def test_force_lets_the_method_through():
    check_alignment(Grid(0, 4, 1, 1, 4, 4), Grid(0, 4, 0.5, 0.5, 8, 8), "mean", force=True)
    check_alignment(Grid(0, 4, 1, 1, 4, 4), Grid(0, 4, 2, 2, 2, 2), "nearest", force=True)


@pytest.mark.real
def test_real_record_to_three_degrees(csr, read_stack, tmp_path):
    from grace_water_toolbox.core.data.importing import import_grace

    import_grace(str(csr), tmp_path / "fine.tif")
    # Half a cell off and on longitudes 0…360: cells do not nest.
    target = Grid(1.5, 90, 3, 3, 120, 60)
    with MonthlyStack(tmp_path / "fine.tif") as stack:
        align_stack(stack, target, tmp_path / "coarse.tif")
        fine, areas = stack.read(), stack.grid.cell_areas()
    coarse, info = read_stack(tmp_path / "coarse.tif")
    seen = np.isfinite(fine).all(axis=(1, 2))
    assert seen.sum() == 229 and (np.isfinite(coarse).all(axis=(1, 2)) == seen).all()
    before = (fine[seen] * areas).sum(axis=(1, 2)) / areas.sum()
    after = (coarse[seen] * info.grid.cell_areas()).sum(axis=(1, 2)) / areas.sum()
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_cancelled_leaves_nothing(make_stack, tmp_path):
    class Stop(Progress):
        def is_cancelled(self):
            return True

    path = make_stack(tmp_path / "in.tif", np.ones((2, 2, 2)))
    with MonthlyStack(path) as stack, pytest.raises(Cancelled):
        align_stack(stack, stack.grid, tmp_path / "out.tif", progress=Stop())
    assert [p.name for p in tmp_path.iterdir()] == ["in.tif"]


def test_reference_may_be_any_raster(tmp_path):
    from grace_water_toolbox.core.data.rasterfile import RasterWriter

    grid = Grid(10, 50, 0.5, 0.25, 6, 4)
    with RasterWriter(tmp_path / "dem.tif", grid, ["height"]) as writer:
        writer.write(np.zeros((1, 4, 6)))
    assert read_grid(tmp_path / "dem.tif", "REFERENCE").difference(grid) == ""
    with pytest.raises(ReadError, match="REFERENCE"):
        read_grid(tmp_path / "none.tif", "REFERENCE")
    assert same_crs(grid, Grid(0, 0, 9, 9, 1, 1)) and not same_crs(
        grid, Grid(0, 0, 9, 9, 1, 1, UTM)
    )
