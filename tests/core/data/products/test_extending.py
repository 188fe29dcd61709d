"""Newer months behind an existing stack: on one footing, or not at all."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.products.datedrasters import StackRecord
from grace_water_toolbox.core.data.products.stackextension import extend_stack
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import (
    BaselineError,
    DataError,
    GridError,
    ParameterError,
    TimeAxisError,
    UnitsError,
)

BASE = ("2004-01", "2004-04")


@pytest.fixture
def extended(tmp_path, make_stack, read_stack):
    """Writes an old and a new stack, extends the first by the second, reads the result."""

    def call(old, new, *, old_is=None, new_is=None, **options):
        old = make_stack(tmp_path / "old.tif", old, **(old_is or {}))
        new = make_stack(tmp_path / "new.tif", new, **(new_is or {}))
        target = str(tmp_path / "out.tif")
        with MonthlyStack(old) as stack, MonthlyStack(new) as record:
            summary = extend_stack(stack, StackRecord(record), target, **options)
        return (*read_stack(target), summary, read_stack(old)[0])

    return call


def series(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2, 3)).astype("f4")


def test_anomalies_are_put_on_the_old_baseline(extended):
    storage = series(8)
    old = storage[:6] - storage[:4].mean(axis=0)
    new = storage + np.arange(6).reshape(2, 3)  # another zero in each cell
    values, info, summary, before = extended(old, new, old_is={"baseline": BASE})
    np.testing.assert_array_equal(values[:6], before)
    np.testing.assert_allclose(values[6:], storage[6:] - storage[:4].mean(axis=0), atol=1e-5)
    assert info.baseline == BASE and info.months.size == 8
    assert summary.common == 6 and summary.residual < 1e-5 and summary.appended.size == 2
    assert "extended by 2004-07 to 2004-08" in info.history[-1]


def test_storages_go_behind_each_other_as_they_are(extended):
    storage = series(8)
    values, info, summary, before = extended(storage[:5], storage[3:], new_is={"start": "2004-04"})
    np.testing.assert_array_equal(values, storage)
    assert info.baseline == () and summary.common == 2
    np.testing.assert_array_equal(values[:5], before)


def test_months_between_the_records_are_missing(extended):
    storage = series(3)
    values, _, summary, _ = extended(storage, storage, new_is={"start": "2004-05"})
    assert np.isnan(values[3]).all() and np.isfinite(values[4:]).all() and len(values) == 7
    assert [str(m) for m in summary.missing] == ["2004-04"]


@pytest.mark.parametrize("memory", [1, 10**9])
def test_blocks_do_not_matter(extended, memory):
    storage = series(9)
    values, *_ = extended(storage[:6] - 1, storage, old_is={"baseline": BASE}, memory=memory)
    np.testing.assert_allclose(values, storage - 1, atol=1e-5)


def test_missing_values_tell_no_offset(extended):
    storage = series(8)
    old = storage[:6].copy()
    old[:4, 0, 0] = np.nan  # two months left, fewer than three
    old[2, 1, 1] = np.nan
    values, _, _, before = extended(old, storage + 2, old_is={"baseline": BASE})
    assert np.isnan(values[6:, 0, 0]).all()
    np.testing.assert_allclose(values[6:, 1, 1], storage[6:, 1, 1], atol=1e-5)
    np.testing.assert_array_equal(values[:6], before)


def test_a_reprocessed_product_is_refused(extended, tmp_path):
    storage = series(8)
    new = storage + 1
    new[2, 1, 1] += 0.5
    with pytest.raises(DataError, match=r"difference of 0\.4\d* cm.*import its whole record anew"):
        extended(storage[:6], new, old_is={"baseline": BASE})
    assert not (tmp_path / "out.tif").exists()
    # A stack without a baseline must be met as it is: an offset would be a step.
    with pytest.raises(DataError, match="difference of 1 cm"):
        extended(storage[:6], storage + 1)


def test_the_tolerance_is_a_parameter(extended):
    storage = series(8)
    values, *_ = extended(storage[:6], storage + 0.05, tolerance=0.1)
    np.testing.assert_allclose(values[6:], storage[6:] + 0.05, atol=1e-6)
    with pytest.raises(ParameterError, match="TOLERANCE"):
        extended(storage[:6], storage, tolerance=-1.0)


def test_too_few_months_in_common_for_anomalies(extended):
    storage = series(8)
    with pytest.raises(BaselineError, match=r"at least 3 months.*2004-01.*found 2"):
        extended(storage[:6], storage[4:], old_is={"baseline": BASE}, new_is={"start": "2004-05"})


def test_what_does_not_fit_is_named(extended):
    storage = series(8)
    with pytest.raises(TimeAxisError, match=r"after 2004-06.*up to date"):
        extended(storage[:6], storage[:6])
    with pytest.raises(UnitsError, match=r"old.tif, 'mm', are expected; found 'cm'"):
        extended(storage[:6], storage, old_is={"units": "mm"})
    with pytest.raises(GridError, match=r"EXTENT|cells of old.tif"):
        extended(storage[:6], storage[:, :, :2])


def test_a_global_record_is_cut_to_the_cells_of_the_stack(extended):
    from grace_water_toolbox.core.data.grid import Grid

    world = np.random.default_rng(2).normal(size=(6, 4, 12)).astype("f4")
    around = Grid(-180.0, 60.0, 30.0, 30.0, 12, 4)
    window = np.array([11, 0])  # 150…180 and −180…−150
    values, *_ = extended(
        world[:4, 1:3][:, :, window],
        world,
        old_is={"grid": Grid(150.0, 30.0, 30.0, 30.0, 2, 2)},
        new_is={"grid": around},
    )
    np.testing.assert_array_equal(values, world[:, 1:3][:, :, window])


@pytest.mark.real
def test_the_real_record_is_extended_by_its_own_later_months(csr, tmp_path, read_stack):
    from grace_water_toolbox.core.data.importing import import_grace
    from grace_water_toolbox.core.data.stack import StackInfo, write_stack

    extent, old_base = (70, 20, 90, 32), ("2005-01", "2008-12")
    new = str(tmp_path / "new.tif")
    import_grace(csr, new, extent=extent)
    import_grace(csr, str(tmp_path / "all.tif"), extent=extent, baseline=old_base)
    expected, info = read_stack(tmp_path / "all.tif")
    old = str(tmp_path / "old.tif")
    write_stack(
        old, StackInfo(info.grid, info.months[:180], "cm", "TWSA", old_base), expected[:180]
    )
    with MonthlyStack(old) as stack, MonthlyStack(new) as record:
        summary = extend_stack(stack, StackRecord(record), str(tmp_path / "out.tif"))
    values, _ = read_stack(tmp_path / "out.tif")
    np.testing.assert_array_equal(values[:180], expected[:180])
    np.testing.assert_allclose(values[180:], expected[180:], atol=1e-4)
    assert np.isnan(values[180:]).all(axis=(1, 2)).any() and summary.residual < 1e-4
