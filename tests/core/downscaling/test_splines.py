import numpy as np
import pytest
from grace_water_toolbox.core.downscaling.splines import SplineAxis, spline_field
from scipy.interpolate import CubicSpline


@pytest.mark.parametrize("cells", [3, 4, 5, 9, 40])
def test_inside_it_is_the_natural_spline(cells, rng):
    values, x = rng.normal(size=cells), np.linspace(0, cells - 1, 101)
    axis = SplineAxis(cells, x)
    expected = CubicSpline(np.arange(cells), values, bc_type="natural")(x)
    np.testing.assert_allclose(axis.matrix @ axis.coefficients(values, 0), expected, atol=1e-12)


def test_beyond_the_ends_it_is_straight(rng):
    values, x = rng.normal(size=6), np.array([-0.5, -0.25, 0.0, 5.0, 5.25, 5.5])
    axis = SplineAxis(6, x)
    spline = CubicSpline(np.arange(6), values, bc_type="natural")
    left, right = spline(0, 1), spline(5, 1)
    expected = [values[0] - left / 2, values[0] - left / 4, values[0]]
    expected += [values[5], values[5] + right / 4, values[5] + right / 2]
    np.testing.assert_allclose(axis.matrix @ axis.coefficients(values, 0), expected, atol=1e-12)


def test_one_cell_is_a_constant_and_two_are_a_line():
    one, two = SplineAxis(1, [-0.5, 0, 0.4]), SplineAxis(2, [-0.5, 0, 0.5, 1.5])
    np.testing.assert_allclose(one.matrix @ one.coefficients(np.array([3.0]), 0), 3)
    got = two.matrix @ two.coefficients(np.array([1.0, 3.0]), 0)
    np.testing.assert_allclose(got, [0, 1, 2, 4])


@pytest.mark.parametrize("cells", [4, 8, 31])
def test_around_the_globe_it_is_periodic(cells, rng):
    values, x = rng.normal(size=cells), np.linspace(-0.5, cells - 0.5, 77)
    axis = SplineAxis(cells, x, around=True)
    closed = CubicSpline(np.arange(cells + 1), np.append(values, values[0]), bc_type="periodic")
    got = axis.matrix @ axis.coefficients(values, 0)
    np.testing.assert_allclose(got, closed(x % cells), atol=1e-12)


def test_means_are_met_exactly(rng):
    from scipy.sparse import csr_matrix

    fine = (np.arange(60) + 0.5) / 10 - 0.5
    weights = rng.uniform(1, 2, 60)
    means = csr_matrix((weights, (np.arange(60) // 10, np.arange(60))), shape=(6, 60))
    values = rng.normal(size=(6, 3))
    axis = SplineAxis(6, fine, means)
    got = axis.matrix @ axis.coefficients(values, 0)
    average = (means @ got) / weights.reshape(6, 10).sum(axis=1)[:, None]
    np.testing.assert_allclose(average, values, atol=1e-12)


def test_a_field_is_the_product_of_both_axes(rng):
    y, x = SplineAxis(5, np.linspace(0, 4, 9)), SplineAxis(7, np.linspace(0, 6, 13))
    values = rng.normal(size=(5, 7))
    coefficients = x.coefficients(y.coefficients(values, 0), 1)
    got = spline_field(y.matrix, x.matrix, coefficients)
    rows = CubicSpline(np.arange(5), values, axis=0, bc_type="natural")(np.linspace(0, 4, 9))
    expected = CubicSpline(np.arange(7), rows, axis=1, bc_type="natural")(np.linspace(0, 6, 13))
    np.testing.assert_allclose(got, expected, atol=1e-12)
