"""Flux tables of both shapes, and what is refused."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.fluxtables import read_flux_table
from grace_water_toolbox.core.errors import DataError, ReadError, UnitsError

MONTHS = np.datetime64("2004-01", "M") + np.arange(3)
NAN = np.nan


def read(tmp_path, text, names=("Indus", "Nile"), units="mm month-1"):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return read_flux_table(path, list(names), MONTHS, units, "RUNOFF_TABLE")


def test_wide(tmp_path):
    text = ",R 2003-12-15,R 2004-01-15,R 2004-02-15\nNILE,1,20,\n indus ,3,4,5.5\n"
    got, lacking = read(tmp_path, text)
    np.testing.assert_allclose(got, [[0.4, 2], [0.55, NAN], [NAN, NAN]])
    assert lacking == []


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_long(tmp_path, between):
    rows = [("date", "basin", "value"), ("2004-03", "Nile", "30"), ("2004-01-31", "Nile", "NaN")]
    got, lacking = read(tmp_path, "\n".join(between.join(row) for row in rows))
    np.testing.assert_allclose(got[:, 1], [NAN, NAN, 3])
    assert lacking == ["Indus"] and np.isnan(got[:, 0]).all()


def test_daily_rates_take_the_length_of_the_month(tmp_path):
    got, _ = read(tmp_path, "x,2004-01,2004-02\nNile,1,1\n", units="mm/day")
    np.testing.assert_allclose(got[:2, 1], [3.1, 2.9])


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("a,b\nNile,1\n", ReadError, "month"),
        ("", ReadError, "header"),
        ("x,2004-01\nNile,wet\n", DataError, "wet"),
        ("x,2004-01\nNile,inf\n", DataError, "finite"),
        ("x,2004-01\nNile,1\nNILE,2\n", DataError, "twice"),
        ("basin,date,value\nNile,2004-01,1\nNile,2004-01,1\n", DataError, "twice"),
        ("x,2004-01\nRhine,1\n", DataError, "BASIN_FIELD"),
    ],
)
def test_refusals(tmp_path, text, kind, word):
    with pytest.raises(kind, match=word):
        read(tmp_path, text)


def test_units_of_a_storage_are_refused(tmp_path):
    with pytest.raises(UnitsError, match="RUNOFF_TABLE"):
        read(tmp_path, "x,2004-01\nNile,1\n", units="mm")


def test_no_file(tmp_path):
    with pytest.raises(ReadError):
        read_flux_table(tmp_path / "none.csv", ["a"], MONTHS, "mm month-1", "X")
