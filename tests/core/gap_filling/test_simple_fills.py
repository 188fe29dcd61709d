"""Linear and climatological filling."""

import numpy as np
import pytest
from grace_water_toolbox.core.errors import DataError, ParameterError
from grace_water_toolbox.core.gap_filling.climatology import fill_climatology
from grace_water_toolbox.core.gap_filling.gaps import inside_record
from grace_water_toolbox.core.gap_filling.linear import fill_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

NAN = np.nan

holed = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.integers(1, 6)),
    elements=st.one_of(st.just(NAN), st.floats(-100, 100)),
)


def column(*values):
    return np.array(values, dtype=float)[:, None]


# ---- linear ------------------------------------------------------------------------


def test_linear_in_the_head():
    filled, flags = fill_linear(column(NAN, 1, NAN, NAN, 4, NAN))
    np.testing.assert_array_equal(filled[:, 0], [NAN, 1, 2, 3, 4, NAN])
    assert flags[:, 0].tolist() == [255, 0, 1, 1, 0, 255]


def test_linear_holds_the_ends_when_asked():
    filled, flags = fill_linear(column(NAN, 1, NAN, 3, NAN, NAN), extrapolate=True)
    assert filled[:, 0].tolist() == [1, 1, 2, 3, 3, 3]
    assert flags[:, 0].tolist() == [1, 0, 1, 0, 1, 1]


def test_linear_leaves_long_gaps():
    x = column(0, NAN, 2, NAN, NAN, 5, NAN, NAN, NAN, 9, NAN)
    filled, flags = fill_linear(x, max_gap=2)
    np.testing.assert_array_equal(filled[:, 0], [0, 1, 2, 3, 4, 5, NAN, NAN, NAN, 9, NAN])
    assert flags[:, 0].tolist() == [0, 1, 0, 1, 1, 0, 255, 255, 255, 0, 255]
    filled, _ = fill_linear(column(NAN, NAN, 1, NAN), max_gap=1, extrapolate=True)
    np.testing.assert_array_equal(filled[:, 0], [NAN, NAN, 1, 1])


def test_linear_single_observation_and_none():
    x = np.array([[NAN, NAN], [3.0, NAN], [NAN, NAN]])
    assert np.isnan(fill_linear(x)[0]).sum() == 5
    filled, flags = fill_linear(x, extrapolate=True)
    assert filled[:, 0].tolist() == [3, 3, 3]
    assert np.isnan(filled[:, 1]).all() and (flags[:, 1] == 255).all()


@settings(max_examples=60, deadline=None)
@given(x=holed)
def test_linear_equals_numpy_interp(x):
    filled, flags = fill_linear(x)
    held, _ = fill_linear(x, extrapolate=True)
    month = np.arange(len(x))
    for pixel in range(x.shape[1]):
        seen = ~np.isnan(x[:, pixel])
        if not seen.any():
            assert np.isnan(held[:, pixel]).all()
            continue
        at = np.flatnonzero(seen)
        want = np.interp(month, at, x[seen, pixel])
        np.testing.assert_allclose(held[:, pixel], want, atol=1e-10)
        want[: at[0]] = want[at[-1] + 1 :] = NAN
        np.testing.assert_allclose(filled[:, pixel], want, atol=1e-10)
    seen = ~np.isnan(x)
    assert filled[seen].tobytes() == x[seen].tobytes()
    assert ((flags == 0) == seen).all()
    assert ((flags == 255) == np.isnan(filled)).all()


def test_linear_refuses_nonsense():
    with pytest.raises(ParameterError):
        fill_linear(np.zeros((5, 1)), max_gap=0)
    with pytest.raises(DataError):
        fill_linear(np.zeros(5))
    with pytest.raises(DataError):
        fill_linear(np.full((5, 1), np.inf))


# ---- climatology -------------------------------------------------------------------


def test_climatology_recovers_its_own_model_exactly():
    t = np.arange(60)
    truth = 2 - 0.1 * t + 3 * np.cos(2 * np.pi * t / 12) + np.sin(2 * np.pi * t / 6 + 1)
    x = truth[:, None].copy()
    x[[0, 7, 20, 21, 59]] = NAN
    filled, flags = fill_climatology(x)
    np.testing.assert_allclose(filled[1:59, 0], truth[1:59], atol=1e-10)
    assert np.isnan(filled[[0, 59], 0]).all()
    assert flags[[0, 7, 59, 30], 0].tolist() == [255, 1, 255, 0]
    filled, _ = fill_climatology(x, extrapolate=True)
    np.testing.assert_allclose(filled[:, 0], truth, atol=1e-10)


def test_climatology_equals_a_least_squares_fit_of_each_pixel():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(84, 4))
    x[rng.random(x.shape) < 0.2] = NAN
    filled, flags = fill_climatology(x, extrapolate=True)
    t = np.arange(84.0)
    wave = [f(2 * np.pi * t / p) for p in (12, 6) for f in (np.sin, np.cos)]
    design = np.column_stack([np.ones(84), t, *wave])
    for pixel in range(4):
        seen = ~np.isnan(x[:, pixel])
        beta = np.linalg.pinv(design[seen]) @ x[seen, pixel]
        np.testing.assert_allclose(filled[~seen, pixel], (design @ beta)[~seen], atol=1e-10)
        assert filled[seen, pixel].tobytes() == x[seen, pixel].tobytes()
    assert ((flags == 1) == np.isnan(x)).all()


def test_climatology_leaves_what_it_cannot_fit():
    x = np.full((60, 2), NAN)
    x[[0, 5, 9], 1] = 1.0
    filled, flags = fill_climatology(x)
    assert np.isnan(filled).sum() == 117
    assert set(np.unique(flags)) == {0, 255}


# ---- shared ------------------------------------------------------------------------


def test_inside_record():
    x = np.array([[NAN, NAN, 1.0], [1, NAN, NAN], [NAN, NAN, NAN], [1, NAN, NAN]])
    assert inside_record(x).T.tolist() == [
        [False, True, True, True],
        [False, False, False, False],
        [True, False, False, False],
    ]
