"""A region against a table through Processing: by hand, refusals, California."""

import csv

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid

T = np.arange(96)
MONTHS = np.datetime64("2004-01", "M") + T
OUTPUTS = {"OUTPUT": "t.csv", "OUTPUT_SCORES": "s.csv", "OUTPUT_HTML": "r.html"}


def outputs(folder):
    folder.mkdir(exist_ok=True)
    return {k: folder / v for k, v in OUTPUTS.items()}


def region(*wkts, crs="EPSG:4326"):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(f"Polygon?crs={crs}", "valley", "memory")
    for wkt in wkts:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(feature)
    return layer


@pytest.fixture
def case(make_stack, write_csv, tmp_path):
    """Two cells in the region, +1 and +3 cm a year; a third outside, which is noise."""
    values = np.stack([T / 12, 3 * T / 12, 100 * np.sin(T)], axis=1)[:, None, :]
    stack = make_stack(tmp_path / "s.tif", values, grid=Grid(0, 0.5, 1, 1, 3, 1))
    table = write_csv(
        tmp_path / "ice.csv", ["day", "metres"],
        [[f"{m}-11", 0.5 * t / 12 - 40] for t, m in zip(T, MONTHS)],
    )  # fmt: skip
    return {
        "INPUT": stack, "TABLE": table, "DATE_FIELD": "day", "VALUE_FIELD": "metres",
        # Two polygons that overlap are one region.
        "AOI": region("Polygon((0 -0.5, 1.5 -0.5, 1.5 0.5, 0 0.5, 0 -0.5))",
                      "Polygon((0.5 -0.5, 2 -0.5, 2 0.5, 0.5 0.5, 0.5 -0.5))"),
    }  # fmt: skip


def test_by_hand(run, case, tmp_path, read_csv, log):
    result = run("compareseries", log, **case, **outputs(tmp_path / "out"))
    scores = {s["level"]: s for s in read_csv(result["OUTPUT_SCORES"])}
    assert [scores[k]["n"] for k in ("month", "season", "year")] == ["96", "32", "8"]
    for score in scores.values():
        assert float(score["cc"]) == pytest.approx(1)
        assert float(score["stack_cm_yr"]) == pytest.approx(2)  # the mean of 1 and 3
        assert float(score["table_per_year"]) == pytest.approx(0.5)
        assert float(score["table_per_cm"]) == pytest.approx(0.25)
        assert score["rmse_cm"] == "" and score["r2"] == ""
    rows = read_csv(result["OUTPUT"])
    years = [r for r in rows if r["level"] == "year"]
    assert [r["period"] for r in years] == [str(y) for y in range(2004, 2012)]
    np.testing.assert_allclose([float(r["stack_cm"]) for r in years], 2 * (np.arange(8) - 3.5))
    # January and February belong to a winter that began before: two of three months count.
    assert rows[96]["period"] == "2004 DJF" and rows[96]["stack_months"] == "2"
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert page.count("<img") == 6 and "straight lines" in log.text


def test_units_of_a_storage(run, case, tmp_path, read_csv):
    result = run("compareseries", **case, UNITS="m", **outputs(tmp_path / "out"))
    score = read_csv(result["OUTPUT_SCORES"])[-1]
    # 50 cm a year beside 2: errors are 48 times (year − 3.5).
    assert float(score["rmse_cm"]) == pytest.approx(48 * np.arange(8).std())


