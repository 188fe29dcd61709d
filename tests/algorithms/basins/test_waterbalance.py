"""Water balance through QGIS: stacks and tables give one answer, and one known by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from osgeo import ogr, osr
from qgis.core import QgsVectorLayer

ogr.UseExceptions()

GRID = Grid(70.0, 30.0, 1.0, 1.0, 2, 1)
FINE = Grid(70.0, 30.0, 0.5, 0.5, 4, 2)
MONTHS = 40


def fluxes(seed=0):
    """P, ET, R of two basins in mm a month, and the storage (cm) that they make."""
    rng = np.random.default_rng(seed)
    p, et, r = (rng.uniform(0, top, (MONTHS, 2)) for top in (200, 90, 60))
    net = (p - et - r) / 10
    return (p, et, r), np.cumsum(net, axis=0) - net / 2


@pytest.fixture
def basins(tmp_path):
    path = tmp_path / "basins.gpkg"
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    layer = source.CreateLayer("basins", system, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for name, west in (("West", 70), ("East", 71)):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["name"] = name
        ring = f"{west} 29,{west + 1} 29,{west + 1} 30,{west} 30,{west} 29"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        layer.CreateFeature(feature)
    del layer, source
    return str(path)


def wide(path, values, title):
    months = np.datetime64("2004-01", "M") + np.arange(MONTHS)
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["", *(f"{title} {m}-15" for m in months)])
        for name, column in zip(("West", "East"), values.T):
            writer.writerow([name, *column])
    return str(path)


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


NAMES = ("PRECIPITATION", "EVAPOTRANSPIRATION", "RUNOFF")


@pytest.fixture
def given(tmp_path, make_stack, basins):
    (flux, storage) = fluxes()
    stack = make_stack(tmp_path / "tws.tif", storage[:, None, :], grid=GRID)
    tables = {
        f"{name}_TABLE": wide(tmp_path / f"{name}.csv", f, name) for name, f in zip(NAMES, flux)
    }
    return {"INPUT": stack, "BASINS": basins, "BASIN_FIELD": "name", **tables}


def test_a_closed_budget(run, given, tmp_path, log):
    out, summary, page = tmp_path / "o.csv", tmp_path / "s.gpkg", tmp_path / "r.html"
    got = run(
        "waterbalance", feedback=log, **given, OUTPUT=out, OUTPUT_SUMMARY=summary, OUTPUT_HTML=page
    )
    assert got["MEDIAN_CC"] == pytest.approx(1, abs=1e-6)
    assert got["MEDIAN_RMSE"] == pytest.approx(0, abs=1e-5)
    assert got["COUNTED"] == 2
    rows = rows_of(out)
    assert len(rows) == 2 * MONTHS
    first = [row for row in rows if row["basin"] == "West"]
    assert first[0]["date"] == "2004-01" and first[0]["twsc_cm"] == first[0]["flux_cm"] == ""
    residual = np.array([float(row["residual_cm"]) for row in first[1:-1]])
    np.testing.assert_allclose(residual, 0, atol=1e-4)
    flux, _ = fluxes()
    p = flux[0][:, 0] / 10
    expected = p[:-2] / 4 + p[1:-1] / 2 + p[2:] / 4
    got_p = [float(row["precipitation_cm"]) for row in first[1:-1]]
    np.testing.assert_allclose(got_p, expected, rtol=1e-9)
    features = {f["basin"]: f for f in QgsVectorLayer(str(summary)).getFeatures()}
    assert features["East"]["months"] == MONTHS - 2 and features["East"]["counted"] == 1
    text = page.read_text(encoding="utf-8")
    assert "Median correlation" in text and "<script" not in text
    assert text.count("data:image/png;base64") == 5


def test_stacks_on_another_grid_and_unit(run, given, tmp_path, make_stack):
    flux, _ = fluxes()
    out, again = tmp_path / "o.csv", tmp_path / "a.csv"
    run("waterbalance", **given, OUTPUT=out)
    days = np.array(
        [
            int((np.datetime64("2004-01", "M") + i + 1).astype("datetime64[D]").astype(int))
            - int((np.datetime64("2004-01", "M") + i).astype("datetime64[D]").astype(int))
            for i in range(MONTHS)
        ]
    )
    stacks = {}
    for name, values in zip(NAMES, flux):
        daily = np.repeat(np.repeat((values / days[:, None])[:, None, :], 2, 2), 2, 1)
        stacks[name] = make_stack(tmp_path / f"{name}.tif", daily, units="mm day-1", grid=FINE)
    kept = {k: v for k, v in given.items() if not k.endswith("_TABLE")}
    run("waterbalance", **kept, **stacks, OUTPUT=again)
    for one, other in zip(rows_of(out), rows_of(again)):
        for key in ("twsc_cm", "flux_cm", "runoff_cm"):
            assert (one[key] == "") == (other[key] == "")
            if one[key]:
                assert float(one[key]) == pytest.approx(float(other[key]), abs=1e-4)


def test_the_published_filter(run, given, tmp_path, make_stack):
    share = make_stack(tmp_path / "i.tif", [[[0.0, 0.3]]], units="1", grid=GRID)
    summary = tmp_path / "s.gpkg"
    got = run(
        "waterbalance", **given, FILTER="published", IRRIGATED=share, OUTPUT=tmp_path / "o.csv",
        OUTPUT_SUMMARY=summary,
    )  # fmt: skip
    assert got["COUNTED"] == 1
    features = {f["basin"]: f for f in QgsVectorLayer(str(summary)).getFeatures()}
    assert features["East"]["left_out"] == "irrigated"
    assert features["East"]["irrigated"] == pytest.approx(0.3, rel=1e-6)
    # A cell of one degree is about 10 700 km² here.
    got = run(
        "waterbalance", **given, FILTER="published", MIN_AREA=11_000, OUTPUT=tmp_path / "p.csv"
    )
    assert got["COUNTED"] == 0 and np.isnan(got["MEDIAN_CC"])


def test_filled_months_and_refusals(run, refused, given, tmp_path, make_stack):
    flags = np.zeros((MONTHS, 1, 2))
    flags[10] = 1
    flag = make_stack(tmp_path / "f.tif", flags, grid=GRID, flags=True, units="")
    out = tmp_path / "o.csv"
    run("waterbalance", **given, FLAGS=flag, OUTPUT=out)
    west = [row for row in rows_of(out) if row["basin"] == "West"]
    empty = [i for i, row in enumerate(west) if row["twsc_cm"] == ""]
    assert empty == [0, 9, 11, MONTHS - 1]
    both = refused(
        "waterbalance", tmp_path, **given, RUNOFF=given["INPUT"], OUTPUT=tmp_path / "x.csv"
    )
    assert "RUNOFF" in both and "both" in both
    less = {k: v for k, v in given.items() if k != "RUNOFF_TABLE"}
    none = refused("waterbalance", tmp_path, **less, OUTPUT=tmp_path / "x.csv")
    assert "neither" in none
    storage = refused(
        "waterbalance", tmp_path, **less, RUNOFF=given["INPUT"], OUTPUT=tmp_path / "x.csv"
    )
    assert "flux" in storage
    percent = make_stack(tmp_path / "i.tif", [[[0.0, 30]]], units="1", grid=GRID)
    shares = refused(
        "waterbalance", tmp_path, **given, FILTER="published", IRRIGATED=percent,
        OUTPUT=tmp_path / "x.csv",
    )  # fmt: skip
    assert "IRRIGATED" in shares and "100" in shares


@pytest.mark.real
def test_the_189_basins(run, data, csr, tmp_path):
    """Against a plain transcription: cell-centre free means from basinstatistics, numpy scores."""
    twsa, series = tmp_path / "twsa.tif", tmp_path / "series.csv"
    basins = data / "basins" / "lehmann189_basins_05deg.gpkg"
    run("importgrace", INPUT=csr, NOISY="missing", OUTPUT=twsa)
    folder = data / "basin_fluxes"
    files = [folder / f"{v}_ERA5_Land_monthly.csv" for v in ("P", "ET", "R")]
    tables = dict(zip((f"{name}_TABLE" for name in NAMES), files))
    out = tmp_path / "o.csv"
    layer = {"INPUT": twsa, "BASINS": basins, "BASIN_FIELD": "NAME"}
    got = run("waterbalance", **layer, **tables, OUTPUT=out)
    assert got["COUNTED"] == 189
    assert got["MEDIAN_CC"] == pytest.approx(0.858, abs=0.002)
    assert got["MEDIAN_RMSE"] == pytest.approx(1.469, abs=0.005)
    run("basinstatistics", **layer, OUTPUT=series)
    wanted = ("AMAZON", "DANUBE", "GANGES")
    storage = {}
    for row in rows_of(series):
        if row["basin"] in wanted:
            value = float(row["value"]) if row["value"] else np.nan
            storage.setdefault(row["basin"], {})[row["date"]] = value
    tables = []
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            table = list(csv.reader(file))
        months = [title[-10:-3] for title in table[0][1:]]
        tables.append({r[0]: dict(zip(months, map(float, r[1:]))) for r in table[1:]})
    rows = rows_of(out)
    checked = 0
    for name in storage:
        dates = sorted(storage[name])
        for before, date, after in zip(dates, dates[1:], dates[2:]):
            row = next(r for r in rows if r["basin"] == name and r["date"] == date)
            change = (storage[name][after] - storage[name][before]) / 2
            assert (row["twsc_cm"] == "") == bool(np.isnan(change))
            if row["residual_cm"] == "":
                continue
            p, et, r = ((t[name][before] + 2 * t[name][date] + t[name][after]) / 40 for t in tables)
            assert float(row["residual_cm"]) == pytest.approx(change - (p - et - r), abs=1e-9)
            checked += 1
    assert checked > 400
