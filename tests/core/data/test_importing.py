"""From a product file to a monthly stack, against plain numpy."""

import numpy as np
import pytest
from grace_water_toolbox.core.data import importing
from grace_water_toolbox.core.data.import_report import import_report
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.errors import BaselineError, DataError, GridError, ParameterError

from .importedfiles import leftovers, turned


def test_values_against_numpy(tmp_path, product, read_stack):
    path, values, _ = product(left_out=(3, 20))
    out = tmp_path / "out.tif"
    summary = import_grace(path, out)
    stack, info = read_stack(out)
    whole = np.full((48, 6, 12), np.nan)
    whole[np.setdiff1d(np.arange(48), (3, 20))] = turned(values)
    expected = whole - np.nanmean(whole[6:], axis=0)  # 2003-07 + 6 = 2004-01
    np.testing.assert_allclose(stack, expected, rtol=0, atol=1e-5)
    assert np.isnan(stack[[3, 20]]).all() and np.isfinite(stack).sum() == 46 * 72
    assert [str(info.months[0]), str(info.months[-1])] == ["2003-07", "2007-06"]
    assert info.baseline == ("2004-01", "2009-12") and info.units == "cm"
    assert info.grid.extent == (-180, -90, 180, 90)
    assert [str(m) for m in summary.missing] == ["2003-10", "2005-03"]
    assert summary.baseline_months == 41
    assert summary.observed.sum() == 46
    weights = np.cos(np.radians(info.grid.y))[:, None] * np.ones(12)
    np.testing.assert_allclose(
        summary.mean_series[6], (expected[6] * weights).sum() / weights.sum(), atol=1e-6
    )
    assert np.isnan(summary.mean_series[3])
    assert leftovers(tmp_path, "product.nc") == ["out.tif"]


def test_baseline_that_is_asked_for(tmp_path, product, read_stack):
    path, _, _ = product()
    import_grace(path, tmp_path / "o.tif", baseline=("2005-02", "2005-04"))
    stack, info = read_stack(tmp_path / "o.tif")
    np.testing.assert_allclose(stack[19:22].mean(axis=0), 0, atol=1e-6)
    assert np.abs(stack.mean(axis=0)).max() > 0.01
    assert info.baseline == ("2005-02", "2005-04")
    assert any("3 observed months in 2005-02 to 2005-04" in line for line in info.history)


def test_baseline_outside_the_record(tmp_path, product):
    path, _, _ = product()
    with pytest.raises(BaselineError, match=r"2015-01 to 2016-12; the record runs 2003-07 to 2007"):
        import_grace(path, tmp_path / "o.tif", baseline=("2015-01", "2016-12"))
    with pytest.raises(BaselineError, match="at least one observed month"):
        path, _, _ = product(left_out=(12,))
        import_grace(path, tmp_path / "o.tif", baseline=("2004-07", "2004-07"))
    assert leftovers(tmp_path, "product.nc") == []


@pytest.mark.parametrize("baseline", [("2009-12", "2004-01"), ("2004", "2009-12"), ("x", "y")])
def test_baseline_that_is_none(tmp_path, product, baseline):
    with pytest.raises(ParameterError, match="baseline"):
        import_grace(product()[0], tmp_path / "o.tif", baseline=baseline)


def test_noise_months_are_found_and_kept_or_dropped(tmp_path, product, read_stack):
    path, values, _ = product(noisy=(10, 30))
    kept = import_grace(path, tmp_path / "kept.tif")
    dropped = import_grace(path, tmp_path / "dropped.tif", noisy="missing")
    for summary in (kept, dropped):
        assert [str(m) for m in summary.noisy] == ["2004-05", "2006-01"]
        assert summary.noise_assessed
    with_noise, _ = read_stack(tmp_path / "kept.tif")
    without, _ = read_stack(tmp_path / "dropped.tif")
    values = turned(values)
    np.testing.assert_allclose(with_noise, values - values[6:].mean(axis=0), atol=1e-5)
    quiet = np.delete(values, (10, 30), axis=0)
    np.testing.assert_allclose(
        np.delete(without, (10, 30), axis=0), quiet - quiet[6:].mean(axis=0), atol=1e-5
    )
    assert np.isnan(without[[10, 30]]).all()
    assert kept.observed.sum() == 48 and dropped.observed.sum() == 46
    assert dropped.baseline_months == kept.baseline_months - 2


