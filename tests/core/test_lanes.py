"""Registers as values: what numba compiles equals what Python does."""

import numpy as np
import pytest
from grace_water_toolbox.core import lanes
from grace_water_toolbox.core.lanes import choose, load, root, size, some, spread, store


def everything(array, number):
    """Each function and operator once; writes its answers into rows 2 … 13."""
    a, b = load(array, 0), load(array, 1)
    store(array, 2, a + b)
    store(array, 3, a - b)
    store(array, 4, a * b)
    store(array, 5, a / b)
    store(array, 6, -a)
    store(array, 7, root(size(a)))
    store(array, 8, choose(a < b, a, b))
    store(array, 9, choose((a > b) | ~(a <= spread(0.5)), a, spread(number)))
    store(array, 10, choose((a > b) & (b > spread(0)), b, spread(7)))
    c = a
    c += b
    c -= spread(1.0)
    store(array, 11, c)
    store(array, 12, a)  # the register a was not changed with c
    return some(a > spread(1e9)), some(a < spread(1e9))


def inputs():
    array = lanes.empty(13)
    array[:] = 0
    array[0] = [1, -2, 0.5, 3, -0.25, 1e-3, 8, -9]
    array[1] = [2, -3, 0.5, -1, 4, 1e-3, 0.125, 7]
    return array


def test_plain_python():
    array = inputs()
    assert everything(array, 2.5) == (False, True)
    a, b = array[0], array[1]
    want = [a + b, a - b, a * b, a / b, -a, np.sqrt(abs(a)), np.minimum(a, b)]
    want += [np.where((a > b) | (a > 0.5), a, 2.5), np.where((a > b) & (b > 0), b, 7)]
    np.testing.assert_array_equal(array[2:], [*want, a + b - 1, a])


def test_compiled_equals_python():
    numba = pytest.importorskip("numba")
    lanes.register()
    lanes.register()  # a second time changes nothing
    plain, compiled = inputs(), inputs()
    want = everything(plain, 2.5)
    assert numba.njit(everything)(compiled, 2.5) == want
    np.testing.assert_allclose(compiled, plain, rtol=1e-15)


def test_arrays_start_on_a_cache_line():
    for rows in (0, 1, 5, 100):
        array = lanes.empty(rows)
        assert array.shape == (rows, lanes.WIDTH)
        assert array.flags.c_contiguous and array.flags.writeable
        assert rows == 0 or array.ctypes.data % 64 == 0
