"""The chain on the real record, through Processing, and California as an oracle."""

import csv
from pathlib import Path

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.groundwater.separation import propagate, separate

pytestmark = pytest.mark.real

SOUTH_ASIA = "60,100,5,40"


def read(path, **kwargs):
    with MonthlyStack(path) as stack:
        return stack.read(**kwargs), stack.info


def flags_of(path):
    with MonthlyStack(path) as stack:
        return stack.read_flags(), stack.months


# -- import ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imported(run, csr, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    return run("importgrace", INPUT=csr, OUTPUT=folder / "tws.tif", OUTPUT_HTML=folder / "r.html")


def test_import(imported, csr):
    import netCDF4

    values, info = read(imported["OUTPUT"], dtype="float32")
    assert values.shape == (265, 180, 360) and info.units == "cm"
    assert info.grid.extent == (-180, -90, 180, 90)
    empty = np.isnan(values).all(axis=(1, 2))
    assert empty.sum() == 36 and not np.isnan(values[~empty]).any()
    missing = [str(m) for m in info.months[empty]]
    assert missing[:2] == ["2002-06", "2002-07"]
    assert {f"2017-{m:02d}" for m in range(7, 13)} | {"2018-08", "2018-09"} <= set(missing)
    base = (info.months >= np.datetime64("2004-01")) & (info.months <= np.datetime64("2009-12"))
    assert np.abs(np.nanmean(values[base].astype(float), axis=0)).max() < 1e-4
    # Against the file itself: differences between two months need no baseline.
    with netCDF4.Dataset(csr) as file:
        days = np.datetime64("2002-01-01") + file["time"][:].astype("timedelta64[D]")
        raw = [
            file["lwe_thickness"][int(np.flatnonzero(days.astype("datetime64[M]") == m)[0])]
            for m in (np.datetime64("2010-05"), np.datetime64("2005-03"))
        ]
    change = np.roll((raw[0] - raw[1])[::-1], 180, axis=1)
    i, j = ((np.datetime64(m) - info.months[0]).astype(int) for m in ("2010-05", "2005-03"))
    np.testing.assert_allclose(values[i] - values[j], change, atol=2e-4)


def test_import_report(imported):
    page = Path(imported["OUTPUT_HTML"]).read_text(encoding="utf-8")
    for fact in ("231", "2002-04 to 2024-04", "2011-10, 2015-04", "2004-09", "2015-02"):
        assert fact in page


# -- gap filling -------------------------------------------------------------------


