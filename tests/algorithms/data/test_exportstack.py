"""Export stack, through Processing."""

import numpy as np
import pytest

VALUES = np.arange(24.0).reshape(3, 2, 4)


def test_both_at_once(run, make_stack, read_stack, tmp_path, log):
    import xarray

    stack = make_stack(tmp_path / "in.tif", VALUES)
    result = run("exportstack", log, INPUT=stack, VARIABLE="tws", OUTPUT=tmp_path / "o.nc",
                 OUTPUT_FOLDER=tmp_path / "months")  # fmt: skip
    with xarray.open_dataset(result["OUTPUT"], engine="scipy") as file:
        np.testing.assert_array_equal(file["tws"].values, VALUES)
    names = sorted(p.name for p in (tmp_path / "months").iterdir())
    assert names == ["in_2004-01.tif", "in_2004-02.tif", "in_2004-03.tif"]
    np.testing.assert_array_equal(read_stack(tmp_path / "months" / names[1])[0][0], VALUES[1])
    assert "3 months of tws in o.nc" in log.text and "3 files, in_2004-01.tif" in log.text


def test_into_a_folder_that_exists(run, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", VALUES)
    (tmp_path / "months").mkdir()
    (tmp_path / "months" / "other.txt").write_text("kept")
    for _ in range(2):
        run("exportstack", INPUT=stack, PREFIX="a", OUTPUT_FOLDER=tmp_path / "months")
    names = sorted(p.name for p in (tmp_path / "months").iterdir())
    assert names == ["a_2004-01.tif", "a_2004-02.tif", "a_2004-03.tif", "other.txt"]
    assert not list(tmp_path.glob("*.nc"))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "a NetCDF file or a folder"),
        ({"OUTPUT": "o.tif"}, "ending in .nc"),
        ({"OUTPUT": "o.nc", "VARIABLE": "time"}, "VARIABLE"),
        ({"OUTPUT_FOLDER": "months", "PREFIX": "a/b"}, "PREFIX"),
        ({"OUTPUT_FOLDER": "no/months"}, "OUTPUT_FOLDER"),
        ({"OUTPUT_FOLDER": "in.tif"}, "OUTPUT_FOLDER"),
    ],
)
def test_refusals(refused, make_stack, tmp_path, given, text):
    stack = make_stack(tmp_path / "in.tif", VALUES)
    given = {k: tmp_path / v if k.startswith("OUTPUT") else v for k, v in given.items()}
    message = refused("exportstack", tmp_path, INPUT=stack, **given)
    assert text in message, message


def test_round_trip_through_import_series(run, make_stack, read_stack, tmp_path):
    values = VALUES.copy()
    values[1] = np.nan
    values[2, 0, 0] = np.nan
    stack = make_stack(tmp_path / "in.tif", values)
    run("exportstack", INPUT=stack, OUTPUT=tmp_path / "o.nc", OUTPUT_FOLDER=tmp_path / "months")
    first, info = read_stack(stack)
    for number, given in enumerate(
        ({"INPUT": [str(tmp_path / "o.nc")]}, {"INPUT_FOLDER": tmp_path / "months", "UNITS": "cm"})
    ):
        again = tmp_path / f"again{number}.tif"
        run("importseries", **given, OUTPUT=again)
        values, found = read_stack(again)
        np.testing.assert_array_equal(values, first)
        np.testing.assert_array_equal(found.months, info.months)
        assert found.units == "cm" and found.grid.difference(info.grid) == ""
