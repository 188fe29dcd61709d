import numpy as np
import pytest
from grace_water_toolbox.core.basins import uncertainty
from grace_water_toolbox.core.basins.uncertainty import gap_mean_uncertainty, mean_uncertainty
from grace_water_toolbox.core.errors import DataError, ParameterError


def plain(weights, sigma, lat, lon, length):
    """The double sum, with haversine distances."""
    w = weights / weights.sum()
    total = 0.0
    for i in range(w.size):
        for j in range(w.size):
            p, q = np.radians(lat[i]), np.radians(lat[j])
            dl = np.radians(lon[j] - lon[i])
            h = np.sin((q - p) / 2) ** 2 + np.cos(p) * np.cos(q) * np.sin(dl / 2) ** 2
            d = 2 * 6371.0 * np.arcsin(np.sqrt(h))
            total += w[i] * w[j] * sigma[i] * sigma[j] * np.exp(-(d**2) / (2 * length**2))
    return np.sqrt(total)


def field(n, seed=0, spread=8):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(40, 40 + spread, n), rng.uniform(175, 175 + spread, n)
    return rng.uniform(0.1, 2, n), rng.uniform(1, 3, n), lat, (lon + 180) % 360 - 180


def test_one_cell_and_two_far_and_two_together():
    got = mean_uncertainty([4.0], [2.0], [10.0], [20.0])
    assert (got.sigma, got.upper) == (pytest.approx(2), pytest.approx(2))
    far = mean_uncertainty([1, 1], [2.0, 2.0], [0, 0], [0, 180])
    assert far.sigma == pytest.approx(np.sqrt(2), rel=1e-12)
    assert far.upper == pytest.approx(2)
    together = mean_uncertainty([1, 1], [2.0, 2.0], [0, 0], [180, -180])
    assert together.sigma == pytest.approx(2, rel=1e-9)


def test_two_cells_one_length_apart():
    degrees = np.degrees(300 / 6371.0)
    got = mean_uncertainty([1, 1], [1.0, 1.0], [0, degrees], [5, 5])
    assert got.sigma == pytest.approx(np.sqrt(0.5 * (1 + np.exp(-0.5))), rel=1e-9)


@pytest.mark.parametrize("length", [50, 300, 2000])
def test_equals_the_double_sum(length):
    weights, sigma, lat, lon = field(40)
    got = mean_uncertainty(weights, sigma, lat, lon, length)
    assert got.sigma == pytest.approx(plain(weights, sigma, lat, lon, length), rel=1e-9)
    assert got.upper == pytest.approx(np.average(sigma, weights=weights), rel=1e-12)
    assert got.sigma <= got.upper


def test_chunks_months_and_missing(monkeypatch):
    weights, sigma, lat, lon = field(30, 1)
    months = np.stack([sigma, 2 * sigma, sigma, np.full(30, np.nan)])
    months[2, :10] = np.nan
    weights[5] = 0
    got = mean_uncertainty(weights, months, lat, lon)
    monkeypatch.setattr(uncertainty, "CHUNK_PAIRS", 100)
    chunked = mean_uncertainty(weights, months, lat, lon)
    np.testing.assert_allclose(chunked.sigma, got.sigma, rtol=1e-12)
    keep = np.arange(30) >= 10
    expected = [
        plain(weights, sigma, lat, lon, 300),
        2 * plain(weights, sigma, lat, lon, 300),
        plain(weights[keep], sigma[keep], lat[keep], lon[keep], 300),
        np.nan,
    ]
    np.testing.assert_allclose(got.sigma, expected, rtol=1e-9)
    assert np.isnan(got.upper[3])


def test_no_cells_and_no_weight_are_nan():
    for weights in ([], [0.0, 0.0]):
        n = len(weights)
        got = mean_uncertainty(weights, np.ones(n), np.zeros(n), np.zeros(n))
        assert np.isnan(got.sigma)
        assert np.isnan(got.upper)


