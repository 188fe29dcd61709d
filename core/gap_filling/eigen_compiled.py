"""Leading eigenvectors of eight symmetric matrices side by side, compiled where numba is.

Arrays are (rows, 8) float64, see ``core/lanes.py``. A matrix is its lower triangle, row
after row: entry (i, j) is row i (i + 1) / 2 + j. Only what a projection on the k leading
eigenvectors needs is computed:

1. Householder reduction to a tridiagonal T, 4/3 M³ operations (Golub and Van Loan, 8.3.1);
2. brackets of the k largest eigenvalues by Sturm counts, halved on a logarithmic scale;
3. their eigenvectors by twisted factorisation of T − θ, θ improved by its own Rayleigh
   correction until it stands (Dhillon and Parlett 2004, Linear Algebra Appl. 387);
4. orthogonalisation, and the reflections applied to those k vectors alone.

A Sturm count at the end proves that these are the k largest; lanes for which it does not
(eigenvalues that coincide) are reported and left to LAPACK.
"""

import numpy as np

from ..accelerate import njit
from ..lanes import choose, load, root, size, some, spread, store
from . import householder_compiled as householder

_ROWS = "float64[:,::1]"
#: Halvings of the logarithmic bracket: the first try, and when it did not tell all apart.
_HALVINGS = (22, 46)
_REFINEMENTS = 9
_EPS = 2.220446049250313e-16


@njit(f"void({_ROWS},{_ROWS},int64,int64,int64,{_ROWS},{_ROWS})")
def bracket(d, squares, m, first, halvings, low, high):
    """Narrow the brackets of eigenvalues number first + 1 … first + 4, from the largest."""
    zero, one = spread(0.0), spread(1.0)
    l0, l1, l2, l3 = (
        load(low, first),
        load(low, first + 1),
        load(low, first + 2),
        load(low, first + 3),
    )
    h0, h1, h2, h3 = (
        load(high, first),
        load(high, first + 1),
        load(high, first + 2),
        load(high, first + 3),
    )
    wanted = spread(first + 0.5)
    for _ in range(halvings):
        s0, s1, s2, s3 = root(l0 * h0), root(l1 * h1), root(l2 * h2), root(l3 * h3)
        here = load(d, 0)
        q0, q1, q2, q3 = here - s0, here - s1, here - s2, here - s3
        c0, c1 = choose(q0 > zero, one, zero), choose(q1 > zero, one, zero)
        c2, c3 = choose(q2 > zero, one, zero), choose(q3 > zero, one, zero)
        for i in range(1, m):
            here, square = load(d, i), load(squares, i)
            q0 = (here - s0) - square / q0
            q1 = (here - s1) - square / q1
            q2 = (here - s2) - square / q2
            q3 = (here - s3) - square / q3
            c0 += choose(q0 > zero, one, zero)
            c1 += choose(q1 > zero, one, zero)
            c2 += choose(q2 > zero, one, zero)
            c3 += choose(q3 > zero, one, zero)
        above = c0 > wanted
        l0, h0 = choose(above, s0, l0), choose(above, h0, s0)
        above = c1 > wanted + one
        l1, h1 = choose(above, s1, l1), choose(above, h1, s1)
        above = c2 > wanted + one + one
        l2, h2 = choose(above, s2, l2), choose(above, h2, s2)
        above = c3 > wanted + one + one + one
        l3, h3 = choose(above, s3, l3), choose(above, h3, s3)
    store(low, first, l0)
    store(low, first + 1, l1)
    store(low, first + 2, l2)
    store(low, first + 3, l3)
    store(high, first, h0)
    store(high, first + 1, h1)
    store(high, first + 2, h2)
    store(high, first + 3, h3)


@njit(f"void({_ROWS},{_ROWS},{_ROWS},int64,int64,{_ROWS},{_ROWS},{_ROWS},{_ROWS},{_ROWS})")
def twisted(d, e, squares, m, j, kept, theta, z, up, down):
    """Refine theta[j] and give its eigenvector of T, of length one, in z[j m …].

    Zero in lanes that keep j or fewer vectors.
    """
    zero, one = spread(0.0), spread(1.0)
    tiny = load(squares, 0)  # far below rounding: keeps pivots from zero
    tolerance = load(up, m)
    base = j * m
    active = load(kept, 0) > spread(j + 0.5)
    shift = load(theta, j)
    norm = one
    for _ in range(_REFINEMENTS):
        f, g = load(d, 0) - shift, load(d, m - 1) - shift
        f = one / choose(size(f) < tiny, tiny, f)
        g = one / choose(size(g) < tiny, tiny, g)
        store(down, 0, f)
        store(up, m - 1, g)
        for i in range(1, m):
            t = m - 1 - i
            f = (load(d, i) - shift) - load(squares, i) * f
            g = (load(d, t) - shift) - load(squares, t + 1) * g
            f = one / choose(size(f) < tiny, tiny, f)
            g = one / choose(size(g) < tiny, tiny, g)
            store(down, i, f)
            store(up, t, g)
        # gamma_i: what is left of T − θ when row i is eliminated from both ends.
        least = (load(d, 0) - shift) - load(squares, 1) * load(up, 1)
        where = zero
        for i in range(1, m):
            gamma = (load(d, i) - shift) - load(squares, i) * load(down, i - 1)
            if i < m - 1:
                gamma -= load(squares, i + 1) * load(up, i + 1)
            better = size(gamma) < size(least)
            least = choose(better, gamma, least)
            where = choose(better, spread(float(i)), where)
        f, g = zero, zero
        for i in range(m):
            store(z, base + i, zero)
        norm = one
        for i in range(m):
            t = m - 1 - i
            if i:
                f = zero - load(e, i) * load(up, i) * f
                g = zero - load(e, t + 1) * load(down, t) * g
            f = choose(size(spread(float(i)) - where) < spread(0.5), one, f)
            g = choose(size(spread(float(t)) - where) < spread(0.5), one, g)
            after = spread(float(i)) > where
            before = spread(float(t)) < where
            store(z, base + i, load(z, base + i) + choose(after, f, zero))
            store(z, base + t, load(z, base + t) + choose(before, g, zero))
            norm += choose(after, f * f, zero) + choose(before, g * g, zero)
        for i in range(m):
            at = size(spread(float(i)) - where) < spread(0.5)
            store(z, base + i, choose(at, one, load(z, base + i)))
        change = least / norm
        shift += change
        if not some(active & (size(change) > tolerance)):
            break
    store(theta, j, shift)
    scale = choose(active, one / root(norm), zero)
    for i in range(m):
        store(z, base + i, choose(active, load(z, base + i) * scale, zero))


