"""The pictures: valid PNG of the promised size, for whole, broken and empty input."""

import io
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from grace_water_toolbox.core.errors import GridError, ParameterError, TimeAxisError
from grace_water_toolbox.core.report import coverage
from grace_water_toolbox.core.report.bars import bar_plot
from grace_water_toolbox.core.report.canvas import (
    BLUE,
    NO_DATA,
    ORANGE,
    VERMILLION,
    cut,
    format_numbers,
    month_axis,
)
from grace_water_toolbox.core.report.coverage import calendar_plot
from grace_water_toolbox.core.report.maps import colour_limits, degree_text, map_plot
from grace_water_toolbox.core.report.series import multi_series_plot, series_plot, trend_text
from matplotlib.colors import to_rgb
from matplotlib.image import imread

MONTHS = np.arange("2002-04", "2010-04", dtype="datetime64[M]")
WAVE = 5 * np.sin(np.arange(MONTHS.size) / 12 * 2 * np.pi)
NOTHING = np.full(MONTHS.size, np.nan)


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def picture(data):
    """Decode PNG bytes to (row, column, rgb), 0…255."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return np.round(imread(io.BytesIO(data), format="png")[..., :3] * 255).astype(int)


def pixels(data, colour):
    """How many pixels have exactly this colour."""
    wanted = np.round(np.array(to_rgb(colour)) * 255).astype(int)
    return int((picture(data) == wanted).all(axis=-1).sum())


def test_series_is_900_pixels_wide_and_draws_the_parts_it_was_given():
    filled = np.zeros(MONTHS.size, dtype=bool)
    filled[20:24] = True
    plain = series_plot(MONTHS, WAVE)
    whole = series_plot(
        MONTHS, WAVE, np.ones(MONTHS.size), filled, (-1.83, 4, -2.1, -1.6), title="A"
    )
    assert picture(plain).shape[1] == 900
    assert picture(whole).shape[1] == 900
    assert pixels(plain, BLUE) > 200
    assert pixels(plain, ORANGE) == pixels(plain, VERMILLION) == 0
    assert min(pixels(whole, colour) for colour in (BLUE, ORANGE, VERMILLION)) > 20


def test_absent_month_is_drawn_as_a_missing_one():
    keep = np.ones(MONTHS.size, dtype=bool)
    keep[[30, 31, 50]] = False
    gap = np.where(keep, WAVE, np.nan)
    assert series_plot(MONTHS[keep], WAVE[keep]) == series_plot(MONTHS, gap)
    assert series_plot(MONTHS, gap) != series_plot(MONTHS, WAVE)


def test_months_as_text_dates_and_datetime64_are_alike():
    text = [str(month) for month in MONTHS]
    days = [month.astype("datetime64[D]").item() for month in MONTHS]
    expected = series_plot(MONTHS, WAVE)
    assert series_plot(text, WAVE) == expected
    assert series_plot(days, WAVE) == expected
    assert series_plot(MONTHS.astype("datetime64[ns]"), WAVE) == expected


@pytest.mark.parametrize("count", [1, 2, 30, 96])
def test_series_of_any_length(count):
    one = np.ones(count)
    data = series_plot(MONTHS[:count], WAVE[:count] + 1, one, one > 0, (0.1, 1, None, None))
    assert pixels(data, ORANGE) > 5
    assert pixels(series_plot(MONTHS[:count], WAVE[:count] + 1), BLUE) > 5


def test_a_month_between_gaps_is_visible():
    alone = NOTHING.copy()
    alone[40] = 3.0
    blue = np.round(np.array(to_rgb(BLUE)) * 255).astype(int)
    below_legend = picture(series_plot(MONTHS, alone))[100:]
    assert (below_legend == blue).all(axis=-1).sum() > 5


def test_series_without_any_value_says_so():
    data = series_plot(MONTHS, NOTHING, NOTHING, NOTHING == 0, (np.nan,) * 4)
    assert picture(data).shape[1] == 900
    assert pixels(data, BLUE) == pixels(data, VERMILLION) == 0


def test_series_refuses_what_does_not_fit():
    with pytest.raises(ParameterError):
        series_plot(MONTHS, WAVE[:-1])
    with pytest.raises(ParameterError):
        series_plot(MONTHS, WAVE, uncertainty=WAVE[:3])
    for months in ([], ["2004-01", "2004-01"], ["2004-02", "2004-01"], ["soon"], [["2004-01"]]):
        with pytest.raises(TimeAxisError):
            series_plot(months, np.zeros(len(months)))


def test_month_axis_is_complete():
    positions, full = month_axis(["2003-11", "2004-02"])
    assert positions.tolist() == [0, 3]
    assert [str(month) for month in full] == ["2003-11", "2003-12", "2004-01", "2004-02"]


def test_trend_in_words():
    assert trend_text(-1.83, -2.1, -1.6) == "Trend −1.83 cm/yr (95 % −2.10…−1.60)"
    assert trend_text(0.0123, np.nan, np.nan, "km³/yr") == "Trend 0.0123 km³/yr"
    assert trend_text(0.0, 0.0, 0.0) == "Trend 0 cm/yr (95 % 0…0)"
    assert trend_text(-12.34) == "Trend −12.3 cm/yr"


def test_numbers_have_no_negative_zero():
    assert format_numbers(-0.0001, 12.0) == ["0.0", "12.0"]


def test_long_text_is_cut():
    assert cut("Ganges", 6) == "Ganges"
    assert cut("Ganges-Brahmaputra", 7) == "Ganges…"


def test_many_series_and_odd_names():
    series = {f"Basin {number}": WAVE + number for number in range(16)}
    series["_hidden"] = WAVE
    series["cost $x_1$ and $"] = NOTHING
    series["a very long name " * 9] = WAVE
    assert picture(multi_series_plot(series, MONTHS, title="$\\frac")).shape[1] == 900
    assert picture(multi_series_plot({"none": NOTHING}, MONTHS)).shape[1] == 900
    assert picture(multi_series_plot({"one": [1.0]}, ["2004-01"])).shape[1] == 900
    with pytest.raises(ParameterError):
        multi_series_plot({}, MONTHS)
    with pytest.raises(ParameterError, match="short"):
        multi_series_plot({"short": [1.0]}, MONTHS)


def test_map_puts_the_north_on_top_and_missing_in_grey():
    values = np.array([[10.0, 10.0], [np.nan, -10.0]])
    image = picture(map_plot(values, (0, 0, 20, 10), limits=(-10, 10)))
    red, blue = [103, 0, 31], [5, 48, 97]  # the two ends of RdBu
    rows = {}
    for name, colour in (("north", blue), ("south", red)):
        found = np.argwhere((image[:300, :880] == colour).all(axis=-1))
        rows[name] = found.mean(axis=0)
    assert rows["north"][0] < rows["south"][0]
    assert rows["north"][1] < rows["south"][1]
    grey = np.round(np.array(to_rgb(NO_DATA)) * 255).astype(int)
    assert (image == grey).all(axis=-1).sum() > 10_000


@pytest.mark.parametrize(
    "extent",
    [
        (-180, -90, 180, 90),
        (66, 6, 98, 36),
        (-76, -56, -62, -16),
        (170, -20, 190, 0),
        (0, 0, 60, 1),
        (300_000, 5_000_000, 400_000, 5_050_000),
    ],
)
def test_map_of_any_extent(extent):
    west, south, east, north = extent
    ring = np.array([[west, south], [east, south], [east, north], [west, south]])
    values = np.random.default_rng(1).normal(size=(12, 18))
    image = picture(map_plot(values, extent, "title", "cm", outlines=[ring]))
    assert 480 <= image.shape[1] <= 900
    assert 200 <= image.shape[0] <= 1000


def test_map_of_degrees_is_stretched_by_the_middle_latitude():
    """At 60° a square of degrees is twice as high as wide."""
    image = picture(map_plot(np.ones((4, 4)), (0, 50, 20, 70), limits=(0, 1)))
    blue = (image == [5, 48, 97]).all(axis=-1)
    # The colour bar has the same blue at its end: fewer pixels a row and a column.
    height, width = (blue.sum(axis=1) > 100).sum(), (blue.sum(axis=0) > 100).sum()
    assert height / width == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("value", [np.nan, 0.0, 3.0])
@pytest.mark.parametrize("symmetric", [True, False])
def test_map_without_contrast(value, symmetric):
    data = map_plot(np.full((1, 1), value), (0, 0, 8, 4), symmetric=symmetric)
    assert picture(data).shape[1] == 900


def test_map_larger_than_the_picture():
    values = np.zeros((30, 4001), dtype=np.float32)
    values[:, 2000:] = 1
    assert picture(map_plot(values, (0, 0, 90, 40))).shape[1] == 900


def test_map_refuses_bad_input():
    for extent in ((10, 0, 0, 10), (0, 10, 10, 0), (0, 0, np.nan, 1)):
        with pytest.raises(GridError):
            map_plot(np.ones((2, 2)), extent)
    for values in (np.ones(3), np.ones((0, 3))):
        with pytest.raises(GridError):
            map_plot(values, (0, 0, 1, 1))
    with pytest.raises(ParameterError):
        map_plot(np.ones((2, 2)), (0, 0, 1, 1), limits=(1, 1))


def test_colour_limits():
    values = np.append(np.arange(-100.0, 101.0), [np.nan, np.inf])
    low, high, extend = colour_limits(values)
    assert (low, high, extend) == (-98, 98, "both")
    assert colour_limits(np.arange(101.0), symmetric=False) == (2, 98, "both")
    assert colour_limits([-3.0, 1.0], limits=(-2, 2)) == (-2, 2, "min")
    assert colour_limits([1.0, 3.0], limits=(0, 2)) == (0, 2, "max")
    assert colour_limits([np.nan]) == (-1, 1, "neither")
    assert colour_limits([0.0, 0.0]) == (-1, 1, "neither")
    # One value in a hundred: its percentile is 0, the scale must still show it.
    assert colour_limits([0.0] * 99 + [-4.0]) == (-4, 4, "neither")


def test_degrees():
    assert degree_text(-120, "E", "W") == "120° W"
    assert degree_text(190, "E", "W") == "170° W"
    assert degree_text(180, "E", "W") == degree_text(-180, "E", "W") == "180°"
    assert degree_text(360, "E", "W") == "0°"
    assert degree_text(7.5, "N", "S") == "7.5° N"
    assert degree_text(-90, "N", "S") == "90° S"


def test_calendar_shows_each_status():
    status = np.zeros(MONTHS.size, dtype=int)
    status[10:16] = np.arange(6)
    data = calendar_plot(MONTHS, status, title="Record")
    assert picture(data).shape[1] == 900
    for colour in coverage.COLOURS.values():
        assert pixels(data, colour) > 300


def test_calendar_takes_an_absent_month_for_missing():
    keep = np.arange(MONTHS.size) != 7
    status = np.where(keep, coverage.OBSERVED, coverage.MISSING)
    expected = calendar_plot(MONTHS, status)
    assert calendar_plot(MONTHS[keep], status[keep]) == expected


def test_calendar_with_other_codes_and_a_single_month():
    assert picture(calendar_plot(["2020-05"], [0])).shape[1] == 900
    data = calendar_plot(["2020-05"], [9], {9: "borrowed"}, {9: "#123456"}, {9: "x"})
    assert pixels(data, "#123456") > 300
    with pytest.raises(ParameterError, match="9"):
        calendar_plot(["2020-05"], [9])


def test_bars_with_and_without_interval_and_truth():
    labels, values = ["Amazonas", "Ganges", "a name far too long for the room it has"], [1, -2, 3]
    plain = bar_plot(labels, values)
    assert pixels(plain, BLUE) == pixels(plain, VERMILLION) == 0
    whole = bar_plot(labels, values, [0, -3, np.nan], [2, -1, 4], [1, np.nan, 2.5], "Trends")
    assert pixels(whole, BLUE) > 100
    assert pixels(whole, VERMILLION) > 20
    assert picture(whole).shape[1] == 900


def test_bars_without_values():
    assert picture(bar_plot(["a", "b"], [np.nan] * 2)).shape[1] == 900
    data = bar_plot(["a"], [np.nan], [np.nan], [np.nan], [np.nan])
    assert pixels(data, BLUE) == pixels(data, VERMILLION) == 0


def test_bars_refuse_what_does_not_fit():
    with pytest.raises(ParameterError):
        bar_plot([], [])
    with pytest.raises(ParameterError):
        bar_plot(["a"], [1, 2])
    with pytest.raises(ParameterError):
        bar_plot(["a"], [1], lower=[0])


def test_threads_draw_what_one_thread_draws():
    def draw(number):
        if number % 2:
            return series_plot(MONTHS, WAVE * (number + 1), title=f"Series {number}")
        return map_plot(np.eye(5) * (number + 1), (0, 0, 10, 10), f"Map {number}", "cm")

    alone = [draw(number) for number in range(6)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, range(6))) == alone


def test_pyplot_is_never_imported_and_matplotlib_only_when_drawing():
    code = """
