"""The closure of the water balance: by hand, against plain code, and on the twin."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.balance import (
    MIN_PAIRS,
    closure_scores,
    smooth_flux,
    storage_change,
    water_balance,
    yearly_mean,
)
from grace_water_toolbox.core.basins.closure import Limits, close_balance
from grace_water_toolbox.core.basins.fluxes import raster_shares
from grace_water_toolbox.core.basins.observed import BasinMeans
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.errors import DataError

NAN = np.nan


def means(values, area=None):
    values = np.asarray(values, float)
    months = np.datetime64("2004-01", "M") + np.arange(len(values))
    names = [f"b{i}" for i in range(values.shape[1])]
    area = np.full(len(names), 2e5) if area is None else np.asarray(area, float)
    return BasinMeans(names, months, values, None, area, "tws", "stack", ())


def test_by_hand():
    storage = np.array([[1.0], [2], [5], [NAN], [9], [9]])
    np.testing.assert_array_equal(storage_change(storage)[:, 0], [NAN, 2, NAN, 2, NAN, NAN])
    flux = np.array([[4.0], [8], [0], [4], [NAN], [0]])
    np.testing.assert_array_equal(smooth_flux(flux)[:, 0], [NAN, 5, 3, NAN, NAN, NAN])


def test_one_and_two_months_and_nothing():
    for count in (0, 1, 2):
        empty = np.ones((count, 2))
        assert np.isnan(storage_change(empty)).all() and np.isnan(smooth_flux(empty)).all()
        got = water_balance(empty, empty, empty, empty)
        assert np.isnan(got.cc).all() and (got.n == 0).all()


def test_monthly_means_of_a_closed_budget_close():
    """Fluxes constant within each month: the mean of a month is start + half its flux."""
    rng = np.random.default_rng(2)
    p, et, r = rng.uniform(0, 20, (3, 60, 4))
    flux = p - et - r
    end = np.cumsum(flux, axis=0)
    storage = end - flux / 2
    got = water_balance(storage, p, et, r)
    np.testing.assert_allclose(got.residual[1:-1], 0, atol=1e-12)
    np.testing.assert_allclose(got.cc, 1, rtol=1e-12)
    np.testing.assert_allclose(got.rmse, 0, atol=1e-12)
    assert (got.n == 58).all()
    # A storage off by a line has a bias and no loss of correlation.
    off = water_balance(storage + 0.3 * np.arange(60)[:, None], p, et, r)
    np.testing.assert_allclose(off.bias, 0.3, rtol=1e-10)
    np.testing.assert_allclose(off.rmse, 0.3, rtol=1e-10)
    np.testing.assert_allclose(off.cc, 1, rtol=1e-12)


def test_scores_equal_numpy_basin_by_basin():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 50, 5))
    y += x
    x[rng.random(x.shape) < 0.2] = NAN
    y[rng.random(y.shape) < 0.2] = NAN
    y[:, 3] = 2.0
    y[MIN_PAIRS - 1 :, 4] = NAN
    cc, rmse, bias, n = closure_scores(x, y)
    for i in range(3):
        good = np.isfinite(x[:, i]) & np.isfinite(y[:, i])
        a, b = x[good, i], y[good, i]
        assert n[i] == a.size
        assert cc[i] == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-12)
        assert rmse[i] == pytest.approx(np.sqrt(np.mean((a - b) ** 2)), rel=1e-12)
        assert bias[i] == pytest.approx(np.mean(a - b), rel=1e-9)
    assert np.isnan(cc[3]) and np.isfinite(rmse[3])
    assert np.isnan(cc[4]) and np.isnan(rmse[4])


def test_a_missing_month_takes_both_its_neighbours_and_not_itself():
    storage = np.arange(40.0)[:, None] ** 1.5
    flux = np.ones((40, 1))
    storage[10] = NAN
    got = water_balance(storage, flux, 0 * flux, 0 * flux)
    gone = np.flatnonzero(np.isnan(got.residual[:, 0]))
    np.testing.assert_array_equal(gone, [0, 9, 11, 39])


def test_yearly_mean():
    months = np.datetime64("2004-04", "M") + np.arange(30)
    wet = np.where(months.astype(int) % 12 < 6, 10.0, 2.0)[:, None]
    np.testing.assert_allclose(yearly_mean(wet, months), 72)
    assert np.isnan(yearly_mean(wet[:11], months[:11]))


def test_shapes_are_checked():
    with pytest.raises(DataError, match="same months"):
        water_balance(np.ones((5, 1)), np.ones((5, 1)), np.ones((4, 1)), np.ones((5, 1)))


def test_filled_months_give_no_change():
    rng = np.random.default_rng(1)
    one = means(rng.normal(size=(30, 1)))
    filled = np.zeros((30, 1), bool)
    filled[7] = True
    some = BasinMeans(**{**one.__dict__, "filled": filled})
    zero = np.zeros((30, 1))
    got = close_balance(some, (zero, zero, zero)).balance.change[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(got)), [0, 6, 8, 29])


def test_the_published_limits():
    rng = np.random.default_rng(4)
    storage = rng.normal(size=(48, 5))
    p = np.full((48, 5), 5.0) + rng.normal(size=(48, 5))
    p[:, 1] = 1 + 0.1 * rng.normal(size=48)  # 120 mm a year
    area = [9_000, 2e5, 2e5, 2e5, 2e5]
    limits = Limits(10_000, 200, 0.05, 0.05)
    zero = np.zeros_like(p)
    got = close_balance(
        means(storage, area), (p, zero, zero), limits,
        np.array([0, 0, 0.06, 0, 0.05]), np.array([0, 0, 0.2, 0.5, 0.05]),
    )  # fmt: skip
    assert got.reasons == ["small", "dry", "irrigated, glacier", "glacier", ""]
    np.testing.assert_array_equal(got.kept, [0, 0, 0, 0, 1])
    assert got.median_cc == got.balance.cc[4]
    everything = close_balance(means(storage, area), (p, zero, zero))
    assert everything.kept.sum() == 5
    assert everything.median_rmse == np.median(everything.balance.rmse)


def test_an_unknown_share_is_not_within_the_limit():
    rng = np.random.default_rng(4)
    p = np.full((48, 2), 5.0) + rng.normal(size=(48, 2))
    got = close_balance(
        means(rng.normal(size=(48, 2))), (p, 0 * p, 0 * p), Limits(None, None, 0.05, 0.05),
        np.array([NAN, 0.0]), np.array([0.5, NAN]),
    )  # fmt: skip
    assert got.reasons == ["irrigated share unknown, glacier", "glacier share unknown"]


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 1.0), ("uint8", 0.01)])
def test_shares_of_basins_by_hand(tmp_path, dtype, scale):
    """Four cells of 1 km²: 0, 20 %, 60 % and no data; per cent with a scale are shares too."""
    import rasterio
    from rasterio.transform import from_origin

    path, none = tmp_path / "shares.tif", 255
    values = np.array([[0.0, 0.2, 0.6, none * scale]]) / scale
    with rasterio.open(
        path, "w", driver="GTiff", width=4, height=1, count=1, dtype=dtype, nodata=none,
        crs="EPSG:32643", transform=from_origin(0, 1000, 1000, 1000),
    ) as file:  # fmt: skip
        file.write(np.rint(values).astype(dtype) if scale < 1 else values.astype(dtype), 1)
        file.scales = (scale,)

    def box(west, east):
        return [np.array([[west, 0], [east, 0], [east, 1000], [west, 1000]], float)]

    # The first two; all four, of which a quarter has no data; the last and a third of one.
    basins = [box(0, 2000), box(0, 4000), box(2666, 4000), box(9000, 9500)]
    got = raster_shares(path, basins, "IRRIGATED")
    np.testing.assert_allclose(got, [0.1, 0.8 / 3, NAN, NAN], atol=1e-6)


def test_shares_in_per_cent_are_refused(tmp_path, make_stack):
    path = tmp_path / "percent.tif"
    make_stack(path, np.full((1, 1, 1), 20.0), grid=Grid(0, 1, 1, 1, 1, 1))
    with pytest.raises(DataError, match="0 to 20"):
        raster_shares(path, [[np.array([[0, 0], [1, 0], [1, 1.0]])]], "IRRIGATED")


def test_a_flux_of_the_wrong_sign_is_told():
    p, et = np.full((30, 1), 5.0), np.full((30, 1), -3.0)
    got = close_balance(means(np.zeros((30, 1))), (p, et, 0 * p))
    assert any("evapotranspiration is negative" in text for text in got.warnings)


def test_on_the_twin():
    """Fluxes that make the true storage; the satellite sees it blurred and noisy."""
    from grace_water_toolbox.core.data.twin import make_twin
    from grace_water_toolbox.core.data.twin_truth import basin_series

    twin = make_twin()
    names = list(twin.basins)
    resolved = np.column_stack(
        [basin_series(twin.resolved_tws, n, twin.product_grid) for n in names]
    )
    seen = np.column_stack([basin_series(twin.grace, n, twin.product_grid) for n in names])
    # P so that the budget of the resolved storage closes: end of month = mean of neighbours.
    end = np.vstack([resolved[:1], (resolved[1:] + resolved[:-1]) / 2, resolved[-1:]])
    p = np.diff(end, axis=0)
    zero = np.zeros_like(p)
    perfect = water_balance(resolved, p, zero, zero)
    assert (perfect.cc > 0.97).all()
    got = water_balance(seen, p, zero, zero)
    missing = np.isnan(seen[:, 0])
    beside = np.zeros_like(missing)
    beside[1:-1] = missing[2:] | missing[:-2]
    beside[[0, -1]] = True
    np.testing.assert_array_equal(np.isnan(got.residual[:, 0]), beside)
    # Noise of about 1.5 cm a month, halved by the difference of two: near 1 cm.
    assert (got.rmse > 0.5).all() and (got.rmse < 2.5).all()
    assert (got.cc > 0.5).all() and (got.cc < perfect.cc).all()
    assert (np.abs(got.bias) < 0.1).all()
