"""Extract period, through Processing."""

import numpy as np
import pytest
import rasterio

T = np.arange(36.0)


def only(path):
    with rasterio.open(path) as file:
        return file.read()[:, 0, 0].tolist(), file.descriptions, file.units


def test_season_of_a_year(run, make_stack, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", T)
    result = run("extractperiod", log, INPUT=stack, PERIOD="season", SEASON="DJF", YEAR=2005,
                 OUTPUT=tmp_path / "out.tif")  # fmt: skip
    assert only(result["OUTPUT"]) == ([12.0], ("mean of DJF 2005",), ("cm",))
    assert "3 of 3 months" in log.text


def test_one_month_and_a_calendar_month(run, make_stack, tmp_path):
    stack, out = make_stack(tmp_path / "in.tif", T), tmp_path / "out.tif"
    run("extractperiod", INPUT=stack, PERIOD="month", MONTH="2005-03", OUTPUT=out)
    assert only(out) == ([14.0], ("2005-03",), ("cm",))
    run("extractperiod", INPUT=stack, PERIOD="calendar month", CALENDAR_MONTH=3, STATISTIC="max",
        OUTPUT=out)  # fmt: skip
    assert only(out)[0] == [26.0]


def test_sum_of_fluxes_and_incomplete_years(run, refused, make_stack, tmp_path, log):
    stack = make_stack(tmp_path / "in.tif", T, units="mm/month", start="2004-06")
    out = tmp_path / "out.tif"
    run("extractperiod", INPUT=stack, PERIOD="year", YEAR=2005, STATISTIC="sum", OUTPUT=out)
    assert only(out) == ([sum(range(7, 19))], ("sum of 2005",), ("mm",))
    run("extractperiod", log, INPUT=stack, PERIOD="year", YEAR=2004, OUTPUT=out)
    assert "holds 7 of the period's 12 months" in log.text
    message = refused("extractperiod", tmp_path, INPUT=stack, PERIOD="year", YEAR=2004,
                      STATISTIC="sum", OUTPUT=out)  # fmt: skip
    assert "enough months of 2004" in message


def test_stack_of_a_span(run, make_stack, read_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", T)
    run("extractperiod", INPUT=stack, PERIOD="span", START="2006-11", STATISTIC="stack",
        OUTPUT=tmp_path / "out.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "out.tif")
    assert values.ravel().tolist() == [34, 35] and str(info.months[0]) == "2006-11"


def test_flags(run, make_stack, tmp_path):
    stack = make_stack(tmp_path / "in.tif", T)
    flags = make_stack(tmp_path / "f.tif", (T == 35) * 1.0, units="", flags=True)
    run("extractperiod", INPUT=stack, FLAGS=flags, PERIOD="span", STATISTIC="max",
        OUTPUT=tmp_path / "out.tif")  # fmt: skip
    assert only(tmp_path / "out.tif")[0] == [34.0]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"PERIOD": "month", "MONTH": "March"}, "MONTH: a month written YYYY-MM"),
        ({"PERIOD": "year"}, "YEAR: a year is expected"),
        ({"PERIOD": "year", "YEAR": 1990}, "INPUT (in.tif): months of 1990"),
        ({"PERIOD": "season", "STATISTIC": "stack"}, "without holes"),
    ],
)
def test_refusals(refused, make_stack, tmp_path, given, text):
    stack = make_stack(tmp_path / "in.tif", T)
    message = refused("extractperiod", tmp_path, INPUT=stack, OUTPUT=tmp_path / "o.tif", **given)
    assert text in message, message


@pytest.mark.real
def test_real_drought(run, csr, tmp_path):
    run("importgrace", INPUT=csr, EXTENT="-125,-112,31,43", OUTPUT=tmp_path / "twsa.tif")
    run("extractperiod", INPUT=tmp_path / "twsa.tif", PERIOD="span", START="2013-10",
        END="2015-09", OUTPUT=tmp_path / "out.tif")  # fmt: skip
    with rasterio.open(tmp_path / "out.tif") as file:
        assert np.nanmean(file.read(1)) < -3
