"""Describe stack, through Processing."""

import numpy as np


def test_numbers_and_report(run, make_stack, tmp_path, log):
    values = np.arange(24.0).reshape(4, 2, 3)
    values[2] = np.nan
    stack = make_stack(tmp_path / "in.tif", values)
    result = run("describestack", log, INPUT=stack, OUTPUT_HTML=tmp_path / "page.html")
    assert {k: v for k, v in result.items() if k != "OUTPUT_HTML"} == {
        "MONTHS": 4, "MISSING": 1, "WIDTH": 3, "HEIGHT": 2,
    }  # fmt: skip
    assert "2004-03" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "4 months 2004-01 to 2004-04, 1 without values; values 0 to 23 cm" in log.text


def test_without_a_report(run, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", np.ones((2, 1, 1)))
    assert set(run("describestack", INPUT=stack)) == {"MONTHS", "MISSING", "WIDTH", "HEIGHT"}


def test_what_is_no_stack_is_refused(refused, tmp_path):
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.data.rasterfile import RasterWriter

    with RasterWriter(tmp_path / "dem.tif", Grid(0, 2, 1, 1, 2, 2), ["height"]) as writer:
        writer.write(np.zeros((1, 2, 2)))
    message = refused("describestack", tmp_path, INPUT=tmp_path / "dem.tif")
    assert "INPUT (dem.tif)" in message and "band descriptions" in message
