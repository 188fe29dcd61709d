"""Gap filling of whole stacks, block by block: files in, files out."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import OBSERVED, STAGE_A, STAGE_B, UNFILLED
from ..data.rasterfile import RasterWriter
from ..data.stack import stack_writer
from ..errors import DataError, located
from ..progress import SILENT
from .linear import fill_linear
from .stages import fill_fixed, fill_published

#: Bands of the error raster.
ERROR_BANDS = ("epsilon_1", "residual_stage_b")
#: A filled value this much larger than any observed one is worth a warning: the
#: iteration has no bound and now and then runs off at the edge of its era.
OVERSHOOT = 1.5


@dataclass
class FillSummary:
    """What a fill did: cells by month and flag, and the medians of its error maps."""

    months: np.ndarray
    cells: np.ndarray
    counts: dict
    median_error: dict
    capped: int = 0
    skipped: int = 0
    overshoots: int = 0

    def months_flagged(self, flag):
        """Months in which some cell carries ``flag``."""
        return self.months[self.counts[flag] > 0]


def fill_stack_ssa(
    stack,
    output,
    *,
    preset="published",
    window=24,
    modes=12,
    tolerance=1e-2,
    flags_output="",
    error_output="",
    progress=SILENT,
    **blocks,
):
    """Fill a stack by iterative SSA (METHODS §3) and write it.

    ``preset`` 'published' runs the two published stages, stage b with ``modes``;
    'fixed' runs one stage of ``window`` and ``modes`` over all gaps. Flags: 0
    observed, 1 stage a (or the only stage), 2 stage b, 255 unfilled. The error
    raster holds the in-sample spread of each stage in the stack's units.
    Raises `DataError` when the stack holds no value, `ParameterError` when the
    record is too short. Returns a `FillSummary`.
    """
    months = stack.months
    published = preset == "published"

    def fill(values, tick):
        settings = {"tolerance": tolerance, "progress": tick}
        if published:
            return fill_published(values, months, modes_b=modes, **settings)
        return fill_fixed(values, months, window, modes, **settings)

    # An empty run finds a record too short for the windows before any file exists.
    with located(stack.name):
        fill(np.empty((months.size, 0)), None)
    tally = _Tally(months)

    def kernel(values, check):
        with located(stack.name):
            done = fill(values, lambda fraction: check())
        errors = np.stack([done.epsilon_a, done.residual_b])
        tally.add(done.flags, errors, int(done.capped.sum()), int(done.skipped.sum()))
        tally.watch(values, done.filled)
        return done.filled, done.flags, errors

    how = (
        f"two published stages, M = 24, K = 12 to 2017-06, then M = 48, K = {modes}"
        if published
        else f"one stage, M = {window}, K = {modes}"
    )
    line = f"missing months filled by singular spectrum analysis ({how}, tolerance {tolerance:g})"
    _fill(stack, output, kernel, line, flags_output, error_output, progress, tally, blocks)
    return tally.summary()


def fill_stack_linear(stack, output, *, max_gap=None, flags_output="", progress=SILENT, **blocks):
    """Fill a stack by linear interpolation in time and write it; see `fill_linear`."""
    tally = _Tally(stack.months)

    def kernel(values, check):
        check()
        with located(stack.name):
            filled, flags = fill_linear(values, max_gap)
        tally.add(flags, np.full((2, flags.shape[1]), np.nan), 0, 0)
        return filled, flags, None

    limit = f", gaps up to {max_gap} months" if max_gap else ""
    line = f"missing months filled by linear interpolation{limit}"
    _fill(stack, output, kernel, line, flags_output, "", progress, tally, blocks)
    return tally.summary()


def _fill(stack, output, kernel, line, flags_output, error_output, progress, tally, blocks):
    info = replace(stack.info, history=(*stack.info.history, line))
    bands = info.months.size
    flag_info = replace(
        info,
        units="",
        long_name="0 observed, 1 filled (stage a), 2 filled (stage b), 255 unfilled",
        baseline=(),
    )
    with ExitStack() as files:
        paths = files.enter_context(atomic_paths([output, flags_output, error_output]))
        filled = files.enter_context(stack_writer(paths[0], info, name=output))
        flags = errors = None
        if flags_output:
            flags = files.enter_context(
                stack_writer(paths[1], flag_info, "uint8", UNFILLED, name=flags_output)
            )
        if error_output:
            errors = files.enter_context(
                RasterWriter(
                    paths[2],
                    info.grid,
                    ERROR_BANDS,
                    units=info.units,
                    name=error_output,
                    tags={
                        "units": info.units,
                        "long_name": "standard deviation of observed minus reconstructed",
                        "history": "\n".join(info.history),
                    },
                )
            )
        run_blocks(
            info.grid,
            [stack.read],
            kernel,
            [filled, flags, errors],
            planes=4 * bands,
            progress=progress,
            unique=True,
            **blocks,
        )
        if not tally.cells_total:
            raise DataError("at least one value is expected", "an empty stack", stack.name)


class _Tally:
    """Counts, across threads, what the kernels filled."""

    def __init__(self, months):
        self.months = months
        flags = (OBSERVED, STAGE_A, STAGE_B, UNFILLED)
        self.counts = {flag: np.zeros(months.size, int) for flag in flags}
        self.cells_total = self.capped = self.skipped = self.overshoots = 0
        self._errors = []
        self._lock = threading.Lock()

    def add(self, flags, errors, capped, skipped):
        with self._lock:
            for flag, count in self.counts.items():
                count += (flags == flag).sum(axis=1)
            self.cells_total += flags.shape[1]
            self.capped += capped
            self.skipped += skipped
            self._errors.append(errors)

    def watch(self, values, filled):
        """Count pixels whose filled values leave the range of the observed ones."""
        known = np.isfinite(values)
        seen = np.where(known, np.abs(values), 0.0).max(axis=0)
        made = np.where(known | np.isnan(filled), 0.0, np.abs(filled)).max(axis=0)
        with self._lock:
            self.overshoots += int((made > OVERSHOOT * seen).sum())

    def summary(self):
        errors = np.concatenate(self._errors, axis=1)
        known = np.isfinite(errors).any(axis=1)
        medians = {
            name: float(np.nanmedian(row))
            for name, row, any_known in zip(ERROR_BANDS, errors, known)
            if any_known
        }
        return FillSummary(
            self.months,
            self.cells_total,
            self.counts,
            medians,
            self.capped,
            self.skipped,
            self.overshoots,
        )