@njit(f"void({_ROWS},{_ROWS},int64,int64,{_ROWS},{_ROWS},{_ROWS})")
def verify(d, squares, m, most, kept, theta, bad):
    """Mark lanes whose thetas are not the ``kept`` largest eigenvalues, each once."""
    zero, one = spread(0.0), spread(1.0)
    apart = load(bad, 1)
    lowest = load(theta, 0)
    wrong = zero
    for j in range(1, most):
        active = load(kept, 0) > spread(j + 0.5)
        below = load(theta, j) < lowest - apart
        wrong = choose(active & ~below, one, wrong)
        lowest = choose(active, load(theta, j), lowest)
    shift = lowest - apart
    q = load(d, 0) - shift
    count = choose(q > zero, one, zero)
    for i in range(1, m):
        q = (load(d, i) - shift) - load(squares, i) / q
        count += choose(q > zero, one, zero)
    right = size(count - load(kept, 0)) < spread(0.5)
    store(bad, 0, choose(right | (load(kept, 0) < one), wrong, one))


@njit(f"void(int64,int64,{_ROWS},{_ROWS},{_ROWS})")
def orthogonalise(m, most, kept, z, bad):
    """Gram–Schmidt, modified, on vectors that are nearly orthogonal already."""
    zero, one = spread(0.0), spread(1.0)
    for j in range(1, most):
        base = j * m
        for other in range(0, j * m, m):
            dot = zero
            for i in range(m):
                dot += load(z, base + i) * load(z, other + i)
            for i in range(m):
                store(z, base + i, load(z, base + i) - dot * load(z, other + i))
        norm = zero
        for i in range(m):
            norm += load(z, base + i) * load(z, base + i)
        active = load(kept, 0) > spread(j + 0.5)
        good = norm > spread(0.5)
        store(bad, 0, choose(active & ~good, one, load(bad, 0)))
        scale = choose(good, one / root(norm), zero)
        for i in range(m):
            store(z, base + i, load(z, base + i) * scale)


@njit(f"void({_ROWS},int64,int64,{_ROWS},{_ROWS},{_ROWS},{_ROWS})")
def leading_vectors(a, m, most, kept, z, work, bad):
    """Eigenvectors of the kept[0] largest eigenvalues of each lane's matrix.

    a : (m + 1 packed rows), overwritten
    most : the largest of kept, at least 1
    z : (most * m rows) the vectors, one after the other; zero beyond a lane's kept
    work : (7 m + 3 * (most + 4) + 8 rows)
    bad : (2 rows); row 0 comes back 1 in lanes that need another method
    """
    d, e, beta = work[:m], work[m : 2 * m], work[2 * m : 3 * m]
    q, p = work[3 * m : 4 * m], work[4 * m : 5 * m]
    up, squares = work[5 * m : 6 * m + 1], work[6 * m + 1 : 7 * m + 1]
    rest = work[7 * m + 1 :]
    wide = most + 4
    low, high, theta = rest[:wide], rest[wide : 2 * wide], rest[2 * wide : 3 * wide]
    householder.tridiagonal(a, m, d, e, beta, q, p)
    zero = spread(0.0)
    store(e, 0, zero)
    top = zero
    for i in range(m):
        reach = load(d, i) + size(load(e, i))
        if i < m - 1:
            reach += size(load(e, i + 1))
        top = choose(reach > top, reach, top)
    floor = top * spread(1e-40) + spread(1e-290)
    for i in range(1, m):
        store(squares, i, load(e, i) * load(e, i) + floor * floor)
    store(squares, 0, floor)
    store(up, m, top * spread(8 * _EPS))
    store(bad, 1, top * spread(1e-13))
    for attempt in range(2):
        for j in range(wide):
            store(high, j, top * spread(1.0 + 1e-10))
            store(low, j, top * spread(1e-14))
        for first in range(0, most, 4):
            bracket(d, squares, m, first, _HALVINGS[attempt], low, high)
        for j in range(most):
            store(theta, j, root(load(low, j) * load(high, j)))
            twisted(d, e, squares, m, j, kept, theta, z, up, q)
        verify(d, squares, m, most, kept, theta, bad)
        if not some(load(bad, 0) > zero):
            break
    orthogonalise(m, most, kept, z, bad)
    householder.reflect_back(a, m, beta, most, z)


def workspace_rows(m, most):
    """Rows of ``work`` that ``leading_vectors`` needs."""
    return 7 * m + 3 * (most + 4) + np.int64(8)
