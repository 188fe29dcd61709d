"""From a product file to a monthly stack, against plain numpy."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data import importing
from grace_water_toolbox.core.data.import_report import import_report
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    Cancelled,
    DataError,
    GraceWaterError,
    GridError,
    ParameterError,
    ReadError,
    WriteError,
)
from grace_water_toolbox.core.progress import Progress

LAT = np.arange(-75.0, 90, 30)  # 6 rows
LON = np.arange(15.0, 360, 30)  # 12 columns
LAND = np.zeros((6, 12))
LAND[:, :6] = 1  # eastern longitudes are land


class StopAt(Progress):
    """Cancels once so much is done."""

    def __init__(self, fraction):
        self.fraction, self.seen = fraction, []

    def set(self, fraction):
        self.seen.append(fraction)

    def is_cancelled(self):
        return bool(self.seen) and self.seen[-1] >= self.fraction


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


def turned(values):
    """North up, longitudes −180…180."""
    return np.roll(values[..., ::-1, :], values.shape[-1] // 2, axis=-1)


def leftovers(folder, *known):
    return sorted(p.name for p in Path(folder).iterdir() if p.name not in known)


def test_values_against_numpy(tmp_path, product, read_stack):
    path, values, _ = product(left_out=(3, 20))
    out = tmp_path / "out.tif"
    summary = import_grace(path, out)
    stack, info = read_stack(out)
    whole = np.full((48, 6, 12), np.nan)
    whole[np.setdiff1d(np.arange(48), (3, 20))] = turned(values)
    expected = whole - np.nanmean(whole[6:], axis=0)  # 2003-07 + 6 = 2004-01
    np.testing.assert_allclose(stack, expected, rtol=0, atol=1e-5)
    assert np.isnan(stack[[3, 20]]).all() and np.isfinite(stack).sum() == 46 * 72
    assert [str(info.months[0]), str(info.months[-1])] == ["2003-07", "2007-06"]
    assert info.baseline == ("2004-01", "2009-12") and info.units == "cm"
    assert info.grid.extent == (-180, -90, 180, 90)
    assert [str(m) for m in summary.missing] == ["2003-10", "2005-03"]
    assert summary.baseline_months == 41
    assert summary.observed.sum() == 46
    weights = np.cos(np.radians(info.grid.y))[:, None] * np.ones(12)
    np.testing.assert_allclose(
        summary.mean_series[6], (expected[6] * weights).sum() / weights.sum(), atol=1e-6
    )
    assert np.isnan(summary.mean_series[3])
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_baseline_that_is_asked_for(tmp_path, product, read_stack):
    path, _, _ = product()
    import_grace(path, tmp_path / "o.tif", baseline=("2005-02", "2005-04"))
    stack, info = read_stack(tmp_path / "o.tif")
    np.testing.assert_allclose(stack[19:22].mean(axis=0), 0, atol=1e-6)
    assert np.abs(stack.mean(axis=0)).max() > 0.01
    assert info.baseline == ("2005-02", "2005-04")
    assert any("3 observed months in 2005-02 to 2005-04" in line for line in info.history)


def test_baseline_outside_the_record(tmp_path, product):
    path, _, _ = product()
    with pytest.raises(BaselineError, match=r"2015-01 to 2016-12; the record runs 2003-07 to 2007"):
        import_grace(path, tmp_path / "o.tif", baseline=("2015-01", "2016-12"))
    with pytest.raises(BaselineError, match="at least one observed month"):
        path, _, _ = product(left_out=(12,))
        import_grace(path, tmp_path / "o.tif", baseline=("2004-07", "2004-07"))
    assert leftovers(tmp_path, "product.nc") == []


@pytest.mark.parametrize("baseline", [("2009-12", "2004-01"), ("2004", "2009-12"), ("x", "y")])
def test_baseline_that_is_none(tmp_path, product, baseline):
    with pytest.raises(ParameterError, match="baseline"):
        import_grace(product()[0], tmp_path / "o.tif", baseline=baseline)


def test_noise_months_are_found_and_kept_or_dropped(tmp_path, product, read_stack):
    path, values, _ = product(noisy=(10, 30))
    kept = import_grace(path, tmp_path / "kept.tif")
    dropped = import_grace(path, tmp_path / "dropped.tif", noisy="missing")
    for summary in (kept, dropped):
        assert [str(m) for m in summary.noisy] == ["2004-05", "2006-01"]
        assert summary.noise_assessed
    with_noise, _ = read_stack(tmp_path / "kept.tif")
    without, _ = read_stack(tmp_path / "dropped.tif")
    values = turned(values)
    np.testing.assert_allclose(with_noise, values - values[6:].mean(axis=0), atol=1e-5)
    quiet = np.delete(values, (10, 30), axis=0)
    np.testing.assert_allclose(
        np.delete(without, (10, 30), axis=0), quiet - quiet[6:].mean(axis=0), atol=1e-5
    )
    assert np.isnan(without[[10, 30]]).all()
    assert kept.observed.sum() == 48 and dropped.observed.sum() == 46
    assert dropped.baseline_months == kept.baseline_months - 2


def test_noise_only_baseline(tmp_path, product):
    path, _, _ = product(noisy=(10,))
    with pytest.raises(BaselineError, match="only noise months"):
        import_grace(path, tmp_path / "o.tif", noisy="missing", baseline=("2004-05", "2004-05"))


def test_without_land_mask_noise_is_not_assessed(tmp_path, product):
    path, _, _ = product(noisy=(10,), land=None)
    summary = import_grace(path, tmp_path / "o.tif", noisy="missing")
    assert not summary.noise_assessed and summary.noisy.size == 0
    assert "not assessed" in import_report(summary).html()


@pytest.mark.parametrize(
    ("extent", "rows", "columns"),
    [
        ((-180, -90, 180, 90), slice(0, 6), range(12)),
        ((0, 0, 30, 30), slice(2, 3), [6]),
        ((1, 1, 31, 31), slice(1, 3), [6, 7]),  # outward
        ((170, -30, 190, 30), slice(2, 4), [11, 0]),  # across 180°
        ((150, 60, 210, 90), slice(0, 1), [11, 0]),
        ((-200, 60, -170, 90), slice(0, 1), [11, 0]),
        ((190, 60, 200, 90), slice(0, 1), [0]),
        ((-100, -95, -95, -80), slice(5, 6), [2]),
        ((-500, -90, 500, 90), slice(0, 6), None),  # more than the globe: each cell once
    ],
)
def test_extent(tmp_path, product, read_stack, extent, rows, columns):
    path, values, _ = product()
    import_grace(path, tmp_path / "o.tif", extent=extent)
    stack, info = read_stack(tmp_path / "o.tif")
    expected = turned(values)[:, rows]
    if columns is None:
        assert stack.shape == (48, 6, 12)
        np.testing.assert_allclose(
            np.sort(stack, axis=None),
            np.sort(expected - expected[6:].mean(axis=0), axis=None),
            atol=1e-5,
        )
        return
    expected = expected[:, :, list(columns)]
    np.testing.assert_allclose(stack, expected - expected[6:].mean(axis=0), atol=1e-5)
    west, south, east, north = info.grid.extent
    assert (east - west, north - south) == (30 * expected.shape[2], 30 * expected.shape[1])
    # The cells cover what was asked for, up to whole turns.
    turn = 360 * np.round((west - extent[0]) / 360)
    assert west <= extent[0] + turn + 1e-9 and east >= extent[2] + turn - 1e-9


@pytest.mark.parametrize("extent", [(190, 0, 170, 30), (0, 30, 30, 0), (0, 91, 30, 95)])
def test_extent_that_is_none(tmp_path, product, extent):
    with pytest.raises(GridError, match="EXTENT"):
        import_grace(product()[0], tmp_path / "o.tif", extent=extent)
    assert leftovers(tmp_path, "product.nc") == []


def test_extent_beside_a_regional_product(tmp_path, product):
    with pytest.raises(GridError, match="meets the data"):
        import_grace(product()[0], tmp_path / "o.tif", extent=(0, 100, 10, 110))


@pytest.mark.parametrize("memory", [1, 12 * 8 * 200 * 2, 2**30])
def test_memory_budget_changes_nothing(tmp_path, product, memory):
    path, _, _ = product(left_out=(5,), noisy=(10,))
    names = ("a.tif", "a_sigma.tif", "b.tif", "b_sigma.tif")
    a, a_sigma, b, b_sigma = (tmp_path / n for n in names)
    first = import_grace(path, a, uncertainty_output=a_sigma, extent=(170, -60, 250, 40))
    second = import_grace(
        path, b, uncertainty_output=b_sigma, extent=(170, -60, 250, 40), memory=memory
    )
    for one, other in ((a, b), (a_sigma, b_sigma)):
        with MonthlyStack(one) as x, MonthlyStack(other) as y:
            np.testing.assert_array_equal(x.read(), y.read())
    np.testing.assert_allclose(first.mean_series, second.mean_series, rtol=1e-12)
    np.testing.assert_allclose(first.noise_rms, second.noise_rms, rtol=1e-12)


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.9])
def test_cancel_keeps_the_old_file_and_leaves_nothing(tmp_path, product, fraction):
    path, _, _ = product()
    out, sigma = tmp_path / "out.tif", tmp_path / "sigma.tif"
    out.write_bytes(b"old")
    progress = StopAt(fraction)
    progress.seen = [0.0] if fraction == 0 else []
    with pytest.raises(Cancelled):
        import_grace(path, out, uncertainty_output=sigma, progress=progress, memory=1)
    assert out.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_progress_rises_to_one(tmp_path, product):
    progress = StopAt(2)
    import_grace(product()[0], tmp_path / "o.tif", progress=progress, memory=1)
    assert (np.diff(progress.seen) >= 0).all() and progress.seen[-1] == 1.0


def second_solution(start, end, values, sigma):
    """Month 8 (2004-03) in two halves: 20 days and 10 days."""
    cut = start[8] + 20
    start, end = np.insert(start, 9, cut), np.insert(end, 8, cut)
    end[9] = start[8] + 30
    values = np.insert(values, 9, 50.0, axis=0)
    sigma = np.insert(sigma, 9, 4.0, axis=0)
    return start, end, values, sigma


@pytest.mark.parametrize(("doubles", "weight"), [("weighted", 2 / 3), ("mean", 0.5)])
def test_two_solutions_merge_and_sigma_in_quadrature(
    tmp_path, product, read_stack, doubles, weight
):
    path, values, sigma = product(edit=second_solution)
    summary = import_grace(
        path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif", doubles=doubles
    )
    assert [str(m) for m in summary.doubles] == ["2004-03"]
    values, sigma = turned(values), turned(sigma)
    month = weight * values[8] + (1 - weight) * values[9]
    whole = np.concatenate([values[:8], month[None], values[10:]])
    stack, _ = read_stack(tmp_path / "o.tif")
    np.testing.assert_allclose(stack, whole - whole[6:].mean(axis=0), atol=1e-5)
    merged, info = read_stack(tmp_path / "s.tif")
    np.testing.assert_allclose(
        merged[8], np.hypot(weight * sigma[8], (1 - weight) * sigma[9]), rtol=1e-6
    )
    np.testing.assert_allclose(merged[9], sigma[10], rtol=1e-6)
    assert info.units == "cm" and info.baseline == ()


def test_sigma_is_missing_where_the_value_is(tmp_path, product, read_stack):
    path, _, _ = product(noisy=(10,), left_out=(3,))
    import_grace(path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif", noisy="missing")
    values, _ = read_stack(tmp_path / "o.tif")
    sigma, _ = read_stack(tmp_path / "s.tif")
    np.testing.assert_array_equal(np.isnan(values), np.isnan(sigma))
    assert np.isnan(sigma[[3, 10]]).all() and np.isfinite(sigma).sum() == 46 * 72


def test_uncertainty_in_millimetres(tmp_path, product, read_stack):
    """Sigma has the units of the values in the file."""
    path, _, sigma = product(units="mm", left_out=(3,))
    import_grace(path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif")
    merged, _ = read_stack(tmp_path / "s.tif")
    np.testing.assert_allclose(np.delete(merged, 3, 0)[0, 0, 0], turned(sigma)[0, 0, 0], rtol=1e-6)


def test_uncertainty_that_the_product_lacks(tmp_path, product):
    with pytest.raises(DataError, match=r"product\.nc.*OUTPUT_UNCERTAINTY"):
        import_grace(
            product(uncertainty=None)[0], tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif"
        )
    assert leftovers(tmp_path, "product.nc") == []


@pytest.mark.parametrize("broken", ["output", "uncertainty_output"])
@pytest.mark.parametrize("how", ["no folder", "is a folder"])
def test_all_outputs_or_none(tmp_path, product, broken, how):
    path, _, _ = product()
    bad = tmp_path / ("nowhere/x.tif" if how == "no folder" else "folder.tif")
    if how == "is a folder":
        bad.mkdir()
        (bad / "content").touch()
    good = tmp_path / "good.tif"
    targets = {"output": good, "uncertainty_output": good, broken: bad}
    with pytest.raises(WriteError):
        import_grace(path, targets["output"], uncertainty_output=targets["uncertainty_output"])
    assert leftovers(tmp_path, "product.nc", "folder.tif") == []
    if bad.is_dir():
        assert leftovers(bad) == ["content"]


@pytest.mark.parametrize("late", ["output", "uncertainty_output"])
def test_a_target_that_breaks_at_the_last_moment_takes_the_other_along(tmp_path, product, late):
    path, _, _ = product()
    targets = {"output": tmp_path / "out.tif", "uncertainty_output": tmp_path / "sigma.tif"}
    for target in targets.values():
        target.write_bytes(b"old")

    class Breaks(Progress):
        def set(self, fraction):
            if fraction == 1.0:
                targets[late].unlink()
                targets[late].mkdir()
                (targets[late] / "content").touch()

    with pytest.raises(WriteError):
        import_grace(
            path,
            targets["output"],
            uncertainty_output=targets["uncertainty_output"],
            progress=Breaks(),
        )
    other = next(t for key, t in targets.items() if key != late)
    assert other.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif", "sigma.tif"]


def test_one_file_for_two_outputs_is_refused(tmp_path, product):
    path, _, _ = product()
    with pytest.raises(GraceWaterError, match="of its own"):
        import_grace(path, tmp_path / "o.tif", uncertainty_output=str(tmp_path) + "/./o.tif")
    assert leftovers(tmp_path, "product.nc") == []


def test_the_product_is_not_overwritten(tmp_path, product):
    path, _, _ = product()
    before = Path(path).read_bytes()
    with pytest.raises(GraceWaterError, match=r"product\.nc"):
        import_grace(path, path)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize(("key", "value"), [("noisy", "drop"), ("doubles", "first")])
def test_unknown_choice(tmp_path, product, key, value):
    with pytest.raises(ParameterError, match=rf"{key.upper()}.*{value}"):
        import_grace(product()[0], tmp_path / "o.tif", **{key: value})


def test_product_without_a_number(tmp_path, product):
    def blank(start, end, values, sigma):
        return start, end, values * np.nan, sigma

    with pytest.raises(DataError, match="finite value"):
        import_grace(product(edit=blank)[0], tmp_path / "o.tif")
    assert leftovers(tmp_path, "product.nc") == []


def test_cell_never_seen_inside_the_baseline_has_no_anomaly(tmp_path, product, read_stack):
    def hide(start, end, values, sigma):
        values = values.copy()
        values[6:, 0, 0] = np.nan
        return start, end, values, sigma

    import_grace(product(edit=hide)[0], tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif")
    for name in ("o.tif", "s.tif"):
        stack, _ = read_stack(tmp_path / name)
        assert np.isnan(stack[:, 5, 6]).all()
        assert np.isfinite(stack).sum() == 48 * 71


def test_few_months(tmp_path, product, read_stack):
    """Fewer months than the ocean signal has terms: imported, nothing is called noise."""
    for count in (1, 2, 6):
        path, _, _ = product(count=count)
        summary = import_grace(path, tmp_path / "o.tif", baseline=("2003-07", "2003-07"))
        stack, _ = read_stack(tmp_path / "o.tif")
        assert stack.shape == (count, 6, 12) and (stack[0] == 0).all()
        assert summary.noisy.size == 0
        assert "GRACE import" in import_report(summary).html()


def test_damage_found_half_way_keeps_the_old_file(tmp_path, product):
    path, _, _ = product(chunks=(1, 6, 12), land=None)
    out = tmp_path / "out.tif"
    out.write_bytes(b"old")
    data = Path(path).read_bytes()
    Path(path).write_bytes(data[: int(0.8 * len(data))])
    with pytest.raises(ReadError):
        import_grace(path, out)
    assert out.read_bytes() == b"old"
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_report(tmp_path, product):
    path, _, _ = product(noisy=(10,), left_out=(20,), edit=second_solution)
    summary = import_grace(path, tmp_path / "o.tif")
    text = import_report(summary, "1.2.3").html()
    for part in ("2005-03", "2004-03", "2004-05", "They were kept", "<img", "lwe_thickness [cm]"):
        assert part in text
    assert "<script" not in text


def test_sidecars_of_the_old_file_go(tmp_path, product):
    path, _, _ = product()
    for end in (".aux.xml", ".ovr", ".msk"):
        (tmp_path / f"o.tif{end}").write_bytes(b"stale")
    import_grace(path, tmp_path / "o.tif")
    assert leftovers(tmp_path, "product.nc") == ["o.tif"]


def test_a_tight_memory_does_not_blow_up_the_file(tmp_path, make_product, calendar_months):
    """With GDAL's cache too small for a row of tiles, tiles must not be written twice."""
    from osgeo import gdal

    start, end = calendar_months("2004-01", 24)
    lat, lon = np.arange(-89.0, 90, 2), np.arange(1.0, 360, 2)
    values = np.random.default_rng(0).normal(size=(24, 90, 180)).round(1)
    path = make_product(tmp_path / "p.nc", values, lat, lon, start, end)
    import_grace(path, tmp_path / "whole.tif")
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(400_000)
    try:
        # 20 rows of 180 cells with 24 solutions and 24 months, and their copies.
        import_grace(path, tmp_path / "strips.tif", memory=20 * 180 * 8 * 192)
    finally:
        gdal.SetCacheMax(before)
    whole, strips = (tmp_path / f"{n}.tif" for n in ("whole", "strips"))
    assert strips.stat().st_size < 1.3 * whole.stat().st_size
    with MonthlyStack(whole) as one, MonthlyStack(strips) as other:
        np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize(
    ("height", "strip", "tile"),
    [(1, 1, 16), (15, 15, 16), (16, 16, 16), (47, 32, 32), (188, 128, 128), (256, 256, 256),
     (720, 512, 256)],
)  # fmt: skip
def test_strips(height, strip, tile):
    assert importing._strips(height) == (strip, tile)