def test_noise_only_baseline(tmp_path, product):
    path, _, _ = product(noisy=(10,))
    with pytest.raises(BaselineError, match="only noise months"):
        import_grace(path, tmp_path / "o.tif", noisy="missing", baseline=("2004-05", "2004-05"))


def test_without_land_mask_noise_is_not_assessed(tmp_path, product):
    path, _, _ = product(noisy=(10,), land=None)
    summary = import_grace(path, tmp_path / "o.tif", noisy="missing")
    assert not summary.noise_assessed and summary.noisy.size == 0
    assert "not assessed" in import_report(summary).html()


@pytest.mark.parametrize(
    ("extent", "rows", "columns"),
    [
        ((-180, -90, 180, 90), slice(0, 6), range(12)),
        ((0, 0, 30, 30), slice(2, 3), [6]),
        ((1, 1, 31, 31), slice(1, 3), [6, 7]),  # outward
        ((170, -30, 190, 30), slice(2, 4), [11, 0]),  # across 180°
        ((150, 60, 210, 90), slice(0, 1), [11, 0]),
        ((-200, 60, -170, 90), slice(0, 1), [11, 0]),
        ((190, 60, 200, 90), slice(0, 1), [0]),
        ((-100, -95, -95, -80), slice(5, 6), [2]),
        ((-500, -90, 500, 90), slice(0, 6), None),  # more than the globe: each cell once
    ],
)
def test_extent(tmp_path, product, read_stack, extent, rows, columns):
    path, values, _ = product()
    import_grace(path, tmp_path / "o.tif", extent=extent)
    stack, info = read_stack(tmp_path / "o.tif")
    expected = turned(values)[:, rows]
    if columns is None:
        assert stack.shape == (48, 6, 12)
        np.testing.assert_allclose(
            np.sort(stack, axis=None),
            np.sort(expected - expected[6:].mean(axis=0), axis=None),
            atol=1e-5,
        )
        return
    expected = expected[:, :, list(columns)]
    np.testing.assert_allclose(stack, expected - expected[6:].mean(axis=0), atol=1e-5)
    west, south, east, north = info.grid.extent
    assert (east - west, north - south) == (30 * expected.shape[2], 30 * expected.shape[1])
    # The cells cover what was asked for, up to whole turns.
    turn = 360 * np.round((west - extent[0]) / 360)
    assert west <= extent[0] + turn + 1e-9 and east >= extent[2] + turn - 1e-9


@pytest.mark.parametrize("extent", [(190, 0, 170, 30), (0, 30, 30, 0), (0, 91, 30, 95)])
def test_extent_that_is_none(tmp_path, product, extent):
    with pytest.raises(GridError, match="EXTENT"):
        import_grace(product()[0], tmp_path / "o.tif", extent=extent)
    assert leftovers(tmp_path, "product.nc") == []


def test_extent_beside_a_regional_product(tmp_path, product):
    with pytest.raises(GridError, match="meets the data"):
        import_grace(product()[0], tmp_path / "o.tif", extent=(0, 100, 10, 110))


def second_solution(start, end, values, sigma):
    """Month 8 (2004-03) in two halves: 20 days and 10 days."""
    cut = start[8] + 20
    start, end = np.insert(start, 9, cut), np.insert(end, 8, cut)
    end[9] = start[8] + 30
    values = np.insert(values, 9, 50.0, axis=0)
    sigma = np.insert(sigma, 9, 4.0, axis=0)
    return start, end, values, sigma