import sys
from grace_water_toolbox.core.report import html
from grace_water_toolbox.core.report.bars import bar_plot
from grace_water_toolbox.core.report.coverage import calendar_plot
from grace_water_toolbox.core.report.maps import map_plot
from grace_water_toolbox.core.report.series import multi_series_plot, series_plot
early = [name for name in ("matplotlib", "scipy", "xarray") if name in sys.modules]
series_plot(["2004-01", "2004-02"], [1, 2], [1, 1], [True, False], (1, 1, 0, 2), "t")
multi_series_plot({"a": [1, 2]}, ["2004-01", "2004-02"])
map_plot([[1.0, 2.0]], (0, 0, 2, 1), outlines=[[(0, 0), (1, 1)]])
calendar_plot(["2004-01"], [2])
bar_plot(["a"], [1], [0], [2], [1])
print(early, "matplotlib.figure" in sys.modules, "matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split("\n")[0] == "[] True False"


@pytest.mark.real
def test_california_storage(data):
    (path,) = (data / "california").glob("*.csv")
    table = np.genfromtxt(
        [line for line in path.read_text().splitlines() if not line.startswith("#")],
        delimiter=",",
        names=True,
        dtype=None,
        encoding="utf-8",
    )
    storage = table["total_water_storage"] * 0.64488
    months = [day[:7] for day in table["date"]]
    drawn = series_plot(months, storage, table["total_water_storage_error"] * 0.64488)
    assert pixels(drawn, BLUE) > 1000
