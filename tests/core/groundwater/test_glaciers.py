"""Glacier changes as water on cells: by hand, against plain code, and mass kept."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import BaselineError, DataError, ParameterError
from grace_water_toolbox.core.groundwater.glaciers import (
    glacier_cells,
    on_months,
    thickness_change,
    water_layer,
)
from grace_water_toolbox.core.groundwater.glacierstacks import (
    read_changes,
    write_glacier_raster,
    write_glacier_table,
)

GRID = Grid(10.0, 48.0, 1.0, 1.0, 3, 2)
NAN = np.nan
R = 6371.0


def box(west, south, east, north):
    return [np.array([(west, south), (east, south), (east, north), (west, north)], float)]


def area(west, south, east, north):
    """R² Δλ (sin φ₂ − sin φ₁)."""
    sine = np.sin(np.radians([south, north]))
    return R**2 * np.radians(east - west) * (sine[1] - sine[0])


def test_area_and_water_by_hand():
    # One glacier half in cell 0 and half in cell 1 of the upper row.
    cells = glacier_cells([box(10.9, 47.2, 11.1, 47.4)], [0], GRID)
    whole = area(10.9, 47.2, 11.1, 47.4)
    assert cells.area_km2[0] == pytest.approx(whole, rel=1e-9)
    np.testing.assert_allclose(
        cells.share, [whole / 2, whole / 2, 0, 0, 0, 0], rtol=1e-5, atol=1e-12
    )
    h = thickness_change(np.array([[-1.0]]), cells.area_km2, "volume")
    assert h[0, 0] == pytest.approx(-1000 / whole)
    grid_areas = np.broadcast_to(GRID.cell_areas(), GRID.shape).ravel()
    layer = water_layer(h, cells.areas, grid_areas)
    expected = -1000 / whole * 0.85 * 100 * (whole / 2) / area(10, 47, 11, 48)
    np.testing.assert_allclose(layer[0], [expected, expected, 0, 0, 0, 0], rtol=1e-5)
    # 1 km³ of ice is 0.85 Gt, wherever it lies.
    assert (layer @ grid_areas)[0] * 1e-5 == pytest.approx(-0.85, rel=1e-9)


def test_ice_counts_once_where_outlines_overlap():
    # Two boxes of 0.2 degrees, half over each other, and a third that lies inside the first.
    one, two, inner = (10.2, 47.2, 10.4, 47.4), (10.3, 47.2, 10.5, 47.4), (10.2, 47.3, 10.25, 47.4)
    union, far = box(10.2, 47.2, 10.5, 47.4), box(12.1, 47.2, 12.2, 47.3)
    outlines = [box(*one), box(*two), box(*inner), far]
    apart = glacier_cells(outlines, [0, 1, 2, 3], GRID)
    cells = glacier_cells(outlines, [0, 1, 2, 3], GRID, overlaps=[([0, 1, 2], union)])
    assert cells.share[0] == pytest.approx(area(10.2, 47.2, 10.5, 47.4), rel=1e-5)
    assert apart.share[0] > 1.4 * cells.share[0]
    # The one that overlaps none is as it was; the others' parts are as their own areas.
    assert cells.area_km2[3] == apart.area_km2[3]
    np.testing.assert_allclose(
        cells.area_km2[:3] / apart.area_km2[:3], cells.share[0] / apart.share[0], rtol=1e-9
    )
    # Each glacier keeps its volume.
    thick = thickness_change(np.array([[1.0, -2.0, 0.5, 0.1]]), cells.area_km2, "volume")
    grid_areas = np.broadcast_to(GRID.cell_areas(), GRID.shape).ravel()
    layer = water_layer(thick, cells.areas, grid_areas)
    assert (layer @ grid_areas)[0] * 1e-5 == pytest.approx(0.85 * -0.4, rel=1e-5)


def test_outlines_that_share_an_edge_are_not_changed_by_their_union():
    outlines = [box(10.2, 47.2, 10.4, 47.4), box(10.4, 47.2, 11.6, 47.4)]
    apart = glacier_cells(outlines, [0, 1], GRID)
    cells = glacier_cells(outlines, [0, 1], GRID, overlaps=[([0, 1], box(10.2, 47.2, 11.6, 47.4))])
    np.testing.assert_array_equal(cells.areas.toarray(), apart.areas.toarray())
    np.testing.assert_array_equal(cells.area_km2, apart.area_km2)


def test_mass_and_thickness_say_the_same_as_volume():
    size = np.array([4.0, 10.0])
    volume = np.array([[1.0, -2.0], [0.5, NAN]])
    h = thickness_change(volume, size, "volume")
    np.testing.assert_allclose(h, [[250, -200], [125, NAN]])
    np.testing.assert_allclose(thickness_change(volume * 0.85, size, "mass"), h)
    np.testing.assert_array_equal(thickness_change(h, size, "thickness"), h)
    with pytest.raises(ParameterError):
        thickness_change(h, size, "weight")
    with pytest.raises(ParameterError):
        thickness_change(h, size, "volume", 0)


def test_mass_is_kept_for_random_glaciers():
    rng = np.random.default_rng(0)
    outlines, groups = [], []
    for number in range(25):
        x, y = rng.uniform(10.2, 12.8), rng.uniform(46.2, 47.8)
        angle = np.linspace(0, 2 * np.pi, 40)[:-1]
        size = rng.uniform(0.02, 0.2)
        ring = np.column_stack([x + size * np.cos(angle), y + size * np.sin(angle)])
        outlines.append([ring])
        groups.append(number % 7)  # regions of several outlines
    cells = glacier_cells(outlines, groups, GRID)
    volume = rng.normal(size=(12, 7))
    layer = water_layer(
        thickness_change(volume, cells.area_km2, "volume"),
        cells.areas,
        np.broadcast_to(GRID.cell_areas(), GRID.shape).ravel(),
    )
    grid_areas = np.broadcast_to(GRID.cell_areas(), GRID.shape).ravel()
    np.testing.assert_allclose(layer @ grid_areas * 1e-5, 0.85 * volume.sum(axis=1), rtol=2e-5)


def test_what_lies_outside_keeps_its_thickness():
    cells = glacier_cells([box(12.5, 47.2, 13.5, 47.4)], [0], GRID)
    assert cells.share.sum() == pytest.approx(cells.area_km2[0] / 2, rel=1e-5)


def test_unknown_changes_make_their_cells_missing():
    cells = glacier_cells([box(10.1, 47.1, 10.2, 47.2), box(11.1, 47.1, 11.2, 47.2)], [0, 1], GRID)
    h = np.array([[1.0, NAN]])
    layer = water_layer(h, cells.areas, np.ones(6))
    np.testing.assert_array_equal(np.isnan(layer[0]), [0, 1, 0, 0, 0, 0])
    assert layer[0, 0] > 0 and (layer[0, 2:] == 0).all()


def months(first, count):
    return np.datetime64(first, "M") + np.arange(count)


def test_annual_changes_are_joined_by_lines():
    dates = np.array(["2004-01", "2005-01", "2007-01"], "datetime64[M]")
    got = on_months(dates, np.array([0.0, 12, NAN]), months("2003-12", 15))
    np.testing.assert_allclose(got, [NAN, *range(13), NAN])
    with pytest.raises(DataError):
        on_months(dates, np.full(3, NAN), dates)


def test_tables(tmp_path):
    wide, long_form = tmp_path / "w.csv", tmp_path / "l.csv"
    wide.write_text("RGIId,2004-01,2005-01\nA,0,12\nb,5,\n", encoding="utf-8")
    long_form.write_text(
        "date;rgiid;volume_km3\n2004-01-01;A;0\n2005-01-01;A;12\n2004-01-01;B;5\n",
        encoding="utf-8",
    )
    for path in (wide, long_form):
        axis, got, lacking = read_changes(path, ["a", "B", "c"], "CHANGES")
        assert (str(axis[0]), str(axis[-1])) == ("2004-01", "2005-01") and lacking == ["c"]
        np.testing.assert_allclose(got[:, 0], np.arange(13))
        assert got[0, 1] == 5 and np.isnan(got[1:, 1]).all()
    with pytest.raises(DataError, match="GLACIER_FIELD"):
        read_changes(wide, ["x"], "CHANGES")


def test_a_stack_in_blocks_equals_the_whole_and_is_an_anomaly(tmp_path):
    cells = glacier_cells([box(10.4, 46.6, 12.2, 47.4), box(12.5, 47, 12.7, 47.3)], [0, 1], GRID)
    axis = months("2003-01", 96)
    changes = np.column_stack([-0.1 * np.arange(96), 0.02 * np.arange(96)])
    one, two = tmp_path / "one.tif", tmp_path / "two.tif"
    done = write_glacier_table(cells, changes, axis, GRID, one)
    write_glacier_table(cells, changes, axis, GRID, two, memory=1)
    with MonthlyStack(one) as a, MonthlyStack(two) as b:
        values = a.read()
        np.testing.assert_array_equal(values, b.read())
        assert a.units == "cm" and a.baseline == ("2004-01", "2009-12")
    inside = (axis >= np.datetime64("2004-01")) & (axis <= np.datetime64("2009-12"))
    np.testing.assert_allclose(values[inside].mean(axis=0), 0, atol=1e-5)
    assert done.mass[-1] - done.mass[0] == pytest.approx(0.85 * -0.08 * 95, rel=2e-5)
    with pytest.raises(BaselineError):
        write_glacier_table(
            cells, changes, axis, GRID, tmp_path / "x.tif", baseline=("1990-01", "1991-12")
        )
    assert not (tmp_path / "x.tif").exists()


def test_sums_over_different_glaciers_are_not_compared(tmp_path):
    """One of two glaciers ends early: what the other does afterwards is no change of both."""
    cells = glacier_cells([box(10.4, 46.6, 11.2, 47.4), box(12.5, 47, 12.7, 47.3)], [0, 1], GRID)
    axis = months("2004-01", 72)
    changes = np.column_stack([-0.1 * np.arange(72), 0.02 * np.arange(72)])
    changes[60:, 0] = NAN
    done = write_glacier_table(cells, changes, axis, GRID, tmp_path / "one.tif", memory=1)
    np.testing.assert_array_equal(np.isnan(done.mass), np.arange(72) >= 60)
    assert done.mass[59] - done.mass[0] == pytest.approx(0.85 * -0.08 * 59, rel=2e-5)


def test_a_thickness_stack_says_the_same(tmp_path, make_stack):
    cells = glacier_cells([box(10.4, 46.6, 12.2, 47.4)], [0], GRID)
    axis = months("2004-01", 72)
    h = -0.5 * np.arange(72)
    ice = cells.share.reshape(GRID.shape) > 0
    values = np.where(ice, h[:, None, None], NAN)
    path = make_stack(tmp_path / "h.tif", values, units="m", grid=GRID)
    with MonthlyStack(path) as stack:
        for memory in (1, None):
            write_glacier_raster(cells, stack, GRID, tmp_path / "r.tif", memory=memory)
            write_glacier_table(
                cells, h[:, None], axis, GRID, tmp_path / "t.tif", quantity="thickness"
            )
            with MonthlyStack(tmp_path / "r.tif") as a, MonthlyStack(tmp_path / "t.tif") as b:
                np.testing.assert_allclose(a.read(), b.read(), rtol=1e-6, atol=1e-6)