@pytest.mark.parametrize(("doubles", "weight"), [("weighted", 2 / 3), ("mean", 0.5)])
def test_two_solutions_merge_and_sigma_in_quadrature(
    tmp_path, product, read_stack, doubles, weight
):
    path, values, sigma = product(edit=second_solution)
    summary = import_grace(
        path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif", doubles=doubles
    )
    assert [str(m) for m in summary.doubles] == ["2004-03"]
    values, sigma = turned(values), turned(sigma)
    month = weight * values[8] + (1 - weight) * values[9]
    whole = np.concatenate([values[:8], month[None], values[10:]])
    stack, _ = read_stack(tmp_path / "o.tif")
    np.testing.assert_allclose(stack, whole - whole[6:].mean(axis=0), atol=1e-5)
    merged, info = read_stack(tmp_path / "s.tif")
    np.testing.assert_allclose(
        merged[8], np.hypot(weight * sigma[8], (1 - weight) * sigma[9]), rtol=1e-6
    )
    np.testing.assert_allclose(merged[9], sigma[10], rtol=1e-6)
    assert info.units == "cm" and info.baseline == ()


def test_sigma_is_missing_where_the_value_is(tmp_path, product, read_stack):
    path, _, _ = product(noisy=(10,), left_out=(3,))
    import_grace(path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif", noisy="missing")
    values, _ = read_stack(tmp_path / "o.tif")
    sigma, _ = read_stack(tmp_path / "s.tif")
    np.testing.assert_array_equal(np.isnan(values), np.isnan(sigma))
    assert np.isnan(sigma[[3, 10]]).all() and np.isfinite(sigma).sum() == 46 * 72


def test_uncertainty_in_millimetres(tmp_path, product, read_stack):
    """Sigma has the units of the values in the file."""
    path, _, sigma = product(units="mm", left_out=(3,))
    import_grace(path, tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif")
    merged, _ = read_stack(tmp_path / "s.tif")
    np.testing.assert_allclose(np.delete(merged, 3, 0)[0, 0, 0], turned(sigma)[0, 0, 0], rtol=1e-6)


def test_uncertainty_that_the_product_lacks(tmp_path, product):
    with pytest.raises(DataError, match=r"product\.nc.*OUTPUT_UNCERTAINTY"):
        import_grace(
            product(uncertainty=None)[0], tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif"
        )
    assert leftovers(tmp_path, "product.nc") == []


@pytest.mark.parametrize(("key", "value"), [("noisy", "drop"), ("doubles", "first")])
def test_unknown_choice(tmp_path, product, key, value):
    with pytest.raises(ParameterError, match=rf"{key.upper()}.*{value}"):
        import_grace(product()[0], tmp_path / "o.tif", **{key: value})


def test_product_without_a_number(tmp_path, product):
    def blank(start, end, values, sigma):
        return start, end, values * np.nan, sigma

    with pytest.raises(DataError, match="finite value"):
        import_grace(product(edit=blank)[0], tmp_path / "o.tif")
    assert leftovers(tmp_path, "product.nc") == []


def test_cell_never_seen_inside_the_baseline_has_no_anomaly(tmp_path, product, read_stack):
    def hide(start, end, values, sigma):
        values = values.copy()
        values[6:, 0, 0] = np.nan
        return start, end, values, sigma

    import_grace(product(edit=hide)[0], tmp_path / "o.tif", uncertainty_output=tmp_path / "s.tif")
    for name in ("o.tif", "s.tif"):
        stack, _ = read_stack(tmp_path / name)
        assert np.isnan(stack[:, 5, 6]).all()
        assert np.isfinite(stack).sum() == 48 * 71


def test_few_months(tmp_path, product, read_stack):
    """Fewer months than the ocean signal has terms: imported, nothing is called noise."""
    for count in (1, 2, 6):
        path, _, _ = product(count=count)
        summary = import_grace(path, tmp_path / "o.tif", baseline=("2003-07", "2003-07"))
        stack, _ = read_stack(tmp_path / "o.tif")
        assert stack.shape == (count, 6, 12) and (stack[0] == 0).all()
        assert summary.noisy.size == 0
        assert "GRACE import" in import_report(summary).html()


def test_report(tmp_path, product):
    path, _, _ = product(noisy=(10,), left_out=(20,), edit=second_solution)
    summary = import_grace(path, tmp_path / "o.tif")
    text = import_report(summary, "1.2.3").html()
    for part in ("2005-03", "2004-03", "2004-05", "They were kept", "<img", "lwe_thickness [cm]"):
        assert part in text
    assert "<script" not in text


def test_module_states_its_choices():
    assert importing.NOISY == ("keep", "missing")
