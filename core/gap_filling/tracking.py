"""Leading projectors followed from one iteration to the next, by matrix products alone.

numpy solves an eigenproblem of 48 × 48 in the time of forty matrix products of that size.
From one iteration to the next the lag covariance changes by a few per cent or less, and the
eigenvectors Q of an earlier one nearly diagonalise it: E = Qᵀ C Q = D + F. The invariant
subspace that continues the k leading columns of Q is spanned by Q [I; R], where R solves

    E₂₁ + E₂₂ R − R (E₁₁ + E₁₂ R) = 0

(Stewart 1973, SIAM Review 15), here by fixed-point steps

    R[i, j] ← (F₂₁ + F₂₂ R − R (F₁₁ + F₁₂ R))[i, j] / (D[j] − D[i]).

That is Jacobi's iteration for a symmetric operator with eigenvalues θ − λ, θ of the subspace and
λ of its complement. With positive divisors it attracts only if all of these are positive: what it
comes to rest at is the leading subspace, unless it began exactly at another one, as it could from
R = 0 where F₂₁ vanishes (series that are their own mirror image have such blocks). It therefore
begins a little beside it, in no particular direction: there any θ < λ drives it away, by more at
each step. Where it does not converge within a few steps, as when eigenvalues k and k + 1 are
close, LAPACK solves the eigenproblem and its Q serves from then on.
"""

import numpy as np

#: Numbers in flight: lanes with about the same k go together, few enough for the cache.
_IN_FLIGHT = 75_000
#: Fixed-point steps that all lanes take, and that the slow ones take further.
_STEPS, _MORE = 10, 14
#: The largest change of R, whose entries are angles, at which it stands.
_STANDS = 1e-12
#: Size of R at the start: far above what stands, below what most rounds have to turn.
_NUDGE = 1e-6


class Tracker:
    """Projectors on the leading eigenvectors of matrices that change little by little.

    ``asked`` counts the projectors given so far, ``solved`` those among them that took LAPACK.
    """

    def __init__(self, lanes, window):
        self.asked = self.solved = 0
        self._basis = np.zeros((lanes, window, window))
        self._ready = np.zeros(lanes, dtype=bool)

    def keep(self, chosen):
        """Forget all lanes but the chosen ones."""
        self._basis, self._ready = self._basis[chosen], self._ready[chosen]

    def projector(self, gram, kept):
        """Projectors V Vᵀ on the ``kept`` leading eigenvectors of each Gram matrix.

        Parameters
        ----------
        gram : (lane, M, M) float64, upper triangle
        kept : (lane,) int, 1 … M, each lane's own number of modes

        Returns
        -------
        (lane, M, M) float64, symmetric
        """
        out = np.empty_like(gram)
        known = self._ready.copy()
        order = np.flatnonzero(known)
        order = order[np.argsort(kept[order], kind="stable")]
        step = max(8, _IN_FLIGHT // gram.shape[1] ** 2)
        with np.errstate(all="ignore"):  # what runs off to infinity is solved below
            for lanes in (order[i : i + step] for i in range(0, len(order), step)):
                known[lanes] = self._follow(gram[lanes], kept[lanes], lanes, out)
        rest = np.flatnonzero(~known)
        if rest.size:
            vectors = np.linalg.eigh(gram[rest], UPLO="U")[1][:, :, ::-1]
            self._basis[rest], self._ready[rest] = vectors, True
            leading = vectors[:, :, : kept[rest].max()]
            chosen = np.arange(leading.shape[2]) < kept[rest][:, None]
            out[rest] = (leading * chosen[:, None, :]) @ leading.transpose(0, 2, 1)
        self.asked += len(gram)
        self.solved += rest.size
        return out

    def _follow(self, gram, kept, lanes, out):
        """Fill ``out`` at the lanes; True (lane,) where that succeeded."""
        basis = self._basis[lanes]
        e, weight, start = _problem(gram, kept, basis)
        r, change = _steps(e, weight, start, _beside(weight), _STEPS)
        slow = np.flatnonzero((change > _STANDS) & (change < 0.3))
        if slow.size:
            r[slow], change[slow] = _steps(e[slow], weight[slow], start[slow], r[slow], _MORE)
        good = change <= _STANDS
        span = (start + r)[good]
        square = span.transpose(0, 2, 1) @ span
        most = square.shape[1]
        unused = np.arange(most) >= kept[good][:, None]
        square[:, np.arange(most), np.arange(most)] += unused
        span = basis[good] @ span
        out[lanes[good]] = (span @ np.linalg.inv(square)) @ span.transpose(0, 2, 1)
        return good


def _problem(gram, kept, basis):
    """F (lane, M, M), 1 / (D[j] − D[i]) where R may differ from zero, and [I; 0]."""
    window, most = gram.shape[1], int(kept.max())
    row = np.arange(window)
    gram[:, row, row] *= 0.5  # the upper triangle with half its diagonal, plus its transpose
    e = basis.transpose(0, 2, 1) @ (gram @ basis)
    e = e + e.transpose(0, 2, 1)
    d = e[:, row, row]
    e[:, row, row] = 0.0
    inside = row[:most] < kept[:, None]
    free = (row >= kept[:, None])[:, :, None] & inside[:, None, :]
    gap = d[:, None, :most] - d[:, :, None]
    # A divisor that is not positive has no business here: NaN stops its lane.
    weight = np.where(free, 1.0 / np.where(gap > 0, gap, np.nan), 0.0)
    start = np.zeros(weight.shape)
    start[:, row[:most], row[:most]] = inside
    return e, weight, start


def _beside(weight):
    """R (lane, M, k) to begin with: small, the same numbers for every lane, zero where it is."""
    numbers = np.random.default_rng(0).uniform(-1.0, 1.0, weight.shape[1:])
    return np.where(weight == 0, 0.0, _NUDGE * numbers)


def _steps(e, weight, start, r, count):
    """Take fixed-point steps; R and the largest change (lane,) of the last one."""
    most = r.shape[2]
    inside = start[:, :most].sum(axis=1)[:, :, None]
    v = start + r
    for step in range(count):
        w = e @ v
        w -= v @ (w[:, :most] * inside)
        w *= weight
        w += start
        if step % 2 or step == count - 1:
            change = np.abs(w - v).max(axis=(1, 2))
            if (change <= _STANDS).all():
                v = w
                break
        v = w
    return v - start, change
