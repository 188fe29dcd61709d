"""Quantiles from parts, against numpy on the whole."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.quantiles import Quantiles


def filled(values, areas=None, parts=1):
    found = Quantiles()
    pieces = np.array_split(np.arange(values.size), parts)
    for piece in pieces:
        found.add(values[piece], None if areas is None else areas[piece])
    return found


def test_to_a_thousandth_of_the_value():
    values = np.exp(np.random.default_rng(0).normal(0, 2, 5001))
    found = filled(values)
    for share in (0.01, 0.5, 0.99):
        want = np.sort(values)[int(np.ceil(share * values.size)) - 1]
        assert found.at(share) == pytest.approx(want, rel=1e-3)
    assert found.count == 5001


def test_weights_and_missing_values():
    values, areas = np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, 1.0, 50.0, 8.0])
    found = filled(values, areas)
    assert found.count == 3
    assert found.at(0.5) == pytest.approx(2.0, rel=1e-3)
    assert found.at(0.5, weighted=True) == pytest.approx(4.0, rel=1e-3)
    assert found.at(0.1, weighted=True) == pytest.approx(1.0, rel=1e-3)


def test_parts_and_order_do_not_matter():
    values = np.random.default_rng(1).gamma(2.0, size=(30, 7))
    one, other = filled(values.ravel()), filled(values.T.ravel()[::-1], parts=9)
    assert [one.at(q) for q in (0.2, 0.5)] == [other.at(q) for q in (0.2, 0.5)]


def test_edges_and_nothing():
    assert np.isnan(Quantiles().at(0.5))
    found = filled(np.array([0.0, 0.0, 1e9]))
    assert found.at(0.5) == pytest.approx(1e-4, rel=1e-3)
    assert found.at(1.0) == pytest.approx(1e6, rel=2e-3)