def test_year_and_month_apart_or_decimal(run, case, write_csv, tmp_path, read_csv):
    apart = write_csv(
        tmp_path / "a.csv", ["y", "m", "v"], [[2004 + t // 12, t % 12 + 1, t] for t in T]
    )
    result = run("compareseries", **{**case, "TABLE": apart, "DATE_FIELD": "y", "MONTH_FIELD": "m",
                 "VALUE_FIELD": "v"}, **outputs(tmp_path / "1"))  # fmt: skip
    assert read_csv(result["OUTPUT_SCORES"])[0]["n"] == "96"
    decimal = write_csv(tmp_path / "d.csv", ["y", "v"], [[2004 + (t + 0.5) / 12, t] for t in T])
    given = {**case, "TABLE": decimal, "DATE_FIELD": "y", "VALUE_FIELD": "v"}
    result = run("compareseries", **given, DATE_FORMAT="decimal year", **outputs(tmp_path / "2"))
    assert read_csv(result["OUTPUT_SCORES"])[0]["n"] == "96"


def test_refusals(refused, case, write_csv, tmp_path):
    def table(rows):
        return write_csv(tmp_path / "x.csv", ["day", "metres"], rows)

    for changes, texts in (
        ({"TABLE": table([["11.03.2004", 1], ["12.04.2004", 2]])}, ["DATE_FIELD", "YYYY-MM-DD"]),
        ({"VALUE_FIELD": "metre"}, ["VALUE_FIELD", "'metre' beside day, metres"]),
        ({"UNITS": "mWE"}, ["UNITS", "water storage"]),
        ({"AOI": region("Polygon((50 50, 51 50, 51 51, 50 50))")}, ["meet the grid"]),
        ({"AOI": region()}, ["AOI", "at least one polygon"]),
    ):
        message = refused("compareseries", tmp_path, **{**case, **changes}, **outputs(tmp_path))
        assert all(text in message for text in texts), message
    for rows, texts in (
        ([["2004-01-01", ""], ["2004-02-01", ""]], ["VALUE_FIELD", "nothing but missing"]),
        ([["2004-01-01", "low"], ["2004-02-01", "high"]], ["VALUE_FIELD", "'low'"]),
        ([["1990-01-01", 1], ["1991-01-01", 2]], ["TABLE", "in common"]),
    ):
        given = {**case, "TABLE": table(rows)}
        message = refused("compareseries", tmp_path, **given, **outputs(tmp_path))
        assert all(text in message for text in texts), message


@pytest.mark.real
def test_california_against_the_published_series(run, csr, data, tmp_path, read_csv):
    """The toolkit's total storage (km³, JPL) beside the CSR grid over the same two basins."""
    (published,) = (data / "california").glob("*.csv")
    text = [x for x in published.read_text(encoding="utf-8").splitlines() if x[:1] != "#"]
    table = tmp_path / "jpl.csv"
    table.write_text("\n".join(text) + "\n", encoding="utf-8")
    assert len(list(csv.reader(text))) == 269
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject, QgsVectorLayer

    basins = QgsVectorLayer(str(data / "basins" / "lehmann189_basins_05deg.gpkg"), "valley", "ogr")
    basins.selectByExpression("\"NAME\" in ('SACRAMENTO', 'SAN JOAQUIN')")
    QgsProject.instance().addMapLayer(basins)
    run("importgrace", INPUT=csr, NOISY="missing", EXTENT="-125,-115,34,43",
        OUTPUT=tmp_path / "s.tif")  # fmt: skip
    result = run(
        "compareseries", INPUT=tmp_path / "s.tif", TABLE=table, DATE_FIELD="date",
        AOI=QgsProcessingFeatureSourceDefinition(basins.id(), True),
        VALUE_FIELD="total water storage", **outputs(tmp_path / "out"),
    )  # fmt: skip
    QgsProject.instance().removeMapLayer(basins.id())
    scores = {s["level"]: s for s in read_csv(result["OUTPUT_SCORES"])}
    # The figures of docs/validation.md.
    for level, n, cc, calm in (("month", 207, 0.960, 0.956), ("season", 74, 0.962, 0.958),
                               ("year", 17, 0.976, 0.960)):  # fmt: skip
        assert int(scores[level]["n"]) == n
        assert float(scores[level]["cc"]) == pytest.approx(cc, abs=0.002)
        assert float(scores[level]["cc_detrended"]) == pytest.approx(calm, abs=0.002)
    assert float(scores["year"]["table_per_cm"]) == pytest.approx(3.57, abs=0.05)


def test_filled_months_are_set_aside(run, case, make_stack, tmp_path, read_csv):
    made = np.zeros((96, 1, 3))
    made[:12, 0, :2] = 1
    flags = make_stack(tmp_path / "f.tif", made, "", grid=Grid(0, 0.5, 1, 1, 3, 1), flags=True)
    result = run("compareseries", **case, FLAGS=flags, **outputs(tmp_path / "out"))
    assert [s["n"] for s in read_csv(result["OUTPUT_SCORES"])] == ["84", "28", "7"]
