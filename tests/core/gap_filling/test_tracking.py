"""The tracked projectors against LAPACK's, however the matrices move."""

import numpy as np
import pytest
from grace_water_toolbox.core.gap_filling.tracking import Tracker


def expected(gram, kept):
    out = np.empty_like(gram)
    for lane, k in enumerate(kept):
        v = np.linalg.eigh(gram[lane])[1][:, ::-1][:, :k]
        out[lane] = v @ v.T
    return out


def rotation(rng, lanes, m, angle):
    """Orthogonal matrices near the identity."""
    skew = np.triu(rng.normal(size=(lanes, m, m)), 1)
    skew = angle * (skew - skew.transpose(0, 2, 1))
    eye = np.eye(m)
    return np.linalg.solve(eye + skew, eye - skew)


def walk(rng, values, angle, steps):
    """Matrices with the eigenvalues (step, lane, m) in a basis that drifts."""
    _, lanes, m = values.shape
    q = np.linalg.qr(rng.normal(size=(lanes, m, m)))[0]
    for step in range(steps):
        yield (q * values[step][:, None, :]) @ q.transpose(0, 2, 1)
        q = q @ rotation(rng, lanes, m, angle)


def upper(gram):
    return np.triu(gram)


@pytest.mark.parametrize("m", [2, 5, 24, 48])
def test_follows_a_drifting_basis(m):
    rng = np.random.default_rng(m)
    lanes, steps = 40, 8
    values = np.tile(0.8 ** np.arange(m), (steps, lanes, 1))
    kept = rng.integers(1, min(m, 12) + 1, lanes)
    tracker = Tracker(lanes, m)
    for gram in walk(rng, values, 0.002, steps):
        np.testing.assert_allclose(
            tracker.projector(upper(gram), kept), expected(gram, kept), atol=1e-11
        )
        kept = np.minimum(kept + (rng.random(lanes) < 0.3), min(m, 12))
    assert tracker.asked == lanes * steps
    assert lanes <= tracker.solved < 0.5 * tracker.asked


@pytest.mark.parametrize("closeness", [1e-2, 1e-4, 1e-6])
def test_eigenvalues_that_change_places(closeness):
    """Values k and k + 1 come close, and swap without the vectors moving."""
    rng = np.random.default_rng(3)
    lanes, m, steps, k = 16, 10, 6, 4
    values = np.tile(0.5 ** np.arange(m), (steps, lanes, 1))
    for step in range(steps):
        high, low = values[step, :, k - 1].copy(), values[step, :, k - 1] * (1 - closeness)
        turned = rng.random(lanes) < 0.5
        values[step, :, k - 1] = np.where(turned, low, high)
        values[step, :, k] = np.where(turned, high, low)
    for angle in (0.0, 1e-3):
        tracker = Tracker(lanes, m)
        for gram in walk(rng, values, angle, steps):
            got = tracker.projector(upper(gram), np.full(lanes, k))
            np.testing.assert_allclose(got, expected(gram, np.full(lanes, k)), atol=1e-9)


def test_matrices_that_have_nothing_in_common():
    rng = np.random.default_rng(4)
    tracker = Tracker(6, 8)
    kept = np.array([1, 2, 3, 4, 5, 8])
    for _ in range(4):
        y = rng.normal(size=(6, 8, 30))
        gram = y @ y.transpose(0, 2, 1)
        got = tracker.projector(upper(gram), kept)
        np.testing.assert_allclose(got, expected(gram, kept), atol=1e-11)


def test_zero_and_one_rank_matrices_get_some_projector():
    tracker = Tracker(2, 5)
    gram = np.zeros((2, 5, 5))
    gram[1] = 1.0
    for _ in range(2):
        got = tracker.projector(upper(gram), np.array([2, 1]))
        np.testing.assert_allclose(got @ got, got, atol=1e-12)
        np.testing.assert_allclose(np.trace(got, axis1=1, axis2=2), [2, 1])
    np.testing.assert_allclose(got[1], 0.2, atol=1e-12)


def test_lanes_that_leave_take_their_basis_along():
    rng = np.random.default_rng(5)
    values = np.tile(0.5 ** np.arange(6), (2, 9, 1))
    tracker, kept = Tracker(9, 6), np.full(9, 3)
    first, second = walk(rng, values, 1e-3, 2)
    tracker.projector(upper(first), kept)
    chosen = np.arange(9) % 2 == 0
    tracker.keep(chosen)
    got = tracker.projector(upper(second)[chosen], kept[chosen])
    np.testing.assert_allclose(got, expected(second, kept)[chosen], atol=1e-11)
    assert tracker.solved == 9


@pytest.mark.parametrize("lift", [1.001, 1.05, 1.5])
def test_a_subspace_that_nothing_couples_to_the_leading_one(lift):
    """What was followed stays invariant to the bit, but another vector now leads."""
    m, k = 12, 3
    first = np.diag(2.0 ** -np.arange(m))
    moved = first.copy()
    # The diagonals of the followed vectors stay the largest, but their values are 1.3, 0.9, 0.3.
    moved[:k, :k] = [[0.8, 0.5, 0.0], [0.5, 0.8, 0.0], [0.0, 0.0, 0.9]]
    outside = 0.3 * lift
    moved[k, k], moved[k + 1, k + 1] = outside - 0.02**2 / (outside - 0.2), 0.2
    moved[k, k + 1] = moved[k + 1, k] = 0.02
    kept = np.array([k])
    tracker = Tracker(1, m)
    tracker.projector(upper(first[None]), kept)
    got = tracker.projector(upper(moved[None]), kept)
    assert np.linalg.eigvalsh(moved[:k, :k])[0] < np.linalg.eigvalsh(moved[k:, k:])[-1]
    np.testing.assert_allclose(got, expected(moved[None], kept), atol=1e-9)
