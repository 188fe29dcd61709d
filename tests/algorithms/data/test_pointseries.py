"""Series at points, through Processing."""

import csv

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid

VALUES = np.array([[[1.0, 2], [3, 4]], [[5, 6], [7, np.nan]]])


def layer(features, crs="EPSG:4326", kind="Point"):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    made = QgsVectorLayer(f"{kind}?crs={crs}&field=well:string", "wells", "memory")
    for name, wkt in features:
        feature = QgsFeature(made.fields())
        feature["well"] = name
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        made.dataProvider().addFeature(feature)
    return made


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:  # noqa: PTH123
        return list(csv.DictReader(stream))


def test_long_table_and_report(run, make_stack, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", VALUES)
    flags = make_stack(tmp_path / "f.tif", [[[0, 0], [0, 0]], [[1, 0], [0, 255]]], units="",
                       flags=True)  # fmt: skip
    sigma = make_stack(tmp_path / "s.tif", np.full((2, 2, 2), 0.5))
    points = layer([("A", "Point(70.5 29.5)"), ("B", "Point(431.5 28.5)"), ("B", "Point(0 0)")])
    run("pointseries", log, INPUT=stack, POINTS=points, POINT_FIELD="well", FLAGS=flags,
        UNCERTAINTY=sigma, OUTPUT=tmp_path / "t.csv", OUTPUT_HTML=tmp_path / "r.html")  # fmt: skip
    rows = rows_of(tmp_path / "t.csv")
    assert list(rows[0]) == ["point", "date", "value", "unit", "filled", "uncertainty"]
    assert [tuple(r.values()) for r in rows] == [
        ("A", "2004-01", "1", "cm", "0", "0.5"),
        ("A", "2004-02", "5", "cm", "1", "0.5"),
        ("B", "2004-01", "4", "cm", "0", "0.5"),
        ("B", "2004-02", "", "cm", "0", "0.5"),
    ]
    assert "1 points lie outside the stack: B (2)" in log.text
    assert "numbered: B (2)" in log.text
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "lie outside" in page and page.count("<img") == 3


def test_other_crs_multipoints_and_unnamed(run, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", VALUES)
    # 70.5° E, 29.5° N and 71.5° E, 28.5° N in web Mercator.
    points = layer(
        [("", "MultiPoint((7848024 3438500),(7959343 3311700))")], "EPSG:3857", "MultiPoint"
    )
    run("pointseries", INPUT=stack, POINTS=points, OUTPUT=tmp_path / "t.csv")
    rows = rows_of(tmp_path / "t.csv")
    assert [(r["point"], r["value"]) for r in rows] == [
        ("point_1", "1"), ("point_1", "5"), ("point_1 (2)", "4"), ("point_1 (2)", ""),
    ]  # fmt: skip
    assert rows[0]["filled"] == "" and rows[0]["uncertainty"] == ""


def test_bilinear_across_the_date_line(run, make_stack, tmp_path):
    stack = make_stack(
        tmp_path / "in.tif", np.arange(20.0).reshape(1, 1, 20), grid=Grid(170, 1, 1, 1, 20, 1)
    )
    points = layer([("west", "Point(179.75 0.5)"), ("east", "Point(-179.75 0.5)")])
    run("pointseries", INPUT=stack, POINTS=points, POINT_FIELD="well", METHOD="bilinear",
        OUTPUT=tmp_path / "t.csv")  # fmt: skip
    assert [float(r["value"]) for r in rows_of(tmp_path / "t.csv")] == [9.25, 9.75]


def test_refusals(refused, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", VALUES)
    given = {"INPUT": stack, "OUTPUT": tmp_path / "t.csv"}
    far = layer([("A", "Point(0 0)")])
    assert "all outside" in refused("pointseries", tmp_path, POINTS=far, **given)
    nothing = layer([])
    assert "at least one point" in refused("pointseries", tmp_path, POINTS=nothing, **given)
    nowhere = layer([("A", "Point(70.5 29.5)")], crs="")
    message = refused("pointseries", tmp_path, POINTS=nowhere, **given)
    assert "coordinate reference system" in message
    other = make_stack(tmp_path / "s.tif", VALUES[:1])
    near = layer([("A", "Point(70.5 29.5)")])
    message = refused("pointseries", tmp_path, POINTS=near, UNCERTAINTY=other, **given)
    assert "INPUT (in.tif) and UNCERTAINTY (s.tif)" in message


@pytest.mark.real
def test_real_wells(run, csr, data, tmp_path, log):
    with (data / "wells" / "california_sac" / "stations_sac.csv").open(encoding="utf-8") as stream:
        stations = list(csv.DictReader(stream))[:60]
    wells = [(s["STN_ID"], f"Point({s['LONGITUDE']} {s['LATITUDE']})") for s in stations]
    run("importgrace", INPUT=csr, EXTENT="-125,-112,31,43", OUTPUT=tmp_path / "twsa.tif")
    run("pointseries", log, INPUT=tmp_path / "twsa.tif", POINTS=layer(wells), POINT_FIELD="well",
        METHOD="bilinear", OUTPUT=tmp_path / "t.csv")  # fmt: skip
    rows = rows_of(tmp_path / "t.csv")
    assert len(rows) == 60 * 265 and sum(r["value"] == "" for r in rows) == 60 * 36
    assert {r["point"] for r in rows} == {name for name, _ in wells}
