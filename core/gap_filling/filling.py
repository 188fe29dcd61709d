"""Gap filling of whole stacks, block by block: files in, files out."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from .. import accelerate
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import STAGE_A, STAGE_B, UNFILLED
from ..data.grid import check_same_grid
from ..data.journal import Journal
from ..data.rasterfile import RasterWriter
from ..data.stack import stack_writer
from ..errors import DataError, located
from ..progress import SILENT
from .linear import fill_linear
from .plan import FillPlan
from .tally import ERROR_BANDS, FACTS, MODE_BANDS, Tally

#: A filled value this much larger than any observed one is worth a warning: the
#: iteration has no bound and now and then runs off at the edge of its era.
OVERSHOOT = 1.5
#: Seconds of one kernel call. It looks for Cancel by itself, and works best on many series.
_SECONDS = 2.0
#: Raise it when the same settings give other results, so that no old journal is used.
_METHOD = 2


@dataclass(frozen=True)
class FillTargets:
    """Where a fill writes beside its stack; empty = not wanted.

    ``flags``, ``errors`` (`ERROR_BANDS`), ``modes`` (`MODE_BANDS`), ``sigma`` (a
    monthly stack of one-sigma).
    """

    flags: str = ""
    errors: str = ""
    modes: str = ""
    sigma: str = ""


def fill_stack_ssa(
    stack,
    output,
    *,
    preset="published",
    window=24,
    modes=12,
    tolerance=1e-2,
    candidates=None,
    extrapolate=False,
    targets=FillTargets(),
    sigma=None,
    keep=False,
    progress=SILENT,
    **blocks,
):
    """Fill a stack by iterative SSA (METHODS §3) and write it.

    ``preset`` 'published' runs the two published stages, stage b with what the
    cross-validation of ``candidates`` (`Candidates`) finds, or with ``modes`` where
    they are None; 'fixed' runs one stage of ``window`` and ``modes`` over all gaps.
    Flags: 0 observed, 1 stage a (or the only stage), 2 stage b, 255 unfilled.
    ``sigma`` is a stack with the one-sigma of the observed months, for
    ``targets.sigma``. A killed run goes on where it stopped, a cancelled one only
    with ``keep`` (see `Journal`).

    Raises `DataError` when the stack holds no value, `ParameterError` or
    `TimeAxisError` when the record is too short. Returns a `FillSummary`.
    """
    plan = FillPlan(preset, window, modes, tolerance, candidates, extrapolate)
    sigma = _checked(plan, stack, sigma, bool(targets.sigma))
    years = plan.years(stack.months)
    kept = sorted(set(candidates.modes)) if years.size and candidates else ()
    tally = Tally(stack.months, stack.grid, years, kept, plan.text, plan.published)
    facts = len(FACTS) + years.size + len(kept)

    def kernel(values, check):
        with located(stack.name):
            done = plan.fill(values, stack.months, lambda fraction: check())
        errors = [done.epsilon_a, done.epsilon_b, done.residual_b, done.heldout_a]
        extra = np.zeros((facts, values.shape[1]))
        extra[0], extra[1], extra[2] = _overshoots(values, done.filled), done.capped, done.skipped
        if years.size:
            extra[3 : 3 + years.size], extra[3 + years.size :] = done.by_year, done.score
        return done.filled, done.flags, errors, [done.modes_b, done.window_b], extra

    line = f"missing months filled by singular spectrum analysis ({plan.text})"
    # With and without numba the results agree, but not to the bit.
    span = [str(month) for month in stack.months[[0, -1]]]
    settings = f"{_METHOD} {accelerate.state()} {plan} {span} {facts}"
    with Journal(output, settings, keep) as journal:
        computed = _fill(
            stack, output, kernel, line, targets, sigma, facts, progress, tally,
            {"seconds": _SECONDS, "journal": journal, **blocks},
        )  # fmt: skip
        tally.summary.restored = journal.restored
    tally.summary.series = computed - journal.restored
    return tally.summary


def check_fill(stack, sigma=None, sigma_wanted=False, **settings):
    """Raise what `fill_stack_ssa` would for these headers; ``settings`` are its own."""
    plan = FillPlan(**settings)
    _checked(plan, stack, sigma, sigma_wanted)


def _checked(plan, stack, sigma, wanted):
    with located(stack.name):
        plan.check(stack.months)
    if wanted:
        plan.check_sigma()
    return _SigmaReader(stack, sigma)


def fill_stack_linear(stack, output, *, max_gap=None, flags_output="", progress=SILENT, **blocks):
    """Fill a stack by linear interpolation in time and write it; see `fill_linear`."""
    tally = Tally(stack.months, stack.grid)

    def kernel(values, check):
        check()
        with located(stack.name):
            filled, flags = fill_linear(values, max_gap)
        pixels = values.shape[1]
        unknown = np.full((len(ERROR_BANDS), pixels), np.nan)
        none = np.zeros((len(MODE_BANDS), pixels))
        return filled, flags, unknown, none, np.zeros((len(FACTS), pixels))

    limit = f", gaps up to {max_gap} months" if max_gap else ""
    line = f"missing months filled by linear interpolation{limit}"
    targets = FillTargets(flags=flags_output)
    tally.summary.series = _fill(
        stack, output, kernel, line, targets, None, len(FACTS), progress, tally, blocks
    )
    return tally.summary


#: What flags are called after a filling in one stage, and in two.
_FLAG_NAMES = (
    "0 observed, 1 filled, 255 unfilled",
    "0 observed, 1 filled (stage a), 2 filled (stage b), 255 unfilled",
)


class _SigmaReader:
    """One-sigma of the observed months in the stack's units, NaN where not known."""

    def __init__(self, stack, sigma):
        self._stack, self._months = sigma, stack.months
        if sigma is None:
            return
        check_same_grid(stack.grid, sigma.grid, stack.name, sigma.name)
        self._factor = 1.0
        if sigma.units != stack.units:
            self._factor = sigma.to_centimetres() / stack.to_centimetres()
        self._there = np.isin(stack.months, sigma.months)
        self._bands = np.flatnonzero(np.isin(sigma.months, stack.months))

    def read(self, row, col, ny, nx):
        values = np.full((self._months.size, ny, nx), np.nan)
        if self._stack is not None:
            read = self._stack.read(row, col, ny, nx, self._bands)
            values[self._there] = read * self._factor
        return values


