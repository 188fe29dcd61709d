"""The report on basins as a page: its table, its pictures, what it says of the data."""

import re
from html import unescape

import numpy as np
import pytest
from grace_water_toolbox.core.basins.analysis import analyse_basins
from grace_water_toolbox.core.basins.basin_report import COLUMNS, basin_report
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack

GRID = Grid(60.0, 30.0, 10.0, 10.0, 6, 6)


def box(west, south, east, north):
    ring = np.array([[west, south], [east, south], [east, north], [west, north]], float)
    return orient_rings([(ring, [])])


TWO = {"Upper <Indus> & co": box(60, 0, 90, 30), "Tiny": box(100, 0, 101, 1)}


@pytest.fixture
def result(tmp_path, make_stack):
    """Function: a `BasinResult` of so many months, with flags and sigma where asked for."""

    def make(
        months=36,
        flags=False,
        sigma=False,
        history=("Imported.",),
        basins=TWO,
        correlation="gaussian",
    ):
        time = np.arange(months)
        series = 6 * np.cos(time * np.pi / 6) - 0.3 * time
        if months > 12:
            series[3:5] = np.nan
        values = series[:, None, None] * np.ones((1, 6, 6))
        dates = np.datetime64("2004-01", "M") + time
        info = StackInfo(GRID, dates, "cm", "Groundwater", ("2004-01", "2009-12"), tuple(history))
        flag = np.where(np.isnan(values), 255, (time % 7 == 6)[:, None, None])
        make_stack(tmp_path / "flags.tif", flag, units="", grid=GRID, flags=True)
        write_stack(tmp_path / "gwsa.tif", info, values)
        write_stack(tmp_path / "sigma.tif", info, np.full(values.shape, 2.0))
        stack, filled, error = (
            MonthlyStack(tmp_path / f"{n}.tif") for n in ("gwsa", "flags", "sigma")
        )
        try:
            return analyse_basins(
                stack,
                list(basins.values()),
                list(basins),
                flags=filled if flags else None,
                sigma=error if sigma else None,
                correlation=correlation,
            )
        finally:
            for one in (stack, filled, error):
                one.close()

    return make


def pictures(page):
    return re.findall(r'src="data:image/png;base64,([^"]+)"', page)


def words(page):
    """What is read on the page, without tags, styles and pictures."""
    return unescape(re.sub("<[^>]+>", " ", page.split("</style>")[1]))


def table(page):
    """The rows of the summary table, by column."""
    (found,) = [t for t in page.split("<table")[1:] if f">{COLUMNS[2]}<" in t]
    rows = re.findall("<tr>(.*?)</tr>", found.split("</table>")[0], re.S)
    cells = [[unescape(c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]
    assert tuple(cells[0]) == COLUMNS
    return [dict(zip(COLUMNS, row)) for row in cells[1:]]


@pytest.mark.parametrize("flags", [False, True])
@pytest.mark.parametrize("sigma", [False, True])
@pytest.mark.parametrize("months", [1, 36])
def test_it_builds_with_any_of_its_parts(result, flags, sigma, months):
    page = basin_report(result(months, flags, sigma), "1.0").html()
    text = words(page)
    # One picture a basin, and the trends of all where there are any.
    assert len(pictures(page)) == (3 if months > 1 else 2)
    assert ("L = 300 km" in text) == sigma
    assert ("observed months only" in text) == flags
    for said in (
        "gwsa.tif",
        "2004-01 to 2009-12",
        "Imported.",
        "Groundwater",
        "Upper <Indus> & co",
    ):
        assert said in text
    assert "nan" not in text.lower() and "None" not in text


def test_a_repeated_series_is_taken_for_a_mascon_and_the_page_says_so(result):
    text = words(basin_report(result(sigma=True, correlation="auto")).html())
    assert "one error for all cells of a mascon" in text and "L = 300 km" not in text


def test_the_table(result):
    page = basin_report(result()).html()
    indus, tiny = table(page)
    assert indus["Basin"] == "Upper <Indus> & co" and tiny["Basin"] == "Tiny"
    assert indus["cm/yr"] == indus["95 % from"] == indus["to"] == "−3.60"
    assert indus["p"] == "<0.001"
    assert indus["Amplitude"] == "6.0"
    assert indus["Wettest, driest"] == "Jan, Jul"
    assert indus["Months, covered"] == "34, 100 %"
    area = 6371.0**2 * np.radians(30) * 0.5
    assert float(indus["1000 km²"].replace(",", "")) == pytest.approx(area / 1000, abs=0.5)
    volume = float(indus["km³/yr"].replace("−", "-").replace(",", ""))
    assert volume == pytest.approx(-3.6e-5 * area, abs=0.01)
    # The mark of a basin below the resolution, and what it means.
    assert tiny["1000 km²"] == "12.4*" and "* under 100,000 km²" in words(page)


def test_one_month_has_dashes(result):
    one = table(basin_report(result(1)).html())[0]
    for name in ("cm/yr", "95 % from", "to", "p", "r1", "km³/yr", "Amplitude", "Wettest, driest"):
        assert one[name] == "–", name
    assert one["Months, covered"] == "1, 100 %"


def test_synthetic_data_are_called_so(result):
    assert "synthetic" in words(basin_report(result(history=("SYNTHETIC sample.",))).html())
    assert "synthetic" not in words(basin_report(result()).html())


def test_the_page_stands_alone(result, tmp_path):
    page = (
        basin_report(result(sigma=True), "1.0").write(tmp_path / "report.html").read_text("utf-8")
    )
    assert page.endswith("</html>\n") and "charset=utf-8" in page
    assert not re.findall(r"<script|<svg|https?://|file:", page)
    assert len(page) < 500_000
