"""Delta downscaling: the coarse field plus what a fine model departs from its own coarse mean.

    delta = U coarse + (fine − U A fine) = fine + U (coarse − A fine)

A is the area-weighted coarse mean, U brings a coarse field to the fine grid (METHODS §7).
No training, no predictors: whatever a network gains has to be gained over this.
"""

from dataclasses import replace

import numpy as np

from ..data.months import baseline_mask, month_text, parse_month
from ..errors import BaselineError, ParameterError
from ..progress import SILENT
from .correcting import correct_residuals
from .residual import INTERPOLATIONS


def downscale_delta(
    coarse, fine, output, *, method="conserving", baseline=(), progress=SILENT, **more
):
    """Write the delta downscaling of ``coarse`` with the fine model ``fine``.

    Parameters
    ----------
    coarse, fine : `MonthlyStack`, storage; the result is on the grid and months of ``fine``
    method : U, one of 'conserving' (a spline that has the residuals as its cell means),
        'replicate' (METHODS §7; steps at the borders of coarse cells), 'bilinear', 'spline'
    baseline : first and last month (``YYYY-MM``) to which ``fine``, absolute or with
        another baseline, is re-based cell by cell first; empty: ``fine`` is taken as it is
    more : as `correct_residuals`

    Returns a `CorrectionSummary`; raises as `correct_residuals`, and `BaselineError`
    where ``fine`` has no month of the baseline.
    """
    if method not in INTERPOLATIONS:
        raise ParameterError(f"one of {', '.join(INTERPOLATIONS)} is expected", method, "METHOD")
    model = Rebased(fine, baseline) if baseline else fine
    line = f"delta downscaling of {coarse.name} with this model ({method})"
    return correct_residuals(
        model, coarse, output, method=method, line=line, progress=progress, **more
    )


class Rebased:
    """A stack as anomalies to months of its own, computed as it is read."""

    def __init__(self, stack, baseline):
        first, last = (parse_month(m, n) for m, n in zip(baseline, ("START", "END")))
        self._stack = stack
        self._used = np.flatnonzero(
            baseline_mask(stack.months, (month_text(first), month_text(last)))
        )
        if not self._used.size:
            raise BaselineError(
                f"months from {first} to {last} are expected",
                f"{stack.months[0]} to {stack.months[-1]}",
                stack.name,
            )
        self.name, self.grid, self.months = stack.name, stack.grid, stack.months
        self.units, self.baseline = stack.units, (month_text(first), month_text(last))
        line = f"re-based to {first} … {last}"
        self.info = replace(stack.info, baseline=self.baseline, history=(*stack.info.history, line))

    def to_centimetres(self):
        """As `MonthlyStack.to_centimetres`."""
        return self._stack.to_centimetres()

    def read(self, row=0, col=0, ny=None, nx=None, bands=None):
        """Anomalies (time, y, x) of a block; NaN where the baseline has no value."""
        values = self._stack.read(row, col, ny, nx)
        known = np.isfinite(values[self._used])
        count = known.sum(axis=0)
        total = np.where(known, values[self._used], 0.0).sum(axis=0)
        mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        return (values if bands is None else values[np.asarray(bands, int)]) - mean