def test_merging_of_many_cells_changes_little(monkeypatch):
    lat, lon = (a.ravel() for a in np.mgrid[60:68:40j, 170:190:40j])
    lon = (lon + 180) % 360 - 180
    weights = np.cos(np.radians(lat))
    sigma = np.random.default_rng(3).uniform(1, 3, lat.size)
    exact = mean_uncertainty(weights, sigma, lat, lon)
    monkeypatch.setattr(uncertainty, "MERGE_ABOVE", 100)
    merged = mean_uncertainty(weights, sigma, lat, lon)
    assert merged.sigma != exact.sigma
    assert merged.sigma == pytest.approx(exact.sigma, rel=2e-3)
    assert merged.upper == pytest.approx(exact.upper, rel=1e-12)


def test_refusals():
    with pytest.raises(ParameterError):
        mean_uncertainty([1.0], [1.0], [0.0], [0.0], 0)
    with pytest.raises(DataError):
        mean_uncertainty([1.0, 2], [1.0], [0.0, 0], [0.0, 0])
    with pytest.raises(DataError):
        mean_uncertainty([-1.0], [1.0], [0.0], [0.0])
    with pytest.raises(DataError):
        mean_uncertainty([1.0], [-1.0], [0.0], [0.0])


def test_a_mascon_is_one_error_and_mascons_are_independent():
    # Three cells of one mascon (weight 3 of 4, sigma 2), one of another (sigma 4).
    got = mean_uncertainty([1, 1, 1, 1], [2.0, 2, 2, 4], [0] * 4, [0] * 4, mascon=[7, 7, 7, 3])
    assert got.sigma == pytest.approx(np.hypot(1.5, 1.0))
    assert got.upper == pytest.approx(2.5)
    # Cutting a mascon into more cells changes nothing: it is not averaged away.
    fine = mean_uncertainty(
        np.full(30, 0.1), np.full(30, 2.0), np.zeros(30), np.arange(30.0), mascon=np.ones(30, int)
    )
    assert fine.sigma == pytest.approx(2)


def test_mascons_equal_the_plain_sum():
    rng = np.random.default_rng(5)
    weights, sigma, lat, lon = field(60, 5)
    mascon = rng.integers(0, 9, 60)
    months = sigma * rng.uniform(0.5, 2, (4, 1))
    months[1, mascon == 4] = np.nan
    months[2] = np.nan
    weights[3] = 0
    got = mean_uncertainty(weights, months, lat, lon, mascon=mascon)
    expected = []
    for row in months:
        known = ~np.isnan(row)
        share = weights * known / max((weights * known).sum(), 1e-300)
        square = 0.0
        for m in set(mascon.tolist()):
            square += np.nansum(np.where(mascon == m, share * row, 0.0)) ** 2
        expected.append(np.sqrt(square) if known.any() else np.nan)
    np.testing.assert_allclose(got.sigma, expected, rtol=1e-12)


@pytest.mark.parametrize("mascon", [None, np.arange(4)])
def test_filled_cells_share_one_error(mascon):
    # Cells far apart: observed ones are independent, filled ones are not.
    weights, sigma = [1, 1, 1, 1], np.array([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]])
    lat, lon = [0, 0, 0, 0], [0, 90, 180, -90]
    filled = np.array([[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]], bool)
    got = mean_uncertainty(weights, sigma, lat, lon, mascon=mascon, filled=filled)
    expected = [np.sqrt(30) / 4, 10 / 4, np.sqrt(1 + 4 + 49) / 4]
    np.testing.assert_allclose(got.sigma, expected, rtol=1e-9)
    np.testing.assert_allclose(got.upper, 2.5)


def test_months_of_a_gap_are_one_error():
    nan = np.nan
    sigma = np.array([[1.0, 1, nan], [2, 2, nan], [3, 3, nan], [4, nan, nan], [5, 5, nan]])
    filled = np.array([[0, 0, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]], bool)
    got = gap_mean_uncertainty(sigma, filled)
    # Gaps: months 2-3 together, month 5 alone; an unknown month does not count.
    expected = [np.sqrt(1 + 25 + 16 + 25) / 5, np.sqrt(1 + 25 + 25) / 4, nan]
    np.testing.assert_allclose(got, expected)
    np.testing.assert_allclose(gap_mean_uncertainty(sigma[:, :1], None), np.sqrt(55) / 5)
    # A covariance matrix says the same.
    one = sigma[:, 0]
    label = [0, 1, 1, 2, 3]
    same = np.equal.outer(label, label)
    plain = np.sqrt((np.outer(one, one) * same).sum()) / 5
    assert got[0] == pytest.approx(plain)
