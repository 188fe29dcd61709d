"""Sums over nesting cells against the sparse product they replace."""

import numpy as np
import pytest
from grace_water_toolbox.core.data import blockmean
from grace_water_toolbox.core.data.aligning import align_values
from grace_water_toolbox.core.data.blockmean import nesting
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.separable import axis_weights


@pytest.mark.parametrize("holes", ["none", "some", "coast", "all"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("strip", [1, 1300, 200_000])
def test_it_equals_the_sparse_product(monkeypatch, holes, dtype, strip):
    rng = np.random.default_rng(4)
    fine, coarse = Grid(10.0, 40.0, 0.1, 0.1, 60, 40), Grid(10.0, 40.0, 0.5, 1.0, 12, 4)
    values = rng.normal(size=(3, 40, 60)).astype(dtype)
    if holes == "some":
        values[rng.random(values.shape) < 0.02] = np.nan
    elif holes == "coast":
        values[:, 17:, :33] = np.nan
        values[1, 3, 3] = np.inf
    elif holes == "all":
        values[:] = np.nan
    y, x = axis_weights("mean", fine, coarse)
    given = (values, y.matrix, x.matrix, np.outer(y.whole, x.whole))
    monkeypatch.setattr(blockmean, "LEAST", 10**9)
    expected = align_values(*given)
    monkeypatch.setattr(blockmean, "LEAST", 1)
    monkeypatch.setattr(blockmean, "STRIP", strip)
    assert nesting(y.matrix, x.matrix) is not None
    got = align_values(*given)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


def test_cells_that_do_not_nest_are_left_to_the_sparse_product():
    fine = Grid(10.0, 40.0, 0.1, 0.1, 60, 40)
    for coarse in (Grid(10.05, 40.0, 0.5, 0.5, 11, 8), Grid(10.0, 40.0, 0.25, 0.5, 24, 8)):
        y, x = axis_weights("mean", fine, coarse)
        assert nesting(y.matrix, x.matrix) is None


def test_columns_of_unlike_weights():
    """Blocks whose columns weigh differently from target to target, by hand."""
    rng = np.random.default_rng(1)
    rows, columns = rng.uniform(0.5, 2, (3, 2)), rng.uniform(0.5, 2, (4, 5))
    field = rng.normal(size=(6, 20))
    field[1, 7] = np.nan
    total, weight = blockmean.Blocks(rows, columns).sums(field)
    for y in range(3):
        for x in range(4):
            block = field[2 * y : 2 * y + 2, 5 * x : 5 * x + 5]
            w = np.outer(rows[y], columns[x])
            known = ~np.isnan(block)
            assert total[y, x] == pytest.approx((w * block)[known].sum(), rel=1e-13)
            assert weight[y, x] == pytest.approx(w[known].sum(), rel=1e-13)