class _Unwritten:
    """Stands for an output that nobody wants as a file: the tally does."""

    def __init__(self, bands, dtype, fill):
        self.bands, self.dtype, self.fill = range(bands), np.dtype(dtype), fill

    def write(self, values, row, col):
        """Nothing to do."""


def _fill(
    stack, output, kernel, line, targets, sigma, facts, progress, tally, blocks
):  # fmt: skip
    info = replace(stack.info, history=(*stack.info.history, line))
    count = info.months.size
    flag_info = replace(
        info,
        units="",
        long_name=_FLAG_NAMES[tally.summary.staged],
        baseline=(),
    )
    sigma_info = replace(
        info,
        long_name="one-sigma: as given for observed months, the stage's error for filled ones",
        baseline=(),
    )
    names = [output, targets.flags, targets.errors, targets.modes, targets.sigma]
    with ExitStack() as files:
        paths = files.enter_context(atomic_paths(names))

        def opened(index, make, *arguments, **more):
            if not paths[index]:
                return None
            return files.enter_context(make(paths[index], *arguments, name=names[index], **more))

        def bands(long_name, units=info.units):
            history = "\n".join(info.history)
            tags = {"units": units, "long_name": long_name, "history": history}
            return {"units": units, "tags": tags}

        spread = "errors of the filling, see the bands"
        writers = [
            opened(0, stack_writer, info),
            opened(1, stack_writer, flag_info, "uint8", UNFILLED),
            opened(2, RasterWriter, info.grid, ERROR_BANDS, **bands(spread)),
            opened(3, RasterWriter, info.grid, MODE_BANDS, dtype="int16", nodata=0,
                   **bands("modes K and window M of stage b", "")),
            None,
        ]  # fmt: skip
        sigmas = opened(4, stack_writer, sigma_info)
        shapes = (
            (count, "float32", np.nan), (count, "uint8", UNFILLED),
            (len(ERROR_BANDS), "float32", np.nan), (len(MODE_BANDS), "int16", 0),
            (facts, "float32", np.nan),
        )  # fmt: skip
        writers = [w or _Unwritten(*shape) for w, shape in zip(writers, shapes)]

        def after(row, col, inputs, outputs):
            tally.see(row, col, inputs[0], *outputs[1:])
            if sigmas is not None:
                flags, errors = outputs[1], outputs[2]
                given = sigma.read(row, col, *flags.shape[1:])
                given[flags == UNFILLED] = np.nan
                for flag, band in ((STAGE_A, 0), (STAGE_B, 1)):
                    given = np.where(flags == flag, errors[band], given)
                sigmas.write(given, row, col)

        runner = run_blocks(
            info.grid, [stack.read], kernel, writers, after=after,
            planes=(8 if sigmas else 5) * count, progress=progress, unique=True, **blocks,
        )  # fmt: skip
        if not tally.summary.cells:
            raise DataError("at least one value is expected", "an empty stack", stack.name)
        return runner.computed


def _overshoots(values, filled):
    """Whether the filled values of each pixel leave the range of the observed ones."""
    known = np.isfinite(values)
    seen = np.where(known, np.abs(values), 0.0).max(axis=0)
    made = np.where(known | np.isnan(filled), 0.0, np.abs(filled)).max(axis=0)
    return made > OVERSHOOT * seen
