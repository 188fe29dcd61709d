"""Amplitude and phase of the annual and the semiannual wave."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..data.atomic import atomic_paths
from ..data.bands import BandFile
from ..data.blocks import run_blocks
from ..data.rasterfile import RasterWriter
from ..errors import DataError
from ..progress import SILENT
from .areas import weighted_mean
from .harmonic import fit_harmonics
from .months import observed_reader
from .series import as_series, rounding

AMPLITUDES = ("annual_amplitude", "semiannual_amplitude", "explained_share", "months")
PHASES = ("annual_peak_month", "semiannual_peak_month")
#: Months below which a season is not told from a trend.
MIN_MONTHS = 24


@dataclass
class AmplitudeSummary:
    """Cells with a fit, area-weighted mean of the annual amplitude, cells without a phase."""

    cells: int
    mean: float
    small: int
    months: int


def amplitude_phase(values, months, min_amplitude=0.0):
    """Amplitude and month of maximum of each series, by least squares on what is observed.

    x(t) = a + b t + Σ_{h=1,2} A_h cos(2πh (t − t_h)/12). ``values`` (time, pixel), any unit,
    NaN = missing; ``months`` datetime64[M] of the rows. Returns (4, pixel), amplitudes in
    the unit of the series, and (2, pixel), the months of maximum.

    Amplitudes: annual, semiannual, share of the variance without the trend that the two
    waves explain (0 to 1), observed months. Phases: 1.0 is the start of January, 1.5 its
    middle, so that the whole number is the calendar month; the annual one lies in 1…13,
    the semiannual one, the first of two, in 1…7. NaN where the amplitude is below
    ``min_amplitude`` or 0 but for rounding; a constant has no share to explain. Under 24
    observed months, or months that cannot tell the terms apart, all but the number of
    months is NaN.
    Source: harmonic regression, see `fit_harmonics`.
    """
    # A monthly value stands for the middle of its month, half a month after its start.
    number = np.asarray(months, "datetime64[M]").astype(int) + 0.5
    values = as_series(values)
    fit, tiny = fit_harmonics(values, number), rounding(values)
    observed = np.isfinite(fit.residual).sum(axis=0)
    count = np.isfinite(values).sum(axis=0)
    good = count >= MIN_MONTHS
    amplitudes, phases = [], []
    for h in (1, 2):
        c = fit.coefficients[fit.names.index(f"cos{h}")]
        s = fit.coefficients[fit.names.index(f"sin{h}")]
        size = np.where(good, np.hypot(c, s), np.nan)
        period = 12.0 / h
        peak = 1.0 + np.mod(np.arctan2(s, c) * period / (2.0 * np.pi), period)
        # Rounding, at the latest that to 32 bits, can give the end of the turn: its beginning.
        peak = np.where(peak > 1.0 + period - 2e-6, 1.0, peak)
        with np.errstate(invalid="ignore"):
            phases.append(np.where((size >= min_amplitude) & (size > tiny), peak, np.nan))
        amplitudes.append(size)
    without_trend = fit.seasonal + fit.residual
    n = np.maximum(observed, 1)
    mean = np.nansum(without_trend, axis=0) / n
    total = np.nansum((without_trend - mean) ** 2, axis=0)
    left = np.nansum(fit.residual**2, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where(good & (total > n * tiny**2), 1.0 - left / total, np.nan)
    explained[np.isnan(amplitudes[0])] = np.nan
    return np.stack([*amplitudes, explained, count.astype(float)]), np.stack(phases)


def map_amplitude_phase(
    stack,
    output,
    phase_output="",
    *,
    flags=None,
    start="",
    end="",
    min_amplitude=0.0,
    progress=SILENT,
    **blocks,
):
    """Write bands `AMPLITUDES` and, to ``phase_output`` where given, `PHASES`.

    ``flags`` of a gap filling set filled months aside. Returns an `AmplitudeSummary`.
    Raises `TimeAxisError` under 24 months, `DataError` where no cell has as many.
    """
    picked, reads, observed = observed_reader(stack, flags, start, end, MIN_MONTHS)
    months, seen = stack.months[picked], []

    def kernel(values, *rest):
        *flag, check = rest
        check()
        result = amplitude_phase(observed(values, flag), months, min_amplitude)
        known = np.isfinite(result[0][0])
        seen.append((known.sum(), (known & np.isnan(result[1][0])).sum()))
        return result

    line = f"annual and semiannual wave by least squares, {months[0]} to {months[-1]}, " + (
        "filled months set aside" if flags is not None else "all months with a value"
    )
    tags = {
        "long_name": f"season of {stack.info.long_name or stack.name}",
        "history": "\n".join((*stack.info.history, line)),
    }
    unit = stack.units
    targets = (output, phase_output)
    kinds = ((AMPLITUDES, [unit, unit, "1", "months"]), (PHASES, "month"))
    with ExitStack() as files:
        writers = [
            files.enter_context(
                RasterWriter(path, stack.grid, bands, units=units, tags=tags, name=target)
            )
            if path
            else None
            for path, target, (bands, units) in zip(
                files.enter_context(atomic_paths(targets)), targets, kinds
            )
        ]
        run_blocks(
            stack.grid, reads, kernel, writers,
            planes=6 * picked.size, progress=progress, **blocks,
        )  # fmt: skip
        cells, small = np.sum(seen, axis=0) if seen else (0, 0)
        if not cells:
            raise DataError(
                f"a cell with {MIN_MONTHS} months over the whole year is expected",
                "none",
                stack.name,
            )
    with BandFile(output) as made:
        mean = weighted_mean(made, AMPLITUDES[0])
    return AmplitudeSummary(int(cells), mean, int(small), months.size)
