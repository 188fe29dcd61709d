"""The sample data as files: coarse means that fit in the head, files that can be read."""

from types import SimpleNamespace

import numpy as np
import pytest
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.sample import (
    NOTE,
    STORAGES,
    TRUTH_FIELDS,
    coarsen,
    truth_rows,
    write_grace,
    write_storage,
    write_truth_stack,
)
from grace_water_toolbox.core.data.twin import make_twin

COARSE = SimpleNamespace(grid=Grid(0, 60, 1, 1, 4, 2), product_grid=Grid(0, 60, 2, 2, 2, 1))


def test_coarse_mean_is_weighted_by_area():
    values = np.array([[[1.0, 1, 4, 4], [2, 2, np.nan, 8]]])
    upper, lower = COARSE.grid.cell_areas()[:, 0]
    assert lower > upper
    expected = [
        (upper * 1 + lower * 2) / (upper + lower),
        (2 * upper * 4 + lower * 8) / (2 * upper + lower),
    ]
    np.testing.assert_allclose(coarsen(values, COARSE)[0, 0], expected, rtol=1e-12)


def test_coarse_mean_of_constants_and_holes():
    values = np.full((2, 2, 4), 3.0)
    values[1, :, :2] = np.nan
    np.testing.assert_allclose(coarsen(values, COARSE), [[[3, 3]], [[np.nan, 3]]], rtol=1e-12)


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


def test_files_can_be_read_and_say_that_they_are_synthetic(tmp_path, twin, read_stack):
    write_grace(twin, tmp_path / "g.nc")
    product = open_grace(tmp_path / "g.nc")
    assert product.solutions == 231 and product.grid.difference(twin.product_grid) == ""
    assert "SYNTHETIC" in product.file.attributes()["title"]
    for _, field, name in STORAGES:
        write_storage(twin, field, name, tmp_path / "s.tif")
        values, info = read_stack(tmp_path / "s.tif")
        assert info.units == "kg m-2" and info.history == (NOTE,) and "synthetic" in info.long_name
        expected = coarsen(getattr(twin, f"model_{field}"), twin)
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    write_truth_stack(twin, "tws", "storage", tmp_path / "t.tif")
    values, info = read_stack(tmp_path / "t.tif")
    np.testing.assert_allclose(values, twin.tws, rtol=1e-6, atol=1e-6)
    assert info.units == "cm" and info.baseline == ("2004-01", "2009-12")


def test_truth_has_a_row_for_each_basin(twin):
    rows = truth_rows(twin)
    assert len(rows) > 1
    for row in rows:
        assert len(row) == 1 + len(TRUTH_FIELDS) and np.isfinite(row[1:]).all()
        named = dict(zip((key for key, _ in TRUTH_FIELDS), row[1:]))
        assert named["leakage"] == pytest.approx(named["resolved_tws"] - named["true_tws"])
