"""What may not change the answers of ssa_fill."""

import numpy as np
import pytest
from grace_water_toolbox.core.gap_filling import ssa_lanes, ssa_numpy
from grace_water_toolbox.core.gap_filling.ssa import ssa_fill
from hypothesis import given, settings
from hypothesis import strategies as st

from .gappyseries import MONTHS, series

#: Once with compiled kernels and once without.
pytestmark = pytest.mark.usefixtures("engine")

# ---- every k from one run ----------------------------------------------------------


def test_path_holds_every_smaller_run():
    x = series(12, pixels=5)
    x[:, 1] = np.where(np.isnan(x[:, 1]), 0.0, x[:, 1])
    x[:, 2] = np.nan
    out = ssa_fill(x, 24, 8, keep_path=True)
    assert out.path.shape == (8, MONTHS, 5)
    assert out.path.dtype == np.float64
    assert np.isnan(out.path[:, :, 2]).all()
    for k in range(1, 9):
        alone = ssa_fill(x, 24, k)
        np.testing.assert_allclose(out.path[k - 1], alone.reconstruction, rtol=0, atol=1e-9)
        gappy = [0, 3, 4]
        assert (out.iterations[:k, gappy] == alone.iterations[:, gappy]).all()


def test_path_changes_nothing_else():
    x = series(13, pixels=5)
    x[:, 1] = np.where(np.isnan(x[:, 1]), 0.0, x[:, 1])
    out, bare = ssa_fill(x, 24, 8, keep_path=True), ssa_fill(x, 24, 8)
    assert bare.path is None
    assert (out.iterations == bare.iterations).all()
    np.testing.assert_allclose(out.filled, bare.filled, rtol=0, atol=1e-10)
    np.testing.assert_allclose(out.path[-1], out.reconstruction, rtol=0, atol=1e-10)


@pytest.mark.parametrize("rows", [[90, 3, 3], slice(10, 22), np.arange(MONTHS) % 7 == 0])
def test_path_at_chosen_rows(rows):
    x = series(14, pixels=3)
    part = ssa_fill(x, 24, 4, keep_path=True, path_rows=rows).path
    whole = ssa_fill(x, 24, 4, keep_path=True).path
    np.testing.assert_allclose(part, whole[:, np.arange(MONTHS)[rows]], rtol=0, atol=1e-12)


# ---- invariants --------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
def test_pixel_order_does_not_matter(seed, order):
    x = series(seed, n=60)
    straight, turned = ssa_fill(x, 12, 4), ssa_fill(x[:, order], 12, 4)
    np.testing.assert_allclose(turned.filled, straight.filled[:, order], rtol=0, atol=1e-11)
    assert (turned.iterations == straight.iterations[:, order]).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 5))
def test_batching_does_not_matter(seed, cut):
    x = series(seed, n=60)
    whole = ssa_fill(x, 12, 4)
    parts = [ssa_fill(x[:, :cut], 12, 4).filled, ssa_fill(x[:, cut:], 12, 4).filled]
    np.testing.assert_allclose(np.hstack(parts), whole.filled, rtol=0, atol=1e-11)


def test_blocks_of_lanes_do_not_matter(monkeypatch):
    x = series(10, pixels=40)
    whole = ssa_fill(x, 24, 6)
    monkeypatch.setattr(ssa_numpy, "IN_FLIGHT", 1)
    monkeypatch.setattr(ssa_lanes, "BATCH", 3)
    blocks = ssa_fill(x, 24, 6)
    np.testing.assert_allclose(blocks.filled, whole.filled, rtol=0, atol=1e-11)
    assert (blocks.iterations == whole.iterations).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([-3.0, 1e-9, 1e6]))
def test_scaling_the_series_scales_the_answer(seed, factor):
    x = series(seed, pixels=2, n=60)
    got = ssa_fill(factor * x, 12, 4).filled / factor
    np.testing.assert_allclose(got, ssa_fill(x, 12, 4).filled, rtol=0, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_time_reversal_reverses_the_answer(seed):
    x = series(seed, pixels=2, n=60)
    np.testing.assert_allclose(
        ssa_fill(x[::-1], 12, 4).filled[::-1], ssa_fill(x, 12, 4).filled, rtol=0, atol=1e-8
    )