@pytest.fixture(scope="module")
def imported(csr, tmp_path_factory):
    out = tmp_path_factory.mktemp("csr") / "csr.tif"
    return import_grace(csr, out), out


@pytest.mark.real
def test_real_calendar(imported):
    summary, _ = imported
    months = summary.info.months
    assert months.size == 265
    assert [str(months[0]), str(months[-1])] == ["2002-04", "2024-04"]
    assert summary.observed.sum() == 229 and summary.missing.size == 36
    early = summary.missing <= np.datetime64("2017-06")
    assert early.sum() == 23
    assert [str(m) for m in summary.missing[~early]] == [
        *(str(m) for m in np.arange("2017-07", "2018-06", dtype="datetime64[M]")),
        "2018-08",
        "2018-09",
    ]
    assert [str(m) for m in summary.doubles] == ["2011-10", "2015-04"]
    assert {"2015-02", "2004-09"} <= {str(m) for m in summary.noisy}
    rms = summary.noise_rms[months == np.datetime64("2015-02")][0]
    assert 19 < rms < 21 and 1.7 < np.nanmedian(summary.noise_rms) < 2.1


@pytest.mark.real
def test_real_values_against_netcdf4(imported, csr, read_stack):
    """An import in plain numpy: assignment by days, merge, re-base."""
    import netCDF4

    with netCDF4.Dataset(csr) as file:
        raw = file["lwe_thickness"][:].filled(np.nan).astype(float)[:, ::-1]
        lon = file["lon"][:].filled()
        bounds = file["time_bounds"][:].filled()
    order = np.argsort((lon + 180) % 360)
    raw = raw[:, :, order]
    first = np.datetime64("2002-01-01")
    sums, weights = {}, {}
    for values, (start, end) in zip(raw, bounds):
        stamps = first + (np.arange(start * 4, end * 4) * 6).astype("timedelta64[h]")
        named, count = np.unique(stamps.astype("datetime64[M]"), return_counts=True)
        month = str(named[np.argmax(count)])
        sums[month] = sums.get(month, 0) + values * count.max()
        weights[month] = weights.get(month, 0) + count.max()
    summary, out = imported
    stack, _ = read_stack(out)
    expected = np.full(stack.shape, np.nan)
    for i, month in enumerate(summary.info.months):
        if str(month) in sums:
            expected[i] = sums[str(month)] / weights[str(month)]
    year = summary.info.months.astype("datetime64[Y]").astype(int) + 1970
    base = (year >= 2004) & (year <= 2009)
    expected -= np.nanmean(expected[base], axis=0)
    np.testing.assert_allclose(stack, expected, rtol=2e-7, atol=1e-6)
    assert np.abs(np.nanmean(stack[base], axis=0)).max() < 1e-4


