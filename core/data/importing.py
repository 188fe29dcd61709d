"""Import of a GRACE product: solutions to a complete, re-based monthly stack."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import BaselineError, DataError, ParameterError
from ..progress import SILENT
from . import months as calendar
from .atomic import atomic_paths
from .blocks import MEMORY_BUDGET
from .gdalcache import bounded_cache
from .grace import open_grace
from .grid import snap_extent
from .merging import plan_months
from .noise import OceanNoise
from .rasterfile import TILE
from .stack import StackInfo, stack_writer

NOISY = ("keep", "missing")


@dataclass
class ImportSummary:
    """What an import found and did, for the report and for tests."""

    product: str
    title: str
    variable: str
    source_units: str
    solutions: int
    info: StackInfo
    missing: np.ndarray
    doubles: np.ndarray
    moved: tuple
    noisy: np.ndarray
    noise_rms: np.ndarray
    noise_assessed: bool
    baseline_months: int
    has_uncertainty: bool
    mean_series: np.ndarray
    has_bounds: bool = True
    noisy_policy: str = "keep"

    @property
    def observed(self):
        """Boolean (month,): there is a value in the written stack."""
        gone = np.isin(self.info.months, self.missing)
        if self.noisy_policy == "missing":
            gone |= np.isin(self.info.months, self.noisy)
        return ~gone


def import_grace(
    source,
    output,
    *,
    variable="",
    units="",
    baseline=calendar.DEFAULT_BASELINE,
    noisy="keep",
    doubles="weighted",
    extent=None,
    uncertainty_output=None,
    progress=SILENT,
    memory=MEMORY_BUDGET,
):
    """Import a GRACE/GRACE-FO product as a monthly stack (METHODS §1).

    Solutions are put on the complete calendar of months, doubles merged, noise
    months found over the ocean (`OceanNoise`), anomalies re-based per cell to the
    mean of the observed months inside ``baseline``, values written in cm of
    equivalent water height, north-up, longitudes −180…180. ``extent`` is
    (west, south, east, north), snapped outward to cells, never resampled.
    Returns an `ImportSummary`. Nothing is written unless everything succeeds.
    """
    if noisy not in NOISY:
        raise ParameterError(f"one of {', '.join(NOISY)} is expected", noisy, "NOISY")
    product = open_grace(source, variable, units)
    _check_targets(source, output, uncertainty_output)
    if uncertainty_output and product.uncertainty is None:
        raise DataError(
            "a product that states its uncertainty is expected for OUTPUT_UNCERTAINTY",
            "no such variable",
            product.file.name,
            "Leave OUTPUT_UNCERTAINTY empty.",
        )
    plan = plan_months(product.middle, product.start, product.end, doubles)
    base = calendar.baseline_mask(plan.months, baseline)
    _check_baseline(plan, base, baseline, product.file.name)
    whole = (0, 0, product.grid.ny, product.grid.nx)
    row, col, ny, nx = snap_extent(product.grid, extent) if extent is not None else whole
    height, _ = _strips(_row_blocks(product, plan.months.size, memory)[0][1])
    sigma = bool(uncertainty_output)
    share = progress.part(0, 0.3)
    with bounded_cache(), product.turned(height, output, sigma, share) as turned:
        noise = _find_noise(turned, plan, memory, progress.part(0.3, 0.5))
        bad = noise.noisy()
        drop = bad if noisy == "missing" else np.zeros(bad.size, bool)
        usable = base & plan.observed & ~drop
        if not usable.any():
            raise BaselineError(
                "at least one observed month inside the baseline is expected",
                "only noise months, which NOISY sets to missing",
                product.file.name,
            )
        info = StackInfo(
            grid=product.grid.window(row, col, ny, nx),
            months=plan.months,
            units="cm",
            long_name="terrestrial water storage anomaly",
            baseline=tuple(calendar.month_text(calendar.parse_month(m)) for m in baseline),
            history=_history(product, plan, baseline, int(usable.sum()), noisy, bad, doubles),
        )
        mean = _write(
            turned, plan, info, (row, col), usable, drop, output, uncertainty_output,
            memory, progress.part(0.5, 1),
        )  # fmt: skip
    return ImportSummary(
        product=product.file.name,
        title=str(product.file.attributes().get("title", "")),
        variable=product.variable.name,
        source_units=product.units,
        solutions=product.solutions,
        info=info,
        missing=plan.missing,
        doubles=plan.doubles,
        moved=plan.moved,
        noisy=plan.months[bad],
        noise_rms=noise.rms(),
        noise_assessed=noise.assessed,
        baseline_months=int(usable.sum()),
        has_uncertainty=product.uncertainty is not None,
        mean_series=mean,
        has_bounds=product.start is not None,
        noisy_policy=noisy,
    )


def _check_targets(source, *targets):
    for target in targets:
        if target and Path(target).resolve() == Path(source).resolve():
            raise ParameterError(
                "an output beside the product is expected", "the product itself", str(target)
            )


def _check_baseline(plan, base, baseline, name):
    if not (base & plan.observed).any():
        raise BaselineError(
            "at least one observed month inside the baseline is expected",
            f"none in {baseline[0]} to {baseline[1]}; the record runs "
            f"{plan.months[0]} to {plan.months[-1]}",
            name,
            "Choose BASELINE_START and BASELINE_END inside the record.",
        )


def _row_blocks(product, months, memory):
    # Solutions and their months, each with the copies on the way, in 8 bytes each.
    per_row = product.grid.nx * 8 * (4 * product.solutions + 4 * months)
    height = max(1, int(memory // per_row))
    return [(row, min(height, product.grid.ny - row)) for row in range(0, product.grid.ny, height)]


def _find_noise(product, plan, memory, progress):
    noise = OceanNoise(plan.months)
    if product.land(0, 1) is None:
        return noise
    areas, latitudes = product.grid.cell_areas(), product.grid.y
    blocks = _row_blocks(product, plan.months.size, memory)
    for i, (row, ny) in enumerate(blocks):
        progress.check()
        ocean = ~product.land(row, ny)
        part = slice(row, row + ny)
        if ocean.any():
            values = plan.merge(product.read(row, ny))
            noise.add(values, ocean, areas[part], latitudes[part])
        progress.set((i + 1) / len(blocks))
    return noise


def _write(product, plan, info, corner, usable, drop, output, sigma_output, memory, progress):
    row0, col0 = corner
    columns = np.arange(col0, col0 + info.grid.nx) % product.grid.nx
    areas = info.grid.cell_areas()
    total, weight = np.zeros(info.months.size), np.zeros(info.months.size)
    height, tile_rows = _strips(_row_blocks(product, plan.months.size, memory)[0][1])
    with ExitStack() as files:
        paths = files.enter_context(atomic_paths([output, sigma_output]))
        target = files.enter_context(stack_writer(paths[0], info, name=output, tile_rows=tile_rows))
        sigma = None
        if sigma_output:
            sigma_info = StackInfo(
                info.grid, info.months, "cm",
                "one-sigma uncertainty of terrestrial water storage anomaly",
                (), info.history,
            )  # fmt: skip
            sigma = files.enter_context(
                stack_writer(paths[1], sigma_info, name=sigma_output, tile_rows=tile_rows)
            )
        for row in range(0, info.grid.ny, height):
            progress.check()
            ny = min(height, info.grid.ny - row)
            values = plan.merge(product.read(row0 + row, ny))[:, :, columns]
            values[drop] = np.nan
            values -= _baseline_mean(values, usable)
            target.write(values, row)
            if sigma is not None:
                errors = plan.merge_uncertainty(product.read_uncertainty(row0 + row, ny))
                sigma.write(np.where(np.isfinite(values), errors[:, :, columns], np.nan), row)
            area = areas[None, row : row + ny] * np.isfinite(values)
            total += (area * np.nan_to_num(values)).sum(axis=(1, 2))
            weight += area.sum(axis=(1, 2))
            progress.set((row + ny) / info.grid.ny)
        if not weight.any():
            raise DataError("at least one finite value is expected", "none", product.file.name)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / weight


def _strips(height):
    """Rows read at once, and rows of a tile that fit in them whole."""
    # A tile written in parts is compressed again for each, and where GDAL's cache
    # cannot hold a row of tiles of all months the file grows fourfold.
    tile = TILE
    while tile > max(height, 16):
        tile //= 2
    return max(height // tile * tile, min(height, tile)), tile


def _baseline_mean(values, usable):
    part = values[usable]
    known = np.isfinite(part)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        # A cell never seen inside the baseline has no anomaly: it becomes NaN.
        return np.where(known, part, 0.0).sum(axis=0) / count


def _history(product, plan, baseline, used, noisy, bad, doubles):
    lines = [
        f"imported from {product.file.name}, variable {product.variable.name} "
        f"[{product.units}], {product.solutions} solutions",
        f"{plan.doubles.size} months with two solutions merged ({doubles}); "
        f"{plan.missing.size} months without observation",
        f"anomaly to the mean of {used} observed months in {baseline[0]} to {baseline[1]}",
    ]
    title = " ".join(str(product.file.attributes().get("title", "")).split())
    if title:
        lines.insert(1, f"title of the product: {title}")
    if bad.any():
        names = ", ".join(calendar.month_text(m) for m in plan.months[bad])
        lines.append(f"noise months {names}: {'kept' if noisy == 'keep' else 'set to missing'}")
    return tuple(lines)
