"""The stacks of a separation: whether they fit together, and how they are read on one axis."""

import numpy as np

from ..data.agreement import check_same_baseline, require_units
from ..data.grid import check_same_grid
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..errors import BaselineError, ParameterError, TimeAxisError


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


def flag_reader(flags, months):
    """Reads a flag stack, or 0 (observed) everywhere without one, on ``months``."""

    def read(row, col, ny, nx):
        if flags is None:
            return np.zeros((months.size, ny, nx), "uint8")
        values = np.zeros((months.size, ny, nx), "uint8")
        there = np.isin(months, flags.months)
        values[there] = flags.read_flags(row, col, ny, nx)[np.isin(flags.months, months)]
        return values

    return read