@pytest.mark.real
def test_real_file(imported):
    import rasterio

    _, out = imported
    with rasterio.open(out) as file:
        assert file.crs.to_epsg() == 4326
        assert file.count == 265 and file.dtypes[0] == "float32"
        assert (file.descriptions[0], file.descriptions[-1]) == ("2002-04", "2024-04")
        assert file.profile["tiled"] and file.profile["interleave"] == "band"
        assert file.bounds == (-180, -90, 180, 90)
        assert file.units[0] == "cm" and file.tags()["units"] == "cm"
        assert file.tags()["baseline"] == "2004-01/2009-12"
        # The Amazon swings, its neighbourhood in the ocean hardly does.
        amazon = file.read(window=((92, 95), (118, 122)))
    assert np.nanstd(amazon) > 8
    with MonthlyStack(out) as stack:
        np.testing.assert_allclose(stack.grid.x[[0, -1]], [-179.5, 179.5])
        np.testing.assert_allclose(stack.grid.y[[0, -1]], [89.5, -89.5])


@pytest.mark.real
def test_real_crop_across_180_equals_the_whole(imported, csr, tmp_path, read_stack):
    whole, _ = read_stack(imported[1])
    import_grace(csr, tmp_path / "c.tif", extent=(169.2, -20.5, 190, -10), memory=2**26)
    part, info = read_stack(tmp_path / "c.tif")
    assert info.grid.extent == (169, -21, 190, -10)
    np.testing.assert_array_equal(part, whole[:, 100:111][:, :, np.arange(349, 370) % 360])


@pytest.mark.real
def test_real_noise_months_missing(imported, csr, tmp_path, read_stack):
    summary = import_grace(csr, tmp_path / "m.tif", noisy="missing", extent=(-70, -10, -50, 0))
    stack, _ = read_stack(tmp_path / "m.tif")
    gone = np.isin(summary.info.months, np.array(["2015-02", "2004-09"], "datetime64[M]"))
    assert np.isnan(stack[gone]).all()
    assert summary.baseline_months == imported[0].baseline_months - np.sum(
        (summary.noisy >= np.datetime64("2004-01")) & (summary.noisy <= np.datetime64("2009-12"))
    )
    base = (summary.info.months >= np.datetime64("2004-01")) & (
        summary.info.months <= np.datetime64("2009-12")
    )
    assert np.abs(np.nanmean(stack[base], axis=0)).max() < 1e-4


def test_module_states_its_choices():
    assert importing.NOISY == ("keep", "missing")
