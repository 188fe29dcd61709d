"""Householder reduction of eight symmetric matrices side by side, compiled where numba is.

Arrays are (rows, 8) float64, see ``core/lanes.py``. A matrix is its lower triangle, row
after row: entry (i, j) is row i (i + 1) / 2 + j.
"""

from ..accelerate import njit
from ..lanes import choose, load, root, spread, store

_ROWS = "float64[:,::1]"


@njit(f"void({_ROWS},int64,{_ROWS},{_ROWS},{_ROWS},{_ROWS},{_ROWS})")
def tridiagonal(a, m, d, e, beta, q, p):
    """Reduce ``a`` to diagonal d and off-diagonal e (e[i] couples i − 1 and i).

    ``a`` has m + 1 packed rows; row i comes back holding the reflector of step i with its
    factor beta[i]. Each step's rank-two update is fused with the next step's product A u,
    so that the triangle passes through the cache once a step.
    """
    zero, one = spread(0.0), spread(1.0)
    extra = m * (m + 1) // 2
    for c in range(m):
        store(a, extra + c, zero)
        store(q, c, zero)
    for i in range(m - 1, 0, -1):
        row, old = i * (i + 1) // 2, (i + 1) * (i + 2) // 2
        u0, q0 = load(a, old + i), load(q, i)
        sigma = zero
        for c in range(i):
            v = load(a, row + c) - u0 * load(q, c) - q0 * load(a, old + c)
            store(a, row + c, v)
            sigma += v * v
        twice = u0 * q0
        store(d, i, load(a, row + i) - twice - twice)
        if i == 1:
            store(e, 1, load(a, row))
            twice = load(a, old) * load(q, 0)
            store(d, 0, load(a, 0) - twice - twice)
            break
        alpha = load(a, row + i - 1)
        norm = root(sigma)
        norm = choose(alpha < zero, -norm, norm)
        store(e, i, -norm)
        h = sigma + alpha * norm
        scale = choose(h > zero, one / h, zero)
        store(beta, i, scale)
        store(a, row + i - 1, alpha + norm)
        for r in range(0, i - 1, 2):
            ra, rb = r * (r + 1) // 2, (r + 1) * (r + 2) // 2
            ua, ub = load(a, old + r), load(a, old + r + 1)
            qa, qb = load(q, r), load(q, r + 1)
            na, nb = load(a, row + r), load(a, row + r + 1)
            sa, sb = zero, zero
            for c in range(r):
                uc, qc, nc = load(a, old + c), load(q, c), load(a, row + c)
                va = load(a, ra + c) - ua * qc - qa * uc
                vb = load(a, rb + c) - ub * qc - qb * uc
                store(a, ra + c, va)
                store(a, rb + c, vb)
                sa += va * nc
                sb += vb * nc
                store(p, c, load(p, c) + va * na + vb * nb)
            twice = ua * qa
            va = load(a, ra + r) - twice - twice
            vc = load(a, rb + r) - ub * qa - qb * ua
            twice = ub * qb
            vb = load(a, rb + r + 1) - twice - twice
            store(a, ra + r, va)
            store(a, rb + r, vc)
            store(a, rb + r + 1, vb)
            store(p, r, sa + va * na + vc * nb)
            store(p, r + 1, sb + vc * na + vb * nb)
        if i % 2:
            r = i - 1
            ra = r * (r + 1) // 2
            ua, qa, na, sa = load(a, old + r), load(q, r), load(a, row + r), zero
            for c in range(r):
                va = load(a, ra + c) - ua * load(q, c) - qa * load(a, old + c)
                store(a, ra + c, va)
                sa += va * load(a, row + c)
                store(p, c, load(p, c) + va * na)
            twice = ua * qa
            va = load(a, ra + r) - twice - twice
            store(a, ra + r, va)
            store(p, r, sa + va * na)
        dot = zero
        for c in range(i):
            dot += load(p, c) * load(a, row + c)
        half = spread(0.5) * scale * scale * dot
        for c in range(i):
            store(q, c, scale * load(p, c) - half * load(a, row + c))


@njit(f"void({_ROWS},int64,{_ROWS},int64,{_ROWS})")
def reflect_back(a, m, beta, most, z):
    """Turn eigenvectors of T into eigenvectors of the matrix, two at a time."""
    for i in range(2, m):
        row = i * (i + 1) // 2
        scale = load(beta, i)
        for j in range(0, most - 1, 2):
            za, zb = j * m, j * m + m
            sa, sb = spread(0.0), spread(0.0)
            for c in range(i):
                u = load(a, row + c)
                sa += u * load(z, za + c)
                sb += u * load(z, zb + c)
            sa, sb = sa * scale, sb * scale
            for c in range(i):
                u = load(a, row + c)
                store(z, za + c, load(z, za + c) - sa * u)
                store(z, zb + c, load(z, zb + c) - sb * u)
        if most % 2:
            za = (most - 1) * m
            sa = spread(0.0)
            for c in range(i):
                sa += load(a, row + c) * load(z, za + c)
            sa = sa * scale
            for c in range(i):
                store(z, za + c, load(z, za + c) - sa * load(a, row + c))
