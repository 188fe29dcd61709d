"""Storage deficits through QGIS: one planted event, its tables, layer and report."""

import csv
from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from osgeo import ogr, osr
from qgis.core import QgsVectorLayer

ogr.UseExceptions()

GRID = Grid(70.0, 30.0, 1.0, 1.0, 2, 1)


@pytest.fixture
def basins(tmp_path):
    path = tmp_path / "basins.geojson"
    source = ogr.GetDriverByName("GeoJSON").CreateDataSource(str(path))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    layer = source.CreateLayer("basins", system, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature["name"] = "Both"
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON((70 29,72 29,72 30,70 30,70 29))"))
    layer.CreateFeature(feature)
    del layer, source
    return str(path)


def planted():
    """Five years of a season; four months of 2006 are 3, 6, 4 and 2 cm short."""
    season = 8 * np.sin(2 * np.pi * np.arange(60) / 12)
    season[28:32] -= [3, 6, 4, 2]
    return season[:, None, None] * np.ones((1, 1, 2))


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def given(tmp_path, make_stack, basins):
    stack = make_stack(tmp_path / "tws.tif", planted(), grid=GRID)
    return {"INPUT": stack, "BASINS": basins, "BASIN_FIELD": "name"}


def test_the_planted_event(run, given, tmp_path, log):
    events, monthly = tmp_path / "e.csv", tmp_path / "m.csv"
    summary, page = tmp_path / "s.gpkg", tmp_path / "r.html"
    run(
        "storagedeficit", feedback=log, **given, OUTPUT=events, OUTPUT_MONTHLY=monthly,
        OUTPUT_SUMMARY=summary, OUTPUT_HTML=page, BASELINE_START="2004-01",
        BASELINE_END="2005-12", THRESHOLD=0.5,
    )  # fmt: skip
    (row,) = rows_of(events)
    assert (row["basin"], row["onset"], row["end"]) == ("Both", "2006-05", "2006-08")
    assert (row["worst"], row["duration"], row["ended"]) == ("2006-06", "4", "recovered")
    assert float(row["magnitude_cm"]) == pytest.approx(6, abs=1e-4)
    assert float(row["mean_deficit_cm"]) == pytest.approx(3.75, abs=1e-4)
    assert float(row["severity_cm_months"]) == pytest.approx(15, abs=1e-4)
    assert int(row["recovery"]) == 3 and float(row["recovery_cm_month"]) == pytest.approx(2)
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    area = one["area_km2"]
    assert float(row["severity_km3_months"]) == pytest.approx(15e-5 * area, rel=1e-4)
    assert (one["events"], one["longest"], one["worst_onset"]) == (1, 4, "2006-05")
    assert one["deficit_share"] == pytest.approx(4 / 60)
    table = rows_of(monthly)
    assert len(table) == 60 and table[29]["event"] == "1" and table[27]["event"] == ""
    assert float(table[29]["departure_cm"]) == pytest.approx(-6, abs=1e-4)
    assert float(table[29]["departure_km3"]) == pytest.approx(-6e-5 * area, rel=1e-4)
    text = page.read_text(encoding="utf-8")
    assert "Storage deficit: Both" in text and "2006-05" in text and "Thomas" in text
    assert text.count("data:image/png;base64") == 1 and "<script" not in text


def test_without_events(run, given, tmp_path):
    events, summary = tmp_path / "e.csv", tmp_path / "s.gpkg"
    run("storagedeficit", **given, OUTPUT=events, OUTPUT_SUMMARY=summary, THRESHOLD=50)
    assert rows_of(events) == []
    (one,) = QgsVectorLayer(str(summary)).getFeatures()
    assert one["events"] == 0 and one["longest"] == 0


def test_flags_and_refusals(run, refused, given, tmp_path, make_stack):
    flags = np.zeros((60, 1, 2))
    flags[28:32] = 2
    flag = make_stack(tmp_path / "f.tif", flags, grid=GRID, flags=True, units="")
    out, monthly = tmp_path / "e.csv", tmp_path / "m.csv"
    run("storagedeficit", **given, FLAGS=flag, THRESHOLD=0.5, OUTPUT=out, OUTPUT_MONTHLY=monthly)
    # The climatology is of the other years alone.
    (row,) = rows_of(out)
    assert float(row["magnitude_cm"]) == pytest.approx(6, abs=1e-4)
    assert [r["filled"] for r in rows_of(monthly)].count("1") == 4
    half = refused(
        "storagedeficit", tmp_path, **given, BASELINE_START="2004-01", OUTPUT=tmp_path / "x.csv"
    )
    assert "climatology" in half
    early = refused(
        "storagedeficit", tmp_path, **given, BASELINE_START="1990-01", BASELINE_END="1995-12",
        OUTPUT=tmp_path / "x.csv",
    )  # fmt: skip
    assert "1990-01" in early


@pytest.mark.real
def test_known_droughts(run, data, csr, tmp_path):
    """The Murray to 2009, the Amazon in 2005, 2010 and 2016, the Mississippi in 2012."""
    twsa, out = tmp_path / "twsa.tif", tmp_path / "e.csv"
    run("importgrace", INPUT=csr, NOISY="missing", OUTPUT=twsa)
    run(
        "storagedeficit", INPUT=twsa, BASINS=data / "basins" / "lehmann189_basins_05deg.gpkg",
        BASIN_FIELD="NAME", OUTPUT=out,
    )  # fmt: skip
    events = {}
    for row in rows_of(out):
        events.setdefault(row["basin"], []).append((row["onset"], row["end"]))
    for basin, month in (
        ("MURRAY", "2007-06"),
        ("MURRAY", "2009-06"),
        ("AMAZON", "2005-08"),
        ("AMAZON", "2010-09"),
        ("AMAZON", "2016-03"),
        ("MISSISSIPPI", "2012-09"),
    ):
        assert any(a <= month <= b for a, b in events[basin]), (basin, month)
    # A wet year is none: the Mississippi in 2010.
    assert not any(a <= "2010-06" <= b for a, b in events["MISSISSIPPI"])
