"""Groundwater separation of whole stacks, block by block: files in, files out."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.agreement import check_same_baseline, require_units
from ..data.atomic import atomic_paths
from ..data.blocks import run_blocks
from ..data.flags import FILLED_FLAGS
from ..data.grid import check_same_grid
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..data.stack import StackInfo, stack_writer
from ..errors import BaselineError, DataError, ParameterError, TimeAxisError
from ..progress import SILENT
from .separation import propagate, rebase, separate


@dataclass
class SeparationSummary:
    """What a separation did."""

    months: int
    complete_months: int
    missing_in: dict
    fewest_baseline_months: int
    expected_baseline_months: int
    sigma_from: tuple
    months_without_sigma: int = 0


def check_inputs(tws, components, flags=None, sigmas=(), rebased=True, baseline=DEFAULT_BASELINE):
    """Raise the core's errors unless the stacks can be combined (headers only).

    With ``rebased`` the months of ``baseline`` must meet those of every stack;
    without, stacks that state different baselines are refused.
    """
    if not components:
        raise ParameterError(
            "at least one of SOILMOISTURE, SNOW, CANOPY, SURFACEWATER is expected", "none"
        )
    for stack in (tws, *components, *sigmas):
        require_units(stack)
        stack.to_centimetres()
    for other in (*components, *([flags] if flags else []), *sigmas):
        check_same_grid(tws.grid, other.grid, tws.name, other.name)
        if not np.isin(tws.months, other.months).any():
            raise TimeAxisError(
                f"{tws.name} and {other.name} must have months in common",
                f"{tws.months[0]} to {tws.months[-1]} and {other.months[0]} to {other.months[-1]}",
            )
    if flags is not None and not np.isin(tws.months, flags.months).all():
        raise TimeAxisError(
            f"flags for every month of {tws.name}, {tws.months[0]} to {tws.months[-1]}, "
            "are expected",
            f"{flags.months[0]} to {flags.months[-1]}",
            flags.name,
        )
    if rebased:
        _check_window(tws, components, baseline)
    else:
        for component in components:
            check_same_baseline(tws, component)


def _check_window(tws, components, baseline):
    """Raise `BaselineError` unless all stacks share a month of the baseline."""
    window = baseline_mask(tws.months, baseline)
    records = [f"{tws.name}: {tws.months[0]} to {tws.months[-1]}"]
    for stack in (tws, *components):
        window &= np.isin(tws.months, stack.months)
        if stack is not tws:
            records.append(f"{stack.name}: {stack.months[0]} to {stack.months[-1]}")
    if not window.any():
        raise BaselineError(
            f"all storages must have months of the baseline {baseline[0]} to {baseline[1]} in "
            "common",
            "; ".join(records),
            remedy="Choose BASELINE_START and BASELINE_END inside all records.",
        )


def separate_stacks(
    tws,
    components,
    output,
    *,
    flags=None,
    tws_sigma=None,
    component_sigmas=(),
    rebased=True,
    baseline=DEFAULT_BASELINE,
    observed_output="",
    sigma_output="",
    progress=SILENT,
    **blocks,
):
    """Separate groundwater storage anomalies (METHODS §5) and write them.

    ``tws`` and ``components`` are stacks in any storage unit on one grid; months
    of the components are matched to those of ``tws``. With ``rebased`` all of
    them are re-based to the months of ``baseline`` that all have observed.
    ``flags`` (of a gap filling) tells filled from observed months: only observed
    ones enter the baseline and ``observed_output``. Errors add in quadrature.
    Returns a `SeparationSummary`.
    """
    sigmas = [s for s in (tws_sigma, *component_sigmas) if s is not None]
    check_inputs(tws, components, flags, sigmas, rebased, baseline)
    if sigma_output and not sigmas:
        raise ParameterError(
            "at least one uncertainty stack is expected for OUTPUT_UNCERTAINTY", "none"
        )
    months = tws.months
    window = baseline_mask(months, baseline)
    count = len(components)
    least = _Least()

    def kernel(*arguments):
        *arrays, check = arguments
        check()
        flag, fields, errors = arrays[1], [arrays[0], *arrays[2 : 2 + count]], arrays[2 + count :]
        observed = ~np.isin(flag, FILLED_FLAGS)
        if rebased:
            fields, used = rebase(fields, observed & window[:, None])
            least.see(used[np.isfinite(fields[0]).any(axis=0)])
        water = separate(fields[0], fields[1:])
        seen = np.where(observed, water, np.nan)
        # No value, no uncertainty of it.
        sigma = np.where(np.isfinite(water), propagate(errors), np.nan) if errors else None
        return water, seen, sigma

    reads = [reader(tws, months), _flag_reader(flags, tws, months)]
    reads += [reader(s, months) for s in (*components, *sigmas)]
    info = _info(tws, components, sigmas, rebased, baseline)
    expected = int(window.sum()) if rebased else 0
    with ExitStack() as files:
        targets = (output, observed_output, sigma_output)
        writers = [
            files.enter_context(stack_writer(path, one, name=target)) if path else None
            for path, target, one in zip(
                files.enter_context(atomic_paths(targets)),
                targets,
                (info, info, _sigma_info(info)),
            )
        ]
        tally = _count_complete(kernel, months.size)
        run_blocks(
            tws.grid, reads, tally, writers,
            planes=months.size * (2 * len(reads) + 4), progress=progress, **blocks,
        )  # fmt: skip
        if not tally.complete.any():
            raise DataError(
                "at least one cell and month with every storage is expected"
                + (f", {baseline[0]} to {baseline[1]} among them" if rebased else ""),
                "none",
                ", ".join(stack.name for stack in (tws, *components)),
                "Do the stacks have values in the same cells and months?",
            )
    return SeparationSummary(
        months=months.size,
        complete_months=int(tally.complete.sum()),
        missing_in={
            c.name: int((~np.isin(months, c.months)).sum())
            for c in components
            if not np.isin(months, c.months).all()
        },
        fewest_baseline_months=least.value if rebased else 0,
        expected_baseline_months=expected,
        sigma_from=tuple(s.name for s in sigmas),
        months_without_sigma=int((tally.complete & ~tally.known).sum()) if sigmas else 0,
    )


class _Least:
    """The least number of baseline months of any cell, across threads."""

    def __init__(self):
        self._value, self._lock = None, threading.Lock()

    def see(self, counts):
        if counts.size:
            with self._lock:
                low = int(counts.min())
                self._value = low if self._value is None else min(low, self._value)

    @property
    def value(self):
        return self._value or 0


def _count_complete(kernel, months):
    complete, known = np.zeros(months, bool), np.zeros(months, bool)

    def counting(*arguments):
        results = kernel(*arguments)
        # Threads only ever set True: no lock is needed.
        complete[np.isfinite(results[0]).any(axis=1)] = True
        if results[2] is not None:
            known[np.isfinite(results[2]).any(axis=1)] = True
        return results

    counting.complete, counting.known = complete, known
    return counting


def reader(stack, months):
    """Reads a stack in cm on ``months``; months it does not have are NaN."""
    factor = stack.to_centimetres()
    there = np.isin(months, stack.months)
    bands = np.flatnonzero(np.isin(stack.months, months))

    def read(row, col, ny, nx):
        values = np.full((months.size, ny, nx), np.nan)
        values[there] = stack.read(row, col, ny, nx, bands) * factor
        return values

    return read


def _flag_reader(flags, tws, months):
    def read(row, col, ny, nx):
        if flags is None:
            return np.zeros((months.size, ny, nx), "uint8")
        values = np.zeros((months.size, ny, nx), "uint8")
        there = np.isin(months, flags.months)
        values[there] = flags.read_flags(row, col, ny, nx)[np.isin(flags.months, months)]
        return values

    return read


def _info(tws, components, sigmas, rebased, baseline):
    line = f"groundwater storage: {tws.name} less " + ", ".join(c.name for c in components)
    line += (
        f"; all re-based to their common observed months in {baseline[0]} to {baseline[1]}"
        if rebased
        else "; not re-based"
    )
    return StackInfo(
        tws.grid,
        tws.months,
        "cm",
        "groundwater storage anomaly",
        tuple(baseline) if rebased else tws.baseline,
        (*tws.info.history, line),
    )


def _sigma_info(info):
    return StackInfo(
        info.grid,
        info.months,
        "cm",
        "one-sigma uncertainty of groundwater storage anomaly",
        (),
        info.history,
    )
