"""Descriptions of stacks."""

import numpy as np
import pytest
from grace_water_toolbox.core.data import describing
from grace_water_toolbox.core.data.describing import describe_stack
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.data.stack_report import stack_report


def described(make_stack, folder, values, memory=2**30, **settings):
    path = make_stack(folder / "in.tif", values, **settings)
    with MonthlyStack(path) as stack:
        return describe_stack(stack, memory=memory)


def test_small_stack(make_stack, tmp_path):
    nan = np.nan
    values = [[[1, 2], [3, nan]], [[nan, nan], [nan, nan]], [[5, -4], [7, 8]]]
    found = described(make_stack, tmp_path, values, grid=Grid(0, 60, 1, 30, 2, 2))
    assert found.cells.tolist() == [3, 0, 4]
    assert [str(m) for m in found.missing] == ["2004-02"]
    assert found.partial.tolist() == [True, False, False]
    assert found.range == (-4, 8) and found.covered_share == 1
    north, south = np.sin(np.radians(60)) - 0.5, 0.5
    expected = (north * 3 + south * 3) / (2 * north + south)
    np.testing.assert_allclose(
        found.mean, [expected, nan, (north + 15 * south) / 2 / (0.5 + north)]
    )
    np.testing.assert_allclose(found.map, [[3, -1], [5, 8]])


def test_blocks_and_thinning_do_not_change_the_answer(make_stack, tmp_path, monkeypatch):
    values = np.random.default_rng(0).normal(size=(3, 70, 600)).astype("f4")
    values[0, :, :300] = np.nan
    grid = Grid(-150, 40, 0.5, 0.5, 600, 70)
    whole = described(make_stack, tmp_path, values, grid=grid)
    assert whole.step == 1
    monkeypatch.setattr(describing, "MAP_CELLS", 100)
    parts = described(make_stack, tmp_path, values, memory=200_000, grid=grid)
    assert parts.step == 6 and parts.map.shape == (12, 100)
    np.testing.assert_array_equal(parts.map, whole.map[::6, ::6])
    np.testing.assert_allclose(parts.mean, whole.mean)
    np.testing.assert_array_equal(parts.cells, whole.cells)
    assert parts.range == whole.range
    assert parts.covered_share == pytest.approx(whole.covered_share)


def test_empty_stack(make_stack, tmp_path):
    found = described(make_stack, tmp_path, np.full((2, 2, 2), np.nan))
    assert np.isnan(found.range).all() and found.missing.size == 2 and found.covered_share == 0
    assert "Every month is empty" in stack_report(found).html()


def test_report(make_stack, tmp_path):
    values = np.arange(48.0).reshape(12, 2, 2) - 10
    values[3], values[5, 0, 0] = np.nan, np.nan
    found = described(make_stack, tmp_path, values, baseline=("2004-01", "2004-06"))
    page = stack_report(found, "9.9").html()
    for text in (
        "in.tif", "2004-01 to 2004-06", "12: 2004-01 to 2004-12", "1: 2004-04", "1: 2004-06",
        "-10", "made for a test", "Toolbox 9.9",
    ):  # fmt: skip
        assert text in page, text
    assert page.count("<img") == 3
    found = described(make_stack, tmp_path, values, units="")
    assert "states no units" in stack_report(found).html()


@pytest.mark.real
def test_real_record(csr, tmp_path):
    from grace_water_toolbox.core.data.importing import import_grace

    import_grace(str(csr), tmp_path / "twsa.tif", extent=(60, 5, 100, 40))
    with MonthlyStack(tmp_path / "twsa.tif") as stack:
        found = describe_stack(stack)
    assert found.info.months.size == 265 and found.missing.size == 36
    assert not found.partial.any()
