"""Glacier storage anomalies as stacks: outlines and changes in, a stack out."""

from dataclasses import dataclass

import numpy as np

from ..data.blocks import MEMORY_BUDGET, plan_blocks
from ..data.months import DEFAULT_BASELINE, baseline_mask
from ..data.namedtables import plain_name, table_cells
from ..data.stack import StackInfo, stack_writer
from ..errors import BaselineError, DataError
from ..progress import SILENT
from .glaciers import ICE_DENSITY, WATER_DENSITY, on_months, thickness_change, water_layer


@dataclass(frozen=True)
class GlacierSummary:
    """What was written: areas in km², mass in Gt (time,), cells with ice.

    ``mass`` is NaN in months in which a cell lacks a value that it has in another one: sums
    over different glaciers cannot be compared.
    """

    area_km2: float
    inside_km2: float
    cells: int
    months: np.ndarray
    mass: np.ndarray


def read_changes(path, ids, where, months=None):
    """Cumulative changes (time, glacier) of glaciers from a CSV table, on months.

    ``ids`` are the glaciers' names, compared without case. Between dates the change is on a
    straight line, outside of them NaN. ``months`` default to all from the table's first
    date to its last. Returns (months, changes, ids that the table lacks). Raises as
    `table_cells`, and `DataError` where no glacier is in the table.
    """
    column = {plain_name(name): i for i, name in enumerate(ids)}
    found = {}
    titles = ("rgiid", "rgi_id", "glacier", "id", "name", "region", "basin")
    values = ("value", "volume_km3", "mass_gt", "thickness_m")
    for name, month, value in table_cells(path, where, titles, values):
        if name in column:
            found.setdefault(column[name], {})[np.datetime64(month, "M")] = value
    found = {i: series for i, series in found.items() if np.isfinite(list(series.values())).any()}
    if not found:
        raise DataError(
            "a table with changes of the glaciers is expected",
            f"none of {', '.join(map(str, ids[:3]))} …",
            where,
            "Choose the GLACIER_FIELD whose names the table uses.",
        )
    if months is None:
        dates = [date for series in found.values() for date in series]
        months = np.arange(min(dates), max(dates) + 1)
    changes = np.full((months.size, len(ids)), np.nan)
    for i, series in found.items():
        dates = np.array(sorted(series))
        changes[:, i] = on_months(dates, np.array([series[d] for d in dates]), months)
    return months, changes, [name for i, name in enumerate(ids) if i not in found]


def rebased(values, months, baseline, where):
    """Values (time, …) less their mean over the baseline; `BaselineError` where it has none.

    A series without a month in the baseline becomes NaN.
    """
    window = baseline_mask(months, baseline)
    inside = np.isfinite(values[window])
    if not inside.any():
        raise BaselineError(
            f"values in the baseline {baseline[0]} to {baseline[1]} are expected",
            f"{months[0]} to {months[-1]}",
            where,
            "Choose BASELINE_START and BASELINE_END inside the record.",
        )
    n = inside.sum(axis=0)
    mean = np.where(inside, values[window], 0.0).sum(axis=0) / np.maximum(n, 1)
    return values - np.where(n > 0, mean, np.nan)


def write_glacier_table(
    cells,
    changes,
    months,
    grid,
    path,
    *,
    quantity="volume",
    density=ICE_DENSITY,
    baseline=DEFAULT_BASELINE,
    where="the table",
    progress=SILENT,
    memory=None,
):
    """Write the storage of glaciers with changes of their own (METHODS §5); `GlacierSummary`.

    ``cells`` as from `glacier_cells`, ``changes`` (time, glacier) as from `read_changes`,
    in the units of ``quantity``.
    """
    thick = thickness_change(changes, cells.area_km2, quantity, density)
    thick = rebased(thick, months, baseline, where)
    by_cell = cells.areas.tocsc()

    def layer(columns):
        return water_layer(thick, by_cell[:, columns].tocsr(), _areas(grid, columns), density)

    line = f"glacier storage from {quantity} of {where}, {density:g} kg m-3"
    return _write(cells, layer, months, grid, path, baseline, line, progress, memory)


def write_glacier_raster(
    cells,
    thickness,
    grid,
    path,
    *,
    density=ICE_DENSITY,
    baseline=DEFAULT_BASELINE,
    progress=SILENT,
    memory=None,
):
    """Write the storage of glaciers whose change of thickness is a stack on the same grid.

    ``thickness`` holds the mean change of ice thickness over the ice of each cell, in a
    unit of length. LWE′ = h ρ_ice/ρ_water · A_g/A_grid. Returns a `GlacierSummary`.
    """
    factor = thickness.to_centimetres() / 100.0
    months, share = thickness.months, cells.share

    def layer(columns):
        row, col = divmod(int(columns[0]), grid.nx)
        last_row, last_col = divmod(int(columns[-1]), grid.nx)
        window = (row, col, last_row - row + 1, last_col - col + 1)
        thick = thickness.read(*window).reshape(months.size, -1) * factor
        ice = share[columns]
        thick[:, ice == 0] = 0.0
        inside = baseline_mask(months, baseline)
        known = np.isfinite(thick[inside])
        n = known.sum(axis=0)
        mean = np.where(known, thick[inside], 0.0).sum(axis=0) / np.maximum(n, 1)
        thick = thick - np.where(n > 0, mean, np.nan)
        return thick * (density / WATER_DENSITY) * 100.0 * ice / _areas(grid, columns)

    if not baseline_mask(months, baseline).any():
        rebased(np.full((months.size, 1), np.nan), months, baseline, thickness.name)
    line = f"glacier storage from thickness of {thickness.name}, {density:g} kg m-3"
    return _write(cells, layer, months, grid, path, baseline, line, progress, memory)


def _areas(grid, columns):
    cell_areas = np.broadcast_to(grid.cell_areas(), grid.shape)
    return cell_areas[columns // grid.nx, columns % grid.nx]


def _write(cells, layer, months, grid, path, baseline, line, progress, memory):
    info = StackInfo(grid, months, "cm", "glacier storage anomaly", tuple(baseline), (line,))
    mass, missing = np.zeros(months.size), np.zeros(months.size, bool)
    done, total = 0, grid.nx * grid.ny
    with stack_writer(path, info) as writer:
        for row, col, ny, nx in plan_blocks(grid, 32 * months.size, memory or MEMORY_BUDGET):
            progress.check()
            columns = np.add.outer((row + np.arange(ny)) * grid.nx, col + np.arange(nx)).ravel()
            values = layer(columns)
            writer.write(values.reshape(-1, ny, nx), row, col)
            # 1 cm on 1 km² is 1e-5 km³ of water, as many Gt.
            mass += np.nan_to_num(values) @ _areas(grid, columns) * 1e-5
            known = np.isfinite(values)
            missing |= (~known & known.any(axis=0)).any(axis=1)
            done += columns.size
            progress.set(done / total)
    mass[missing] = np.nan
    share = cells.share
    return GlacierSummary(
        float(cells.area_km2.sum()), float(share.sum()), int((share > 0).sum()), months, mass
    )
