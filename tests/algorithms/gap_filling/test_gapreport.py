"""The gap report through Processing."""

import csv

import numpy as np
import pytest

NAN = np.nan


@pytest.fixture
def field():
    values = np.ones((6, 2, 3))
    values[2] = NAN
    values[3, 0, 0] = NAN
    values[:, 1, 0] = NAN
    return values


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
        return list(csv.DictReader(file))


def test_tables_map_page_and_numbers(run, make_stack, field, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", field)
    result = run("gapreport", log, INPUT=stack, OUTPUT=tmp_path / "months.csv",
                 OUTPUT_MAP=tmp_path / "map.tif", OUTPUT_CELLS=tmp_path / "cells.csv",
                 OUTPUT_HTML=tmp_path / "page.html")  # fmt: skip
    assert (result["MISSING"], result["PARTLY"], result["LONGEST"]) == (1, 1, 1)
    months = rows(tmp_path / "months.csv")
    assert [r["date"] for r in months] == [f"2004-0{m}" for m in range(1, 7)]
    assert [r["status"] for r in months] == [
        "observed", "observed", "missing", "partly", "observed", "observed"
    ]  # fmt: skip
    assert [int(r["missing"]) for r in months] == [0, 0, 5, 1, 0, 0]
    assert float(months[2]["missing_share"]) == 1.0 and int(months[2]["gap_months"]) == 1
    cells = rows(tmp_path / "cells.csv")
    assert len(cells) == 5
    assert cells[0] == {
        "x": "70.5", "y": "29.5", "missing": "2", "missing_inside": "2", "longest_gap": "2",
        "first": "2004-01", "last": "2004-06",
    }  # fmt: skip
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for text in ("2004-03", "Calendar", "needs 96 months", "PRESET = fixed"):
        assert text in page
    assert page.count("<img") == 4 and "<script" not in page
    assert "1 cells have gaps that others do not have" in log.text


def test_after_a_filling(run, make_stack, field, tmp_path):
    stack = make_stack(tmp_path / "in.tif", field)
    filled = run("fillgapslinear", INPUT=stack, OUTPUT=tmp_path / "filled.tif",
                 OUTPUT_FLAGS=tmp_path / "flags.tif")  # fmt: skip
    result = run("gapreport", INPUT=filled["OUTPUT"], FLAGS=filled["OUTPUT_FLAGS"],
                 OUTPUT=tmp_path / "months.csv")  # fmt: skip
    assert (result["MISSING"], result["PARTLY"]) == (1, 1)
    months = rows(tmp_path / "months.csv")
    assert [r["status"] for r in months][2:4] == ["filled", "filled"]
    assert [int(r["filled_a"]) for r in months] == [0, 0, 5, 1, 0, 0]


def test_flags_of_other_months_are_refused(refused, make_stack, field, tmp_path):
    stack = make_stack(tmp_path / "in.tif", field)
    flags = make_stack(tmp_path / "flags.tif", np.zeros((5, 2, 3)), flags=True, units="")
    text = refused("gapreport", tmp_path, INPUT=stack, FLAGS=flags, OUTPUT=tmp_path / "m.csv")
    assert "must cover the same months" in text
