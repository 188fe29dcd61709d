"""Attribution: by hand, against the trend map of a difference, the twin's truth, refusals."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.aligning import AlignedReader, align_stack
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)
from grace_water_toolbox.core.trends.attribution import attribute, attribution_kernel
from grace_water_toolbox.core.trends.attribution_report import (
    attribution_report,
    attribution_rows,
)
from grace_water_toolbox.core.trends.mapping import map_trend

NAN = np.nan
T = np.arange(72.0)
ALL = np.ones(72, bool)


def bands(path):
    with rasterio.open(path) as file:
        return dict(zip(file.descriptions, file.read()))


def attributed(folder, gwsa, background, flags=None, stack=False, **settings):
    outputs = [folder / f"{n}.tif" for n in ("residual", "total", "background")]
    extra = folder / "stack.tif" if stack else ""
    with MonthlyStack(gwsa) as one, MonthlyStack(background) as two:
        marks = MonthlyStack(flags) if flags else None
        try:
            summary = attribute(one, two, outputs, flags=marks, residual_output=extra, **settings)
        finally:
            if marks:
                marks.close()
    return [bands(path) for path in outputs], summary


def test_three_by_three_by_hand(tmp_path, make_stack):
    """Background of −0.05 cm/month everywhere, pumping of 0…−0.8 on top."""
    pumping = -0.1 * np.arange(9.0).reshape(3, 3)
    season = 3 * np.cos(2 * np.pi * T / 12)
    background = (-0.05 * T + season)[:, None, None] + np.zeros((3, 3))
    gwsa = background + pumping * T[:, None, None] + 40
    paths = (
        make_stack(tmp_path / "g.tif", gwsa),
        make_stack(tmp_path / "b.tif", 10 * background + 7, "mm"),
    )
    (residual, total, natural), summary = attributed(tmp_path, *paths)
    np.testing.assert_allclose(residual["slope_per_month"], pumping, atol=1e-6)
    np.testing.assert_allclose(residual["slope_per_year"], 12 * pumping, atol=1e-5)
    np.testing.assert_allclose(total["slope_per_month"], pumping - 0.05, atol=1e-6)
    np.testing.assert_allclose(natural["slope_per_month"], -0.05, atol=1e-6)
    area = Grid(70.0, 30.0, 1.0, 1.0, 3, 3).cell_areas()
    np.testing.assert_allclose(summary.volume[0], 12e-5 * (pumping * area).sum(), rtol=1e-5)
    np.testing.assert_allclose(summary.volume[2], -12e-5 * 0.05 * area.sum(), rtol=1e-5)
    # All fall surely; of the residual the eight with pumping do.
    np.testing.assert_allclose(summary.shares[1], [100, 0, 0, 0, 0, 0, 0], atol=1e-9)
    share = 100 * (1 - area[0, 0] / area.sum())
    np.testing.assert_allclose(summary.shares[0, 0], share)
    np.testing.assert_allclose(summary.stays[0], share)
    assert np.isnan(summary.stays[6]) and summary.cells == 9
    rows = list(attribution_rows(summary))
    assert rows[0][3] == pytest.approx(100) and rows[0][5] == pytest.approx(share)
    page = attribution_report(summary, tmp_path / "residual.tif").html()
    assert page.count("<img ") == 2 and "own error" in page


@pytest.mark.parametrize("test", ["original", "hamed-rao", "yue-wang"])
def test_equals_the_trend_map_of_the_difference(tmp_path, make_stack, test):
    rng = np.random.default_rng(0)
    gwsa, natural = rng.normal(size=(2, 72, 3, 4)).cumsum(axis=1)
    flags = (rng.random((72, 1, 1)) < 0.15) * np.ones((1, 3, 4))
    marks = make_stack(tmp_path / "f.tif", flags, units="", flags=True)
    paths = make_stack(tmp_path / "g.tif", gwsa), make_stack(tmp_path / "b.tif", natural)
    maps, _ = attributed(tmp_path, *paths, marks, test=test)
    for found, values in zip(maps, (gwsa - natural, gwsa, natural)):
        source = make_stack(tmp_path / "d.tif", values)
        with MonthlyStack(source) as stack, MonthlyStack(marks) as made:
            map_trend(stack, tmp_path / "m.tif", flags=made, test=test)
        wanted = bands(tmp_path / "m.tif")
        assert list(found) == list(wanted)
        for name, expected in wanted.items():
            np.testing.assert_allclose(found[name], expected, rtol=1e-3, atol=1e-4, err_msg=name)


def test_baseline_is_of_the_months_both_have_observed():
    values, background = np.arange(72.0)[:, None], np.zeros((72, 1))
    background[:4] = NAN
    aside = np.zeros((72, 1), bool)
    aside[4:6] = True
    window = np.arange(72) < 10
    *_, residual, used = attribution_kernel(values, background, window, "none", aside)
    assert used == 4 and np.isnan(residual[:4]).all()
    np.testing.assert_allclose(residual[4:, 0], np.arange(4, 72) - np.mean([6, 7, 8, 9]))


def test_cells_without_both_are_missing(tmp_path, make_stack):
    gwsa, natural = np.ones((2, 72, 1, 3)) * T[:, None, None]
    gwsa[:, 0, 0], natural[:, 0, 1] = NAN, NAN
    paths = make_stack(tmp_path / "g.tif", gwsa), make_stack(tmp_path / "b.tif", natural)
    (residual, total, background), summary = attributed(tmp_path, *paths, stack=True)
    for found in (residual, total, background):
        assert np.isfinite(found["slope_per_year"]).tolist() == [[False, False, True]]
    assert summary.cells == 1
    with MonthlyStack(tmp_path / "stack.tif") as stack:
        assert stack.units == "cm" and stack.baseline == ("2004-01", "2009-12")
        np.testing.assert_allclose(stack.read()[:, 0, 2], 0, atol=1e-5)


def test_months_that_both_cover(tmp_path, make_stack):
    gwsa = make_stack(tmp_path / "g.tif", T)
    natural = make_stack(tmp_path / "b.tif", np.zeros(60), start="2004-07")
    (residual, *_), summary = attributed(tmp_path, gwsa, natural)
    assert (str(summary.first), str(summary.last)) == ("2004-07", "2009-06")
    assert residual["n"] == 60 and summary.expected_baseline_months == 60
    _, summary = attributed(tmp_path, gwsa, natural, start="2005-01", end="2008-12")
    assert summary.months == 48


@pytest.mark.parametrize("changed", ["finer", "coarser"])
def test_other_grids_are_brought_together_as_alignstack_does(tmp_path, make_stack, changed):
    rng = np.random.default_rng(1)
    fine = Grid(170.0, 20.0, 0.5, 0.5, 12, 8)
    coarse = Grid(169.0, 21.0, 1.0, 1.0, 9, 6)
    grids = {"finer": (fine, coarse), "coarser": (coarse, fine)}[changed]
    values = [rng.normal(size=(72, g.ny, g.nx)).cumsum(axis=0) for g in grids]
    values[1][:, 2, 3] = NAN
    paths = [
        make_stack(tmp_path / f"{i}.tif", v, grid=g) for i, (v, g) in enumerate(zip(values, grids))
    ]
    method = "bilinear" if changed == "finer" else "mean"
    with MonthlyStack(paths[1]) as stack:
        align_stack(stack, grids[0], tmp_path / "a.tif", method=method)
        reader = AlignedReader(stack, grids[0])
        assert reader.method == method
        with MonthlyStack(tmp_path / "a.tif") as aligned:
            np.testing.assert_allclose(reader.read(1, 2, 3, 4), aligned.read(1, 2, 3, 4), rtol=1e-6)
    (by_reader, *_), summary = attributed(tmp_path, *paths)
    assert method in summary.alignment or "mean" in summary.alignment
    (by_file, *_), _ = attributed(tmp_path, paths[0], str(tmp_path / "a.tif"))
    for name in ("slope_per_year", "p", "n"):
        np.testing.assert_allclose(by_reader[name], by_file[name], rtol=1e-3, atol=1e-5)


def test_blocks_give_the_same(tmp_path, make_stack):
    rng = np.random.default_rng(2)
    gwsa, natural = rng.normal(size=(2, 72, 20, 30)).cumsum(axis=1)
    paths = make_stack(tmp_path / "g.tif", gwsa), make_stack(tmp_path / "b.tif", natural)
    one, summary = attributed(tmp_path, *paths)
    many, again = attributed(tmp_path, *paths, memory=8 * 17 * 72 * 100)
    for a, b in zip(one, many):
        for name in a:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(summary.cross, again.cross)
    np.testing.assert_allclose(summary.volume, again.volume)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"name": "total water storage anomaly"}, ParameterError, "never its total water storage"),
        ({"name": "Monthly TWSA"}, ParameterError, "correct the long_name"),
        ({"units": "degC"}, UnitsError, "units"),
        ({"units": ""}, UnitsError, "no units"),
        ({"start": "2030-01"}, TimeAxisError, "at least 24 months that both stacks cover"),
        ({"crs": "EPSG:6933"}, GridError, "one coordinate system"),
        ({"x0": -20.0}, GridError, "must meet"),
        ({"values": np.full(72, NAN)}, DataError, "both stacks have values"),
    ],
)
def test_refusals(tmp_path, make_stack, change, error, text):
    gwsa = make_stack(tmp_path / "g.tif", T)
    grid = Grid(change.get("x0", 70.0), 30.0, 1.0, 1.0, 1, 1, change.get("crs", "EPSG:4326"))
    months = np.datetime64(change.get("start", "2004-01"), "M") + np.arange(72)
    info = StackInfo(grid, months, change.get("units", "cm"), change.get("name", "groundwater"))
    write_stack(tmp_path / "b.tif", info, change.get("values", T).reshape(72, 1, 1))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error, match=text):
        attributed(tmp_path, gwsa, str(tmp_path / "b.tif"))
    assert sorted(tmp_path.iterdir()) == before


def test_a_baseline_outside_the_common_months(tmp_path, make_stack):
    gwsa = make_stack(tmp_path / "g.tif", T)
    with pytest.raises(BaselineError, match="BASELINE_START"):
        attributed(tmp_path, gwsa, gwsa, baseline=("2015-01", "2016-12"))


# -- the twin ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin():
    from grace_water_toolbox.core.data.twin import make_twin

    return make_twin(0)


def natural_groundwater(twin):
    """True groundwater without the imposed trend: what a perfect naturalised run would give."""
    years = twin.months.astype(int) / 12.0
    drift = twin.imposed_trend[None] * (years - years.mean())[:, None, None]
    return twin.groundwater - drift


def test_the_imposed_trend_of_the_twin_is_recovered(twin, tmp_path):
    info = StackInfo(twin.grid, twin.months, "cm", "groundwater (synthetic)")
    land = np.where(twin.land, 1.0, NAN)
    write_stack(tmp_path / "g.tif", info, twin.groundwater * land)
    write_stack(tmp_path / "b.tif", info, natural_groundwater(twin) * land)
    (residual, total, _), _ = attributed(tmp_path, str(tmp_path / "g.tif"), str(tmp_path / "b.tif"))
    truth = np.where(twin.land, twin.imposed_trend, NAN)
    np.testing.assert_allclose(residual["slope_per_year"], truth, atol=1e-4)
    # The total alone does not: weather and droughts have trends of their own.
    assert np.nanmax(np.abs(total["slope_per_year"] - truth)) > 0.2
    sure = residual["p"] < 0.01
    assert sure[np.abs(truth) > 0.01].all()


def test_a_coarse_background_recovers_it_nearly(twin, tmp_path):
    """Background on 1°, bilinear to 0.5°: only its smoothing is left as an error."""
    from grace_water_toolbox.core.data.sample import coarsen

    land = np.where(twin.land, 1.0, NAN)
    info = StackInfo(twin.grid, twin.months, "cm", "groundwater (synthetic)")
    write_stack(tmp_path / "g.tif", info, twin.groundwater * land)
    info = StackInfo(twin.product_grid, twin.months, "cm", "groundwater (synthetic)")
    write_stack(tmp_path / "b.tif", info, coarsen(natural_groundwater(twin) * land, twin))
    (residual, *_), summary = attributed(tmp_path, str(tmp_path / "g.tif"), str(tmp_path / "b.tif"))
    assert "bilinear" in summary.alignment
    error = (residual["slope_per_year"] - twin.imposed_trend)[twin.land]
    error = error[np.isfinite(error)]
    assert np.sqrt(np.mean(error**2)) < 0.01 and np.abs(error).max() < 0.06


def test_a_background_halves_the_error_of_the_satellites_trend(twin):
    """Satellite less land model, gaps left in, against what was put in as the satellite sees it."""
    from grace_water_toolbox.core.data.months import baseline_mask
    from grace_water_toolbox.core.data.sample import coarsen
    from grace_water_toolbox.core.data.twin_grace import at_satellite_resolution

    land = np.where(twin.land, 1.0, NAN)
    natural = coarsen(natural_groundwater(twin) * land, twin)
    model = sum(
        coarsen(getattr(twin, f"model_{part}"), twin) / 10.0
        for part in ("soil_moisture", "snow", "canopy")
    )
    known = twin.product_land & np.isfinite(natural[0]) & np.isfinite(model[0])
    window = baseline_mask(twin.months, ("2004-01", "2009-12"))
    gwsa = twin.grace[:, known] - model[:, known]
    residual, total, *_ = attribution_kernel(gwsa, natural[:, known], window, "harmonic")
    years = twin.months.astype(int) / 12.0
    put_in = at_satellite_resolution(twin.imposed_trend[None] * years[[0, -1], None, None])
    truth = (put_in[1] - put_in[0])[known] / (years[-1] - years[0])
    error = residual[0] - truth
    assert np.corrcoef(residual[0], truth)[0, 1] > 0.98
    assert np.sqrt((error**2).mean()) < 0.05
    assert (error**2).mean() < ((total[0] - truth) ** 2).mean() / 2
