"""The search for repeated series."""

import numpy as np
from grace_water_toolbox.core.data.unique import unique_series
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

NAN = np.nan

holed = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.integers(1, 6)),
    elements=st.one_of(st.just(NAN), st.floats(-100, 100)),
)


@settings(max_examples=60, deadline=None)
@given(x=holed, seed=st.integers(0, 1000), narrow=st.booleans())
def test_unique_series_restores_every_bit(x, seed, narrow):
    x = x.astype(np.float32) if narrow else x
    x = x[:, np.random.default_rng(seed).integers(0, x.shape[1], 12)]
    first, inverse = unique_series([x])
    assert x[:, first][:, inverse].tobytes() == x.tobytes()
    distinct = {column.tobytes() for column in x.T}
    assert len(first) == len(distinct)
    assert (np.diff(first) > 0).all()


def test_unique_series_tells_the_order_and_the_sign_of_zero_apart():
    x = np.array([[1.0, 2.0, 1.0, 0.0, -0.0], [2.0, 1.0, 2.0, 0.0, 0.0]])
    first, inverse = unique_series([x])
    assert first.tolist() == [0, 1, 3, 4]
    assert inverse.tolist() == [0, 1, 0, 2, 3]


def test_unique_series_survives_colliding_hashes(monkeypatch):
    from grace_water_toolbox.core.data import unique

    monkeypatch.setattr(unique, "_hash_columns", lambda bits: np.zeros(bits[0].shape[1], np.uint64))
    x = np.arange(6.0).reshape(2, 3)
    first, inverse = unique_series([x])
    assert (x[:, first][:, inverse] == x).all()


def test_unique_series_of_two_arrays_needs_both_to_repeat():
    x = np.array([[1.0, 1.0, 1.0]])
    flags = np.array([[0, 1, 0]], dtype=np.uint8)
    first, inverse = unique_series([x, flags])
    assert first.tolist() == [0, 1]
    assert inverse.tolist() == [0, 1, 0]
