"""The baselines that every downscaling is held against, made as they are needed.

    replicate   the value of the coarse cell
    bilinear    between the four coarse centres around
    delta       the coarse field plus what a fine model departs from its own coarse mean

The first two are computed block by block as they are read; delta needs the coarse means of
the whole model first and goes through a scratch file (METHODS §7).
"""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from ..data.aligning import AlignedReader
from ..data.atomic import scratch_path
from ..data.months import DEFAULT_BASELINE
from ..data.stack import MonthlyStack
from ..errors import DataError, ParameterError
from ..progress import SILENT
from .coarsefield import CoarseField
from .delta import Rebased, downscale_delta

BASELINES = ("replicate", "bilinear", "delta")


class _View:
    """What walks a stack needs of it, taken from another one."""

    def __init__(self, stack, grid=None, months=None):
        self.stack, self.name, self.units = stack, stack.name, stack.units
        self.grid = stack.grid if grid is None else grid
        self.months = stack.months if months is None else months
        self.baseline = stack.baseline
        self.info = replace(stack.info, grid=self.grid, months=self.months)

    def to_centimetres(self):
        """As `MonthlyStack.to_centimetres`."""
        return self.stack.to_centimetres()


class SpreadCoarse(_View):
    """A coarse `MonthlyStack` on a finer `Grid`, ``how`` 'replicate' or 'bilinear'."""

    def __init__(self, stack, grid, how):
        super().__init__(stack, grid)
        self.how = how
        self._field = CoarseField(stack, grid)

    def read(self, row, col, ny, nx, bands=None):
        """Values (time, y, x) of a block."""
        bands = range(self.months.size) if bands is None else bands
        fields = [self._field.at(self.months[b], self.how, row, col, ny, nx) for b in bands]
        return np.stack(fields).astype(np.float64)


class OnGrid(_View):
    """A stack on another grid: bilinear to finer cells, area-weighted means to coarser."""

    def __init__(self, stack, grid, names):
        super().__init__(stack, grid)
        self.read = AlignedReader(stack, grid, names=names).read


class ChosenMonths(_View):
    """Some months, in order, of a stack that has them."""

    def __init__(self, stack, months):
        super().__init__(stack, months=months)
        self._bands = np.searchsorted(stack.months, months)

    def read(self, row, col, ny, nx, bands=None):
        """Values (time, y, x) of a block."""
        wanted = self._bands if bands is None else self._bands[np.asarray(bands, int)]
        return self.stack.read(row, col, ny, nx, bands=wanted)


def check_baselines(wanted, fine_model):
    """Raise `ParameterError` for a baseline that does not exist or that cannot be made."""
    for name in wanted:
        if name not in BASELINES:
            raise ParameterError(f"one of {', '.join(BASELINES)} is expected", name, "BASELINES")
    if "delta" in wanted and fine_model is None:
        raise ParameterError(
            "a fine model is expected, whose own detail 'delta' adds",
            "none",
            "FINE_MODEL",
            "Give a storage stack of a land model, or leave 'delta' out of BASELINES.",
        )


@contextmanager
def made_baselines(
    wanted, coarse, grid, months, *, fine_model=None, rebase=True, scratch="", progress=SILENT
):
    """Yield {name: stack} of baselines on ``grid``, for `compare_downscaling`.

    Parameters
    ----------
    wanted : names out of `BASELINES`
    coarse : `MonthlyStack`, the coarse field
    grid, months : `Grid` and datetime64[M] of the stacks they are compared with
    fine_model : `MonthlyStack` of storage for 'delta', any grid finer than the coarse one
    rebase : whether to take ``fine_model`` as anomalies to the baseline of ``coarse``
        (2004 to 2009 where it states none) first
    scratch : name of a file beside which the delta is kept until the end

    Raises as `check_baselines`, `downscale_delta`, `check_alignment`, and `DataError`
    where the fine model lacks all of the months.
    """
    check_baselines(wanted, fine_model)
    made = {how: SpreadCoarse(coarse, grid, how) for how in BASELINES[:2] if how in wanted}
    if "delta" not in wanted:
        yield made
        return
    there = np.intersect1d(fine_model.months, months)
    if not there.size:
        raise DataError(
            "months of the compared stacks are expected in FINE_MODEL",
            f"{fine_model.months[0]} to {fine_model.months[-1]}",
            fine_model.name,
        )
    model = fine_model
    if model.grid.difference(grid):
        model = OnGrid(model, grid, ("FINE_MODEL", "INPUTS"))
    if rebase:
        model = Rebased(model, coarse.baseline or DEFAULT_BASELINE)
    with scratch_path(scratch) as path:
        downscale_delta(coarse, ChosenMonths(model, there), path, progress=progress)
        with MonthlyStack(str(path), "delta") as delta:
            yield {**made, "delta": delta}
