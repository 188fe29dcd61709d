"""Wells against a stack, through Processing: by hand, the sample's truth, bad input."""

import re

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_wells import make_wells
from headless import Headless

T = np.arange(72)
OUTPUTS = {"OUTPUT": "w.gpkg", "OUTPUT_CELLS": "c.gpkg", "OUTPUT_BINS": "b.csv",
           "OUTPUT_SCORES": "s.csv", "OUTPUT_HTML": "r.html"}  # fmt: skip


def outputs(folder):
    folder.mkdir(exist_ok=True)
    return {k: folder / v for k, v in OUTPUTS.items()}


def test_three_wells_in_two_cells_by_hand(run, small, tmp_path, layer_rows, read_csv, log):
    result = run("validatewells", log, **small, **outputs(tmp_path / "out"))
    wells = {w["well"]: w for w in layer_rows(result["OUTPUT"])}
    assert [wells[n]["cell"] for n in "abc"] == [1, 1, 2]
    assert [wells[n]["readings"] for n in "abc"] == [72, 144, 72]
    assert [round(wells[n]["level_cm_yr"], 6) for n in "abc"] == [120, 360, -60]
    assert all(w["cc"] == pytest.approx(1) and w["cc_before"] is None for w in wells.values())
    cells = layer_rows(result["OUTPUT_CELLS"])
    # 10 and 30 cm of level a month: 20 × 0.1 = 2 cm of water, beside 1 of the stack.
    trends = [(c["wells"], round(c["wells_cm_yr"], 6), round(c["stack_cm_yr"], 6)) for c in cells]
    assert trends == [(2, 24, 12), (1, -6, -6)]
    scores = {(s["what"][:6], s["yield_factor"]): s for s in read_csv(result["OUTPUT_SCORES"])}
    assert float(scores["trends", "1"]["rmse"]) == pytest.approx(np.sqrt(72))
    assert float(scores["monthl", "1"]["r2"]) == pytest.approx(1 - 1 / 4.25)
    assert scores["trends", "1"]["cc"] == "" and len(scores) == 6
    assert read_csv(result["OUTPUT_BINS"]) == []
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert page.count("<img") == 4 and "2 cells hold wells" in page
    assert "2 cells hold wells" in log.text


def test_point_layer_wide_tables_and_dates_in_columns(run, small, tmp_path, write_csv, layer_rows):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:3857&field=name:string", "wells", "memory")
    for name, wkt in (("a", "Point(7814624 3438500)"), ("b", "Point(7881416 3387800)")):
        feature = QgsFeature(layer.fields())
        feature["name"] = name
        feature.setGeometry(QgsGeometry.fromWkt(wkt))
        layer.dataProvider().addFeature(feature)
    dates = [str(np.datetime64("2004-01", "M") + t) for t in T]
    wide = write_csv(tmp_path / "wide.csv", ["when", "a"], [[d, 0.1 * t] for d, t in zip(dates, T)])
    more = write_csv(tmp_path / "more.csv", ["when", "b"], [[d, 0.3 * t] for d, t in zip(dates, T)])
    given = {"INPUT": small["INPUT"], "POINTS": layer, "POINT_FIELD": "name",
             "YIELD_FROM": "none"}  # fmt: skip
    first = run("validatewells", READINGS=wide, MORE_READINGS=[more], LAYOUT="wells in columns",
                DATE_FIELD="when", OUTPUT=tmp_path / "1.gpkg", **given)  # fmt: skip
    turned = write_csv(
        tmp_path / "turned.csv", ["id", "county", *dates],
        [["a", "x", *(0.1 * T)], ["b", "y", *(0.3 * T)]],
    )  # fmt: skip
    second = run("validatewells", READINGS=turned, LAYOUT="dates in columns", WELL_FIELD="id",
                 OUTPUT=tmp_path / "2.gpkg", **given)  # fmt: skip
    rows = layer_rows(first["OUTPUT"])
    assert rows == layer_rows(second["OUTPUT"])
    assert [(r["well"], r["cell"], r["months"]) for r in rows] == [("a", 1, 72), ("b", 1, 72)]
    assert rows[1]["level_cm_yr"] == pytest.approx(360)