def test_ssa_fills_every_gap_and_changes_nothing_else(run, csr, tmp_path, log):
    crop = run("importgrace", INPUT=csr, EXTENT=SOUTH_ASIA, OUTPUT=tmp_path / "tws.tif")
    done = run("fillgapsssa", log, INPUT=crop["OUTPUT"], OUTPUT=tmp_path / "filled.tif",
               OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    before, _ = read(crop["OUTPUT"], dtype="float32")
    after, info = read(done["OUTPUT"], dtype="float32")
    flags, months = flags_of(done["OUTPUT_FLAGS"])
    assert after.shape == (265, 35, 40) and not np.isnan(after).any()
    seen = ~np.isnan(before)
    np.testing.assert_array_equal(before[seen].view("uint32"), after[seen].view("uint32"))
    np.testing.assert_array_equal(flags == 0, seen)
    filled = (flags > 0).any(axis=(1, 2))
    assert filled.sum() == 36 and (flags[filled] > 0).all()
    stage_a, stage_b = ((flags == k).all(axis=(1, 2)) for k in (1, 2))
    assert stage_a.sum() == 23 and stage_b.sum() == 13
    assert months[stage_a].max() == np.datetime64("2017-02")
    assert months[stage_b].min() == np.datetime64("2017-07")
    assert "23 months filled in stage a" in log.text and "13 months filled in stage b" in log.text
    assert "singular spectrum analysis" in info.history[-1]


# -- trends ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slopes(run, imported, tmp_path_factory):
    """Slope per year (y, x) of the whole globe: linear filling, STL, filled months set aside."""
    folder = tmp_path_factory.mktemp("trend")
    filled = run("fillgapslinear", INPUT=imported["OUTPUT"], OUTPUT=folder / "filled.tif",
                 OUTPUT_FLAGS=folder / "flags.tif")  # fmt: skip
    trend = run("trendmap", INPUT=filled["OUTPUT"], FLAGS=filled["OUTPUT_FLAGS"],
                OUTPUT=folder / "trend.tif")  # fmt: skip
    with rasterio.open(trend["OUTPUT"]) as file:
        bands = dict(zip(file.descriptions, file.read()))
    assert (bands["n"] == 229).all()
    return bands["slope_per_year"]


def box(field, west, east, south, north):
    lat, lon = 89.5 - np.arange(180), np.arange(360) - 179.5
    rows, columns = (lat > south) & (lat < north), (lon > west) & (lon < east)
    weights = np.cos(np.radians(lat[rows]))
    part = field[np.ix_(rows, columns)]
    return part, np.average(part.mean(axis=1), weights=weights)


#: Region: box, bracket of its mean, bracket of its strongest cell, all cm/yr. The field is
#: smoothed by 300 km, so a hotspot's cell is much weaker than in mascon products.
REGIONS = {
    "northwest India": ((72, 78, 27, 32), (-2.1, -1.6), (-2.6, -2.0)),
    "Caspian Sea": ((49, 53, 37, 46), (-2.6, -1.8), (-3.0, -2.4)),
    "southeast Greenland": ((-42, -33, 62, 70), (-8.5, -6.5), (-10.5, -8.5)),
}


@pytest.mark.parametrize("region", REGIONS)
def test_known_losses_are_on_the_map(slopes, region):
    where, mean_between, least_between = REGIONS[region]
    part, mean = box(slopes, *where)
    assert mean_between[0] < mean < mean_between[1]
    assert least_between[0] < part.min() < least_between[1]


def test_the_globe_neither_gains_nor_loses(slopes):
    # Mass is conserved in the product: the area-weighted mean trend is small.
    assert abs(box(slopes, -180, 180, -90, 90)[1]) < 0.1


# -- California: groundwater by another group ----------------------------------------

CM_PER_KM3 = 0.64488
PARTS = {"soil moisture": "SOILMOISTURE", "snow water equivalent": "SNOW",
         "reservoirs": "SURFACEWATER"}  # fmt: skip
TOTAL, WATER = "total water storage", "groundwater estimate"


@pytest.fixture(scope="module")
def california(data):
    """Monthly columns in km³ by name, NaN where empty, and the first month."""
    (path,) = (data / "california").glob("*.csv")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    months = np.array([row["date"][:7] for row in rows], "datetime64[M]")
    assert (np.diff(months.astype(int)) == 1).all()
    names = [n for n in rows[0] if n != "date"]
    return {n: np.array([float(r[n] or "nan") for r in rows]) for n in names}, str(months[0])


def assert_is_theirs(water, sigma, columns):
    complete = np.isfinite(columns[WATER])
    assert complete.sum() == 233
    assert np.nanmax(np.abs(water - columns[WATER])[complete]) <= 0.0025
    assert np.nanmax(np.abs(sigma - columns[f"{WATER} error"])[complete]) <= 0.0015
    np.testing.assert_array_equal(np.isfinite(water), complete)


def test_california_by_the_kernels(california):
    columns, _ = california
    water = separate(columns[TOTAL], [columns[n] for n in PARTS])
    sigma = propagate([columns[f"{n} error"] for n in (TOTAL, *PARTS)])
    assert_is_theirs(water, sigma, columns)


def test_california_by_the_algorithm(california, run, make_stack, tmp_path):
    columns, start = california
    given = {}
    for name, key in {TOTAL: "", **PARTS}.items():
        for column, parameter in (
            (name, key or "INPUT"),
            (f"{name} error", f"UNCERTAINTY_{key}".rstrip("_")),
        ):
            given[parameter] = make_stack(
                tmp_path / f"{parameter}.tif", columns[column] * CM_PER_KM3, start=start,
                baseline=() if "error" in column else ("2004-01", "2009-12"),
            )  # fmt: skip
    results = run("separategroundwater", REBASE=False, OUTPUT=tmp_path / "gws.tif",
                  OUTPUT_UNCERTAINTY=tmp_path / "sigma.tif", **given)  # fmt: skip
    water, sigma = (
        read(results[n])[0].ravel() / CM_PER_KM3 for n in ("OUTPUT", "OUTPUT_UNCERTAINTY")
    )
    assert_is_theirs(water, sigma, columns)
