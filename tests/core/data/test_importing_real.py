"""The import of a real product."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack


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