def test_readings_in_the_table_of_the_wells(run, small, tmp_path, write_csv, layer_rows):
    rows = [["a", 70.2, 29.5, 2004 + t // 12, t % 12 + 1, -0.1 * t] for t in T]
    table = write_csv(tmp_path / "all.csv", ["id", "x", "y", "year", "month", "depth"], rows)
    result = run(
        "validatewells", INPUT=small["INPUT"], POINTS=table, POINT_FIELD="id", X_FIELD="x",
        Y_FIELD="y", POINTS_CRS="EPSG:4326", DATE_FIELD="year", MONTH_FIELD="month",
        VALUE_FIELD="depth", QUANTITY="depth", OUTPUT=tmp_path / "o.gpkg",
    )  # fmt: skip
    (well,) = layer_rows(result["OUTPUT"])
    assert well["cc"] == pytest.approx(1) and well["specific_yield"] == 0.11  # Asia
    assert well["level_cm_yr"] == pytest.approx(120)


def test_rasters_of_yield_classes_and_before(run, small, make_stack, tmp_path, layer_rows):
    from grace_water_toolbox.core.data.grid import Grid

    grid = Grid(70.0, 30.0, 0.5, 0.5, 4, 2)
    sy = make_stack(tmp_path / "sy.tif", np.full((1, 2, 4), 0.2), units="", grid=grid)
    share = make_stack(
        tmp_path / "i.tif", np.arange(8.0).reshape(1, 2, 4) * 10, units="%", grid=grid
    )
    rng = np.random.default_rng(0)
    noisy = (T + rng.normal(0, 30, 72)).reshape(72, 1, 1)
    wide = Grid(70.0, 30.0, 2.0, 1.0, 1, 1)
    before = make_stack(tmp_path / "b.tif", noisy, grid=wide)
    result = run(
        "validatewells",
        **{**small, "YIELD_FROM": "raster", "YIELD_RASTER": sy, "CLASSES": share, "BEFORE": before,
           "REFERENCE": before},
        THRESHOLDS="40; 50", **outputs(tmp_path / "out"),
    )  # fmt: skip
    wells = {w["well"]: w for w in layer_rows(result["OUTPUT"])}
    assert [wells[n]["class_value"] for n in "abc"] == [40, 50, 30]
    assert wells["a"]["specific_yield"] == pytest.approx(0.2)
    cc = np.corrcoef(noisy.ravel(), T)[0, 1]
    assert wells["a"]["cc_before"] == pytest.approx(cc, abs=1e-6)
    assert wells["a"]["cc_change"] == pytest.approx(1 - cc, abs=1e-6)
    assert wells["c"]["cc_before"] == pytest.approx(-cc, abs=1e-6)
    (cell,) = layer_rows(result["OUTPUT_CELLS"])
    # (10 + 30 − 5) / 3 × 0.2 cm a month; the stack's mean over both cells is +0.25.
    assert cell["wells"] == 3 and cell["wells_cm_yr"] == pytest.approx(12 * 35 / 3 * 0.2)
    assert cell["stack_cm_yr"] == pytest.approx(3)
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert "class value &gt; 40" in page and "Oldham" in page


def test_months_can_be_chosen(run, small, tmp_path, layer_rows):
    result = run("validatewells", **small, START="2005-01", END="2006-12", MIN_YEARS=2,
                 OUTPUT=tmp_path / "o.gpkg")  # fmt: skip
    assert {w["months"] for w in layer_rows(result["OUTPUT"])} == {24}


# -- the sample twin -----------------------------------------------------------------


def on_sample(sample, **more):
    return {
        "INPUT": sample["OUTPUT_TRUE_GWS"], "POINTS": sample["OUTPUT_WELLS"], "POINT_FIELD": "id",
        "READINGS": sample["OUTPUT_LEVELS"], "WELL_FIELD": "well", "DATE_FIELD": "date",
        "VALUE_FIELD": "value", "YIELD_FROM": "field", "YIELD_FIELD": "specific_yield",
        "QUANTITY_FIELD": "quantity", "UNIT_FIELD": "unit", **more,
    }  # fmt: skip


def test_the_samples_wells_recover_the_truth(
    run, sample, tmp_path, layer_rows, read_csv, read_stack, log
):
    result = run("validatewells", log, **on_sample(sample), **outputs(tmp_path / "out"))
    rows = {r["well"]: r for r in layer_rows(result["OUTPUT"])}
    truth = {r["id"]: r for r in layer_rows(sample["OUTPUT_WELLS"])}
    for well in make_wells(make_twin(0)):
        truth[well.id].update(row=well.row, col=well.col)
    assert len(rows) == 36 and {n for n, r in rows.items() if r["set_aside"]} == {"W08"}
    cc = np.array([r["cc"] for r in rows.values()])
    # What the reading error of 10 cm leaves: CC² = storage / (storage + error).
    stack, _ = read_stack(sample["OUTPUT_TRUE_GWS"])
    storage = {n: stack[:, truth[n]["row"], truth[n]["col"]].var() for n in rows}
    yields = {n: truth[n]["specific_yield"] for n in rows}
    left = np.array([(1 + (10 * yields[n]) ** 2 / storage[n]) ** -0.5 for n in rows])
    np.testing.assert_allclose(cc, left, atol=0.08)
    assert np.median(cc) > 0.93
    # A well's trend × its specific yield is that of true storage in its cell, over its months.
    wells = np.array([r["level_cm_yr"] * r["specific_yield"] for r in rows.values()])
    stack = np.array([r["stack_cm_yr"] for r in rows.values()])
    np.testing.assert_allclose(wells, stack, atol=0.05)
    true = np.array([truth[n]["true_gws_trend"] for n in rows])
    assert np.sqrt(np.mean((wells - true) ** 2)) < 0.05  # over other months than the truth's 265
    scores = {(s["what"][:12], s["yield_factor"]): s for s in read_csv(result["OUTPUT_SCORES"])}
    unbinned = scores["trends of th", "1"]
    assert int(unbinned["n"]) == 36 and float(unbinned["r2"]) > 0.99
    assert float(scores["trends in 15", "1"]["r2"]) > 0.99
    assert float(scores["trends of th", "0.8"]["rmse"]) > 5 * float(unbinned["rmse"])
    assert len(read_csv(result["OUTPUT_BINS"])) == 15


def test_each_trap_of_the_sample_shows_when_it_is_walked_into(run, sample, tmp_path, layer_rows):
    def wells(name, **more):
        result = run("validatewells", **on_sample(sample, **more), OUTPUT=tmp_path / name)
        return {r["well"]: r for r in layer_rows(result["OUTPUT"])}

    good = wells("good.gpkg")
    plain = wells("plain.gpkg", QUANTITY_FIELD="", UNIT_FIELD="", OUTLIER=0)
    assert plain["W12"]["cc"] == pytest.approx(-good["W12"]["cc"])  # a depth taken for a level
    assert plain["W05"]["level_cm_yr"] == pytest.approx(good["W05"]["level_cm_yr"] / 0.3048)
    # The wild reading counts.
    assert plain["W08"]["set_aside"] == 0 and good["W08"]["set_aside"] == 1
    assert plain["W08"]["cc"] < good["W08"]["cc"] - 0.1


# -- bad input -----------------------------------------------------------------------

BAD = {
    "dates unreadable": (
        {"rows": [["a", "10.03.2004", 1], ["a", "11.03.2004", 2]]},
        ["DATE_FIELD", "YYYY-MM-DD", "'10.03.2004'", "DATE_FORMAT"],
    ),
    "all NULL": ({"rows": [["a", "2004-01-01", ""], ["b", "2004-02-01", ""]]},
                 ["VALUE_FIELD", "nothing but missing values"]),
    "text for numbers": ({"rows": [["a", "2004-01-01", "deep"], ["a", "2004-02-01", "deeper"]]},
                         ["VALUE_FIELD", "numbers are expected", "'deep'"]),
    "no well inside the grid": (
        {"wells": [["a", 10, 10], ["b", 11, 10]]},
        ["POINTS", "2 wells, all outside of", "coordinate system"],
    ),
    "wrong CRS": ({"POINTS_CRS": "EPSG:28992"}, ["POINTS", "all outside of|brought"]),
    "no CRS": ({"POINTS_CRS": None}, ["POINTS", "coordinate reference system", "POINTS_CRS"]),
    "no such field": ({"VALUE_FIELD": "level"}, ["VALUE_FIELD", "'level' beside id, when, v"]),
    "other names": ({"rows": [["x", "2004-01-01", 1]]}, ["WELL_FIELD", "'a'.*'x'"]),
    "an empty table": ({"rows": []}, ["READINGS", "empty table"]),
    "dates before the record": (
        {"rows": [["a", f"19{y}-01-01", y] for y in range(60, 90)]},
        ["12 months in common", "at most 0", "MIN_MONTHS"],
    ),
    "x without y": ({"Y_FIELD": ""}, ["X_FIELD and Y_FIELD"]),
    "no coordinates": ({"X_FIELD": "", "Y_FIELD": ""}, ["point layer, or a table with X_FIELD"]),
    "unit of another thing": ({"UNIT_FIELD": "id"}, ["UNITS", "one of m, cm"]),
    "yield missing": ({"YIELD_FROM": "raster"}, ["YIELD_RASTER is expected"]),
    "yield in percent": ({"YIELD_FROM": "field", "YIELD_FIELD": "x"}, ["YIELD_FIELD", "percent"]),
    "thresholds": ({"THRESHOLDS": "forty"}, ["THRESHOLDS", "numbers such as"]),
    "period": ({"START": "2030-01"}, ["between START and END"]),
    "no layout": ({"DATE_FIELD": ""}, ["DATE_FIELD", "layout 'long'"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(refused, small, tmp_path, write_csv, case):
    changes, texts = BAD[case]
    changes = dict(changes)
    given = {**small, "QUANTITY_FIELD": "", "UNIT_FIELD": ""}
    if "rows" in changes:
        given["READINGS"] = write_csv(tmp_path / "n.csv", ["id", "when", "v"], changes.pop("rows"))
    if "wells" in changes:
        given["POINTS"] = write_csv(tmp_path / "m.csv", ["name", "x", "y"], changes.pop("wells"))
    message = refused("validatewells", tmp_path, **{**given, **changes}, **outputs(tmp_path))
    for text in texts:
        assert re.search(text, message), message
    assert "Traceback" not in message


def test_stack_without_units_or_of_another_kind(refused, small, make_stack, tmp_path):
    for units in ("", "K"):
        other = make_stack(tmp_path / "k.tif", np.zeros((72, 1, 2)), units=units)
        message = refused("validatewells", tmp_path, **{**small, "INPUT": other},
                          OUTPUT=tmp_path / "o.gpkg")  # fmt: skip
        assert "units" in message


def test_reference_with_finer_cells(refused, small, make_stack, tmp_path):
    from grace_water_toolbox.core.data.grid import Grid

    fine = make_stack(tmp_path / "f.tif", np.zeros((1, 2, 4)),
                      grid=Grid(70.0, 30.0, 0.5, 0.5, 4, 2))  # fmt: skip
    message = refused("validatewells", tmp_path, **small, REFERENCE=fine,
                      OUTPUT=tmp_path / "o.gpkg")  # fmt: skip
    assert "REFERENCE" in message and "at least as large" in message


def test_duplicates_and_strange_rows_are_counted(run, small, tmp_path, write_csv, log):
    noise = np.random.default_rng(0).normal(0, 0.2, T.size)
    rows = [["a", f"{np.datetime64('2004-01', 'M') + t}-05", 0.1 * t + e] for t, e in zip(T, noise)]
    rows += [rows[3], rows[3], ["a", rows[5][1], 99], ["a", "soon", 1], ["a", "2004-01-09", "dry"],
             ["z", "2004-01-01", 1]]  # fmt: skip
    table = write_csv(tmp_path / "n.csv", ["id", "when", "v"], rows)
    given = {**small, "READINGS": table, "QUANTITY_FIELD": "", "UNIT_FIELD": ""}
    run("validatewells", log, **given, OUTPUT=tmp_path / "o.gpkg")
    for text in ("2 readings occur twice", "1 further readings", "1 dates cannot be read",
                 "1 values are no numbers", "1 wells with readings have no position: z",
                 "2 wells have no readings: b, c", "Wild readings set aside: 1, in"):  # fmt: skip
        assert text in log.text, log.text


def test_filled_months_are_set_aside(run, small, make_stack, tmp_path, layer_rows):
    made = np.zeros((72, 1, 2))
    made[10:22, 0, 0] = 1
    made[40:, 0, 1] = 2
    flags = make_stack(tmp_path / "f.tif", made, "", flags=True)
    result = run("validatewells", **small, FLAGS=flags, OUTPUT=tmp_path / "o.gpkg")
    assert [w["months"] for w in layer_rows(result["OUTPUT"])] == [60, 60, 40]


def test_cancel_leaves_nothing(provider, small, tmp_path):
    import processing
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    (tmp_path / "out").mkdir()
    given = {k: str(v) for k, v in outputs(tmp_path / "out").items()}
    processing.run("gracewater:validatewells", {**small, **given}, feedback=feedback)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.headless
def test_on_the_command_line(small, tmp_path, layer_rows):
    with Headless() as qgis:
        qgis.run("gracewater:validatewells", **small, OUTPUT=tmp_path / "o.gpkg")
    wells = layer_rows(tmp_path / "o.gpkg")
    assert [round(w["level_cm_yr"], 6) for w in wells] == [120, 360, -60]
