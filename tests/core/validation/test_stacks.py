"""Two stacks on one grid, on two grids, by basin; against loops over cells."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.basins.zonal import coverage_of
from grace_water_toolbox.core.data.alignedview import AlignedView
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    Cancelled,
    DataError,
    GridError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.progress import Progress
from grace_water_toolbox.core.validation.metrics import metrics, pooled_metrics
from grace_water_toolbox.core.validation.pairing import pair_stacks
from grace_water_toolbox.core.validation.stacks import BANDS, compare_basins, compare_stacks

COARSE = Grid(10.0, 60.0, 1.0, 1.0, 4, 3)
FINE = Grid(10.0, 60.0, 0.25, 0.25, 16, 12)
nan = np.nan


@pytest.fixture
def two(make_stack, tmp_path):
    """A fine and a coarse stack: different months, units and holes; and their values."""
    rng = np.random.default_rng(4)
    coarse = rng.normal(0, 5, (40, 3, 4))
    fine = np.repeat(np.repeat(coarse, 4, axis=1), 4, axis=2) + rng.normal(0, 2, (40, 12, 16))
    fine[rng.random(fine.shape) < 0.2] = nan
    fine[:, :4, :4] = nan  # a coarse cell without any
    fine[7] = nan
    coarse[3, 1, 1] = nan
    return fine, coarse, {
        "fine": make_stack(tmp_path / "f.tif", fine * 10, "mm", "2004-03", grid=FINE),
        "coarse": make_stack(tmp_path / "c.tif", coarse, "cm", "2004-03", grid=COARSE),
        "later": make_stack(tmp_path / "l.tif", coarse[5:], "cm", "2004-08", grid=COARSE),
    }  # fmt: skip


def compare(a, b, output, memory=2**29, rings=None, **how):
    with MonthlyStack(a) as first, MonthlyStack(b) as second:
        pair = pair_stacks(first, second, **how)
        result = compare_stacks(pair, output, memory=memory)
        if rings:
            names = [f"b{i}" for i in range(len(rings))]
            compare_basins(pair, result, coverage_of(pair.simulated, rings, names), names)
    with rasterio.open(output) as file:
        return result, dict(zip(BANDS, file.read().astype(float))), file.descriptions


def by_hand(fine, grid=FINE):
    """Area-weighted mean and standard deviation of 4 × 4 cells, half of the area at least."""
    area = grid.cell_areas()
    mean, spread = np.full((2, len(fine), 3, 4), nan)
    for t in range(len(fine)):
        for i in range(3):
            for j in range(4):
                part = (slice(4 * i, 4 * i + 4), slice(4 * j, 4 * j + 4))
                v, w = fine[t][part], area[part]
                good = np.isfinite(v)
                if w[good].sum() >= 0.5 * w.sum():
                    m = np.average(v[good], weights=w[good])
                    mean[t, i, j] = m
                    spread[t, i, j] = np.sqrt(np.average((v[good] - m) ** 2, weights=w[good]))
    return mean, spread


def test_one_grid_equals_the_kernel(two, make_stack, tmp_path):
    _, coarse, paths = two
    rng = np.random.default_rng(1)
    other = coarse + rng.normal(0, 1, coarse.shape)
    path = make_stack(tmp_path / "o.tif", other, "cm", "2004-03", grid=COARSE)
    result, bands, names = compare(path, paths["coarse"], tmp_path / "m.tif")
    assert names == BANDS
    m = metrics(other.astype("float32").reshape(40, -1), coarse.astype("float32").reshape(40, -1))
    for band, values in zip(BANDS, (m.cc, m.cc2, m.nse, m.rmse, m.bias, m.kge, m.n)):
        np.testing.assert_allclose(bands[band].ravel(), values, rtol=2e-6, atol=1e-6)
    assert np.isnan(bands["subgrid_sd"]).all()
    assert result.cells == 12 and not result.pair.aggregated


@pytest.mark.parametrize("turned", [False, True])
def test_finer_is_aggregated_whichever_it_is(two, tmp_path, turned):
    fine, coarse, paths = two
    mean, spread = by_hand(fine)
    both = np.isfinite(mean) & np.isfinite(coarse)
    mean, coarse = np.where(both, mean, nan), np.where(both, coarse, nan)
    order = ("coarse", "fine") if turned else ("fine", "coarse")
    result, bands, _ = compare(*(paths[n] for n in order), tmp_path / "m.tif")
    pair = (coarse, mean) if turned else (mean, coarse)
    unit = 1.0 if turned else 10.0  # the unit is that of the stack that is judged
    assert result.pair.units == ("cm" if turned else "mm")
    m = metrics(*(v.reshape(40, -1) * unit for v in pair))
    for band, values in zip(BANDS, (m.cc, m.cc2, m.nse, m.rmse, m.bias)):
        np.testing.assert_allclose(bands[band].ravel(), values, rtol=1e-5, atol=1e-5)
    assert np.isnan(bands["n"][0, 0]) and np.nanmax(bands["n"]) <= 39
    sd = np.where(both, spread, 0).sum(axis=0) / np.where(both.any(axis=0), both.sum(axis=0), nan)
    sd = sd * unit
    np.testing.assert_allclose(bands["subgrid_sd"], sd, rtol=1e-5)
    area = np.broadcast_to(COARSE.cell_areas(), mean.shape)
    pooled = pooled_metrics(*(v * unit for v in pair), area)
    np.testing.assert_allclose(result.months[:6], pooled[:6], rtol=1e-6)
    away = np.abs(pair[0] - pair[1]) * unit
    assert result.largest == pytest.approx(np.nanmax(away), rel=1e-5)
    assert len(result.pairs[0]) == both.sum()


def test_blocks_change_nothing(two, tmp_path):
    _, _, paths = two
    ring = [orient_rings([(np.array([(10.3, 57.2), (13.7, 57.2), (12, 59.9), (10.3, 57.2)]), [])])]
    whole, first, _ = compare(paths["fine"], paths["coarse"], tmp_path / "1.tif", rings=ring)
    parts, second, _ = compare(
        paths["fine"], paths["coarse"], tmp_path / "2.tif", 60_000, rings=ring
    )
    for band in BANDS:
        np.testing.assert_allclose(first[band], second[band], rtol=1e-6)
    np.testing.assert_allclose(parts.months, whole.months, rtol=1e-12)
    np.testing.assert_allclose(parts.means, whole.means, rtol=1e-12)
    np.testing.assert_allclose(parts.basins.cc, whole.basins.cc, rtol=1e-12)
    for band in BANDS:
        np.testing.assert_allclose(parts.maps[band], whole.maps[band], rtol=1e-12)


def test_basins_are_means_over_what_both_have(two, tmp_path):
    fine, coarse, paths = two
    mean, _ = by_hand(fine)
    box = np.array([(11.0, 57.0), (14.0, 57.0), (14.0, 60.0), (11.0, 60.0), (11.0, 57.0)])
    result, _, _ = compare(
        paths["fine"], paths["coarse"], tmp_path / "m.tif", rings=[orient_rings([(box, [])])]
    )
    area = COARSE.cell_areas()[:, 1:]
    both = np.isfinite(mean[:, :, 1:]) & np.isfinite(coarse[:, :, 1:])
    weight = both * area
    series = []
    for v in (mean[:, :, 1:], coarse[:, :, 1:]):
        total = (np.where(both, v, 0) * weight).sum(axis=(1, 2))
        share = weight.sum(axis=(1, 2)) / area.sum()
        series.append(
            10 * np.where(share >= 0.5, total / np.maximum(weight.sum((1, 2)), 1e-9), nan)
        )
    expected = metrics(series[0][:, None], series[1][:, None])
    np.testing.assert_allclose(result.basins.cc, expected.cc, rtol=1e-6)
    np.testing.assert_allclose(result.basins.rmse, expected.rmse, rtol=1e-6)
    assert result.basins.n[0] == expected.n[0]


def test_months_in_common_and_rebasing(two, tmp_path):
    _, _, paths = two
    result, bands, _ = compare(paths["coarse"], paths["later"], tmp_path / "m.tif")
    assert result.pair.months.size == 35 and str(result.pair.months[0]) == "2004-08"
    assert (bands["rmse"] == 0).all() and result.months.cc == pytest.approx(1)
    result, _, _ = compare(
        paths["coarse"], paths["later"], tmp_path / "s.tif", start="2005-01", end="2006-01"
    )
    assert result.pair.months.size == 13


def test_rebase_takes_offsets_off(make_stack, tmp_path):
    t = np.arange(24.0)[:, None, None]
    a = make_stack(tmp_path / "a.tif", t + np.zeros((24, 1, 2)), baseline=("2004-01", "2004-12"))
    b = make_stack(tmp_path / "b.tif", t + np.array([5.0, -3.0]), baseline=("2005-01", "2005-12"))
    with pytest.raises(BaselineError, match="one baseline"):
        compare(a, b, tmp_path / "m.tif")
    result, bands, _ = compare(a, b, tmp_path / "m.tif", rebase=True)
    assert (bands["bias"] == 0).all() and (bands["rmse"] == 0).all() and result.months.nse == 1
    assert result.means is None


@pytest.mark.parametrize(("units", "factor"), [("cm", 1.0), ("mm", 10.0), ("m", 0.01)])
def test_the_coarse_grid_is_kept_within_a_length_whatever_the_unit(
    make_stack, tmp_path, units, factor
):
    """Two cells, 0.005 and 0.05 cm off: one is kept."""
    base, off = np.random.default_rng(2).normal(size=(24, 1, 2)), np.array([0.005, 0.05])
    grid = Grid(10, 1, 1, 1, 2, 1)
    a = make_stack(tmp_path / "a.tif", factor * (base + off), units=units, grid=grid)
    b = make_stack(tmp_path / "b.tif", factor * base, units=units, grid=grid)
    result, _, _ = compare(a, b, tmp_path / "out.tif")
    assert result.kept == pytest.approx(0.5)
    assert result.tolerance == pytest.approx(0.01 * factor)


def test_one_baseline_alone_is_said(make_stack, tmp_path):
    a = make_stack(tmp_path / "a.tif", np.arange(24.0), baseline=("2004-01", "2004-12"))
    b = make_stack(tmp_path / "b.tif", np.arange(24.0))
    result, _, _ = compare(a, b, tmp_path / "m.tif")
    assert "Only a.tif states a baseline" in result.pair.warnings[0]


def test_refusals(make_stack, tmp_path):
    t = np.arange(24.0)
    a = make_stack(tmp_path / "a.tif", t)
    cases = [
        (make_stack(tmp_path / "k.tif", t, "K"), UnitsError, "'cm'.*'K'"),
        (make_stack(tmp_path / "u.tif", t, ""), UnitsError, "units"),
        (make_stack(tmp_path / "t.tif", t, start="2005-02"), TimeAxisError, "found 11"),
        (make_stack(tmp_path / "g.tif", t, grid=Grid(0, 0, 1, 1, 1, 1)), GridError, "must meet"),
        (make_stack(tmp_path / "m.tif", t, grid=Grid(70, 30, 0.5, 2, 1, 1)), GridError,
         "both directions"),
        (make_stack(tmp_path / "p.tif", t, grid=Grid(7e6, 3e6, 1e5, 1e5, 1, 1, "EPSG:3857")),
         GridError, "one coordinate system"),
        (make_stack(tmp_path / "n.tif", np.where(t == 0, 0, nan), start="2003-01"), DataError,
         "values in common"),
    ]  # fmt: skip
    for path, kind, text in cases:
        output = tmp_path / "out.tif"
        with pytest.raises(kind, match=text):
            compare(a, path, output)
        assert not output.exists()


def test_cancel_leaves_nothing(two, tmp_path):
    _, _, paths = two

    class Stop(Progress):
        def is_cancelled(self):
            return True

    with MonthlyStack(paths["fine"]) as a, MonthlyStack(paths["coarse"]) as b:
        pair = pair_stacks(a, b)
        with pytest.raises(Cancelled):
            compare_stacks(pair, tmp_path / "m.tif", Stop())
    assert not (tmp_path / "m.tif").exists()


def test_view_of_an_offset_grid_and_beyond_the_data(make_stack, tmp_path):
    path = make_stack(tmp_path / "s.tif", np.arange(8.0).reshape(1, 2, 4) + 1,
                      grid=Grid(0, 2, 1, 1, 4, 2))  # fmt: skip
    with MonthlyStack(path) as stack:
        view = AlignedView(stack, Grid(-1, 2, 2, 2, 4, 1))
        values, spread = view.read_with_spread()
        assert np.isfinite(values[0, 0]).tolist() == [True, True, True, False]
        assert values[0, 0, 1] == pytest.approx((2 + 3 + 6 + 7) / 4, rel=1e-3)
        assert spread[0, 0, 1] == pytest.approx(np.std([2, 3, 6, 7]), rel=1e-3)
        assert AlignedView(stack, stack.grid).read(1, 2, 1, 2).tolist() == [[[7, 8]]]


def test_a_region_in_a_larger_grid_is_cut_out(make_stack, tmp_path):
    rng = np.random.default_rng(0)
    large = rng.normal(0, 5, (24, 6, 8))
    a = make_stack(tmp_path / "a.tif", large, grid=Grid(0, 6, 1, 1, 8, 6))
    b = make_stack(tmp_path / "b.tif", large[:, 1:4, 5:], grid=Grid(5, 5, 1, 1, 3, 3))
    fine = np.repeat(np.repeat(large[:, 1:4, 5:], 2, axis=1), 2, axis=2)
    c = make_stack(tmp_path / "c.tif", fine, grid=Grid(5, 5, 0.5, 0.5, 6, 6))
    for first, second, aggregated in ((a, b, ""), (b, a, ""), (a, c, "observed"),
                                      (c, a, "simulated")):  # fmt: skip
        result, bands, _ = compare(first, second, tmp_path / "m.tif")
        assert result.pair.aggregated == aggregated
        assert result.pair.grid.extent == (5, 2, 8, 5) and result.cells == 9
        np.testing.assert_allclose(bands["rmse"], 0, atol=1e-6)
        assert bands["n"].shape == (3, 3) and (bands["n"] == 24).all()
