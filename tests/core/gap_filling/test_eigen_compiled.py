"""The compiled eigensolver against LAPACK, and the plain Python it is compiled from."""

import importlib.util

import numpy as np
import pytest
from grace_water_toolbox.core import lanes
from grace_water_toolbox.core.gap_filling import eigen_compiled, householder_compiled, ssa_lanes

KINDS = ["random", "hankel", "graded", "pairs"]


def matrices(kind, m, seed=0):
    """Eight positive semi-definite matrices (8, m, m)."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(8, m, 3 * m))
    if kind == "hankel":
        t = np.arange(5 * m)
        x = 10 * np.sin(2 * np.pi * t / 12 + rng.uniform(0, 6, (8, 1))) + 0.05 * t
        x = x + rng.normal(size=x.shape)
        y = np.lib.stride_tricks.sliding_window_view(x, len(t) - m + 1, axis=1)
    if kind == "graded":
        y = y * 10.0 ** -np.linspace(0, 4, m)[:, None]
    gram = y @ y.transpose(0, 2, 1)
    if kind == "pairs":
        q = np.linalg.eigh(gram)[1]
        values = np.repeat(2.0 ** -np.arange((m + 1) // 2), 2)[:m]
        values[1::2] *= 1 - 1e-7
        gram = (q * values) @ q.transpose(0, 2, 1)
    return gram


def leading(module, gram, kept):
    """Projectors (8, m, m) and the lanes given up, from a compiled or plain module."""
    m, most = gram.shape[1], max(int(np.max(kept)), 1)
    row, column = np.tril_indices(m)
    a = lanes.empty((m + 1) * (m + 2) // 2)
    a[: len(row)] = gram[:, row, column].T
    number, z, bad = lanes.empty(1), lanes.empty(most * m), lanes.empty(2)
    number[0] = kept
    work = lanes.empty(module.workspace_rows(m, most))
    work[:] = np.nan
    z[:] = np.nan
    with np.errstate(all="ignore"):
        module.leading_vectors(a, m, most, number, z, work, bad)
    v = z.reshape(most, m, 8).transpose(2, 1, 0)
    return v @ v.transpose(0, 2, 1), bad[0] != 0


def expected(gram, kept):
    out = np.zeros_like(gram)
    for lane, k in enumerate(kept):
        v = np.linalg.eigh(gram[lane])[1][:, ::-1][:, : int(k)]
        out[lane] = v @ v.T
    return out


@pytest.fixture(scope="module", params=["compiled", "plain"])
def module(request):
    if request.param == "compiled":
        pytest.importorskip("numba")
        assert ssa_lanes.kernel() is not None
        return eigen_compiled
    plain = uncompiled(eigen_compiled)
    plain.householder = uncompiled(householder_compiled)
    assert not hasattr(plain.twisted, "py_func")
    assert not hasattr(plain.householder.tridiagonal, "py_func")
    return plain


def uncompiled(module):
    """A second copy of a module that nothing compiles."""
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_plain", module.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    return plain


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("m", [2, 3, 4, 5, 24])
def test_projectors_are_those_of_lapack(module, kind, m):
    gram = matrices(kind, m)
    kept = np.minimum([1, 2, 3, 4, 6, 8, 10, 12], m)
    if kind == "pairs":
        kept = np.minimum(kept + kept % 2, m)  # between two pairs, where k is well defined
    got, bad = leading(module, gram, kept)
    assert not bad.any()
    np.testing.assert_allclose(got, expected(gram, kept), atol=1e-11)


def test_lanes_that_want_nothing_get_nothing(module):
    gram = matrices("random", 6)
    kept = np.array([0, 3, 0, 1, 0, 0, 2, 0])
    got, bad = leading(module, gram, kept)
    assert not bad.any()
    np.testing.assert_allclose(got, expected(gram, kept), atol=1e-11)


def test_coinciding_eigenvalues_are_reported_and_only_they(module):
    gram = matrices("random", 6)
    gram[0] = 0
    gram[1] = np.eye(6)
    gram[2] = np.ones((6, 6))  # rank one
    gram[3] = np.diag([3.0, 2, 2, 1, 1, 1])
    got, bad = leading(module, gram, np.full(8, 2))
    assert bad.tolist() == [True, True, True, True, False, False, False, False]
    np.testing.assert_allclose(got[4:], expected(gram, np.full(8, 2))[4:], atol=1e-11)


def test_scale_does_not_matter(module):
    gram = matrices("hankel", 8)
    for factor in (1e-18, 1e12):
        got, bad = leading(module, factor * gram, np.full(8, 3))
        assert not bad.any()
        np.testing.assert_allclose(got, expected(gram, np.full(8, 3)), atol=1e-11)
