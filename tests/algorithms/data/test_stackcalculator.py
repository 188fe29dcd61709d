"""Stack calculator, through Processing."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid


def test_difference_of_stacks_of_other_units_and_months(run, make_stack, read_stack, tmp_path, log):
    a = make_stack(tmp_path / "a.tif", [1, 2, 3])
    b = make_stack(tmp_path / "b.tif", [20, 10], units="mm", start="2004-02")
    run("stackcalculator", log, INPUT=a, INPUT_B=b, OPERATION="subtract",
        OUTPUT=tmp_path / "out.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "out.tif")
    assert values.ravel().tolist() == [0, 2] and info.units == "cm"
    assert "2 months 2004-02 to 2004-03, units cm" in log.text


def test_a_number_in_place_of_a_stack(run, make_stack, read_stack, tmp_path):
    a = make_stack(tmp_path / "a.tif", [1, 2, 3])
    run("stackcalculator", INPUT=a, OPERATION="multiply", FACTOR=0.5, LONG_NAME="half",
        OUTPUT=tmp_path / "out.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "out.tif")
    assert values.ravel().tolist() == [0.5, 1, 1.5] and info.long_name == "half"


def test_rebase(run, refused, make_stack, read_stack, tmp_path, log):
    a = make_stack(tmp_path / "a.tif", [1, 3, 9], baseline=("2004-01", "2004-02"))
    b = make_stack(tmp_path / "b.tif", [5, 5, 8], baseline=("2005-01", "2005-02"))
    given = {"INPUT": a, "INPUT_B": b, "OPERATION": "subtract", "OUTPUT": tmp_path / "out.tif"}
    assert "REBASE" in refused("stackcalculator", tmp_path, **given)
    run("stackcalculator", REBASE=True, BASELINE_END="2004-02", BASELINE_START="2004-01", **given)
    values, info = read_stack(tmp_path / "out.tif")
    assert values.ravel().tolist() == [-1, 1, 4] and info.baseline == ("2004-01", "2004-02")


def test_anomaly_and_storage_are_reported(run, make_stack, tmp_path, log):
    a = make_stack(tmp_path / "a.tif", [1, 3], baseline=("2004-01", "2004-02"))
    b = make_stack(tmp_path / "b.tif", [5, 5])
    run("stackcalculator", log, INPUT=a, INPUT_B=b, OUTPUT=tmp_path / "out.tif")
    assert "states no baseline" in "".join(log.warnings)


@pytest.mark.parametrize(
    ("second", "settings", "text"),
    [
        ({"grid": Grid(0, 5, 1, 1, 1, 1)}, {}, "must share one grid"),
        ({"units": "K"}, {}, "'cm' in INPUT (a.tif) and 'K' in INPUT_B (b.tif)"),
        ({"start": "2020-01"}, {}, "months in common"),
        ({}, {"OPERATION": "divide", "FACTOR": 0}, "FACTOR"),
    ],
)
def test_refusals(refused, make_stack, tmp_path, second, settings, text):
    a = make_stack(tmp_path / "a.tif", [1, 2])
    b = make_stack(tmp_path / "b.tif", [1, 2], **second)
    message = refused("stackcalculator", tmp_path, INPUT=a, INPUT_B=b,
                      OUTPUT=tmp_path / "o.tif", **settings)  # fmt: skip
    assert text in message, message


@pytest.mark.real
def test_real_record_less_itself_is_nothing(run, read_stack, csr, tmp_path):
    for name, extent in (("a", "60,70,20,30"), ("b", "60,70,20,30")):
        run("importgrace", INPUT=csr, EXTENT=extent, OUTPUT=tmp_path / f"{name}.tif")
    run("stackcalculator", INPUT=tmp_path / "a.tif", INPUT_B=tmp_path / "b.tif",
        OPERATION="subtract", OUTPUT=tmp_path / "zero.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "zero.tif")
    missing = np.isnan(values).all(axis=(1, 2))
    assert missing.sum() == 36 and (values[~missing] == 0).all()
    assert info.baseline == ("2004-01", "2009-12")
