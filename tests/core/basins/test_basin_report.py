"""What the report on basins says, and how much of it there is."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.analysis import analyse_basins
from grace_water_toolbox.core.basins.basin_report import MAX_SECTIONS, basin_report
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import Cancelled
from grace_water_toolbox.core.progress import Progress

GRID = Grid(0.0, 10.0, 5.0, 5.0, 10, 2)


def box(west, south, east, north):
    ring = np.array([[west, south], [east, south], [east, north], [west, north]], float)
    return orient_rings([(ring, [])])


@pytest.fixture
def result(tmp_path, make_stack):
    """Function: number of basins, each wider than the one before -> result of 30 months."""
    t = np.arange(30.0)
    falling = (-0.2 * t + 3 * np.sin(np.pi * t / 6))[:, None, None] * np.ones((1, 2, 10))
    flags = np.zeros((30, 2, 10))
    flags[12:15] = 1

    def make(count, months=30, **more):
        paths = {
            "stack": make_stack(tmp_path / "s.tif", falling[:months], grid=GRID),
            "sigma": make_stack(tmp_path / "u.tif", np.full((months, 2, 10), 2.0), grid=GRID),
            "flags": make_stack(
                tmp_path / "f.tif", flags[:months], units="", grid=GRID, flags=True
            ),
        }
        names = [f"<{i}>" for i in range(count)]
        basins = [box(0, 0, 0.5 + i / 2, 10) for i in range(count)]
        opened = {name: MonthlyStack(path) for name, path in paths.items()}
        try:
            # One series everywhere: 'auto' would take it for one mascon.
            more = {"correlation": "gaussian", **more}
            return analyse_basins(opened.pop("stack"), basins, names, **opened, **more)
        finally:
            for stack in opened.values():
                stack.close()

    return make


def test_a_few_basins_get_a_plot_each(result):
    text = basin_report(result(3), "1.0", ["1 geometries were repaired: x."]).html()
    # One of all trends and one of each basin; names are text, not tags.
    assert text.count("<img ") == 4 and "&lt;2&gt;" in text and "<2>" not in text
    for words in ("exact covered fraction", "less than 50 %", "observed months only", "300 km",
                  "smaller than 100,000 km²", "1 geometries were repaired", "27, 100 %",
                  "drawn apart", "Median uncertainty", "2.00 cm if the errors",
                  "−2.40"):  # fmt: skip
        assert words in text, words
    assert text.index("Summary by basin") < text.index("<h3>")


def test_of_many_basins_the_largest_get_a_plot(result):
    done = result(MAX_SECTIONS + 2)
    text = basin_report(done).html()
    assert text.count("<h3>") == MAX_SECTIONS
    assert f"{MAX_SECTIONS} largest of {MAX_SECTIONS + 2}" in text
    sections, table = text.split("Summary by basin")
    # The two narrowest are in the table only.
    assert "<h3>&lt;1&gt;" not in sections and "<h3>&lt;2&gt;" in sections
    assert ">&lt;0&gt;<" in table and ">&lt;41&gt;<" in table


def test_one_basin_names_the_page(result):
    assert "<h1>Basin statistics: &lt;0&gt;</h1>" in basin_report(result(1)).html()


def test_a_short_record_has_no_trends(result):
    text = basin_report(result(2, months=5)).html()
    assert "<h2>Trends</h2>" not in text and text.count("<img ") == 2
    assert "not given under 24 such months" in text


def test_the_plots_can_be_cancelled(result):
    class Impatient(Progress):
        def is_cancelled(self):
            return True

    with pytest.raises(Cancelled):
        basin_report(result(2), progress=Impatient())


@pytest.mark.parametrize("memory", [1, 5000, 10**9])
def test_memory_does_not_matter(result, memory):
    whole, parts = result(6), result(6, memory=memory)
    for name in ("sigma", "sigma_upper", "filled"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
    np.testing.assert_allclose(parts.series.mean, whole.series.mean, rtol=1e-12)
