"""Many months at once give what one month after the other gives, to the bit."""

import numpy as np
import pytest
from grace_water_toolbox.core.basins import statistics
from grace_water_toolbox.core.basins.statistics import CoverageMatrix
from grace_water_toolbox.core.basins.weightedsums import weighted_sums
from grace_water_toolbox.core.errors import DataError
from scipy.sparse import random as random_sparse

BASINS, CELLS, MONTHS = 7, 60, 37


def month_by_month(weights, values, used):
    """Plain sums: cells in their order, one after the other."""
    weights = weights.toarray()
    wx, w, n = (np.zeros((len(values), len(weights))) for _ in range(3))
    for month, row in enumerate(values[:, used].astype(float)):
        for basin, own in enumerate(weights):
            for cell in np.flatnonzero(own):
                if not np.isnan(row[cell]):
                    wx[month, basin] += own[cell] * row[cell]
                    w[month, basin] += own[cell]
                    n[month, basin] += 1
    return wx, w, n


@pytest.mark.parametrize("columns", [CELLS, 80, 500], ids=["all", "most", "few"])
@pytest.mark.parametrize("holes", ["none", "months", "cells", "late", "scattered", "unused"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_month_by_month(columns, holes, dtype):
    rng = np.random.default_rng(4)
    weights = random_sparse(BASINS, CELLS, 0.4, "csr", random_state=1)
    weights.sort_indices()
    used = np.sort(rng.choice(columns, CELLS, replace=False))
    values = rng.normal(size=(MONTHS, columns)).astype(dtype)
    if holes == "months":
        values[[3, 20, 36]] = np.nan
    if holes == "cells":
        values[:, used[::3]] = np.nan
    if holes == "late":
        values[30, used[5]] = np.nan
    if holes == "scattered":
        values[rng.random(values.shape) < 0.4] = np.nan
    if holes == "unused":
        values[:, np.setdiff1d(np.arange(columns), used)] = np.nan
    before = values.copy()
    got = weighted_sums(weights, values, used)
    wx, w, n = month_by_month(weights, values, used)
    np.testing.assert_array_equal(got.wx, wx)
    np.testing.assert_allclose(got.w, w, rtol=1e-14)
    np.testing.assert_array_equal(got.cells, n)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("wrong", [np.inf, -np.inf])
def test_infinity_is_refused_and_no_missing_value(wrong):
    weights = random_sparse(2, 5, 1.0, "csr", random_state=1)
    values = np.ones((20, 5))
    values[18, 1], values[18, 2] = np.inf, wrong
    with pytest.raises(DataError, match="infinity"):
        weighted_sums(weights, values, np.arange(5))


def test_a_table_of_cells_numbers_them_as_sorting_does(monkeypatch):
    weights = random_sparse(4, 500, 0.05, "csr", random_state=2)
    found = []
    for table in (0, 10**6):
        monkeypatch.setattr(statistics, "TABLE", table)
        matrix = CoverageMatrix(weights, np.ones(4))
        found.append((matrix.touched, matrix._by_cell.toarray()))
    np.testing.assert_array_equal(found[0][0], np.unique(weights.indices))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
