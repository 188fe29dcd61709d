"""What an evaluation has beside the scores of stacks: climatology, coverage, stated noise."""

import numpy as np

from ..core.data.aligning import align_stack
from ..core.data.stack import MonthlyStack, StackInfo, write_stack

#: Half width of 95 % of a normal distribution in standard deviations.
Z95 = 1.959964
#: The row of a model that conserves, before the toolbox has closed its coarse means.
ALONE = "model without its last layer"
STAGES = {ALONE: "before the conserving last layer", "model": "with that layer (by construction)"}


def climatology(coarse, months, grid, path, work):
    """Write the mean of each calendar month of the coarse field over ``months``, replicated.

    ``months`` are those of training, so that what is held out stays unseen. Returns whether
    they hold every calendar month; else nothing is written.
    """
    values = coarse.read()
    kind = coarse.months.astype(int) % 12
    used = np.isin(coarse.months, months)
    if np.unique(kind[used]).size < 12:
        return False
    out = np.full(values.shape, np.nan)
    for number in range(12):
        part = values[used & (kind == number)]
        known = np.isfinite(part)
        count = known.sum(axis=0)
        total = np.where(known, part, 0.0).sum(axis=0)
        mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        out[kind == number] = mean
    info = StackInfo(coarse.grid, coarse.months, coarse.units, "climatology", coarse.baseline)
    write_stack(work, info, out)
    with MonthlyStack(str(work)) as stack:
        align_stack(stack, grid, path, method="nearest")
    return True


def coverage(mean, sigma, truth, months, inside=None):
    """PICP95: share of true values within mean ± 1.96 σ, by cell and month; None for none.

    A few members cannot be nominal (0.95): it is reported, not asked for.
    """
    hits = count = 0
    for month in months:
        bands = [np.flatnonzero(s.months == month) for s in (mean, sigma, truth)]
        if not all(b.size for b in bands):
            continue
        m, s, t = (
            stack.read(bands=b)[0] * stack.to_centimetres()
            for stack, b in zip((mean, sigma, truth), bands)
        )
        known = np.isfinite(m) & np.isfinite(s) & np.isfinite(t)
        if inside is not None:
            known &= inside
        hits += int((np.abs(m - t)[known] <= Z95 * s[known]).sum())
        count += int(known.sum())
    return hits / count if count else None


def stated_noise(uncertainty, months):
    """Mean stated uncertainty (cm) over cells and ``months``; None where there is none."""
    bands = np.flatnonzero(np.isin(uncertainty.months, months))
    if not bands.size:
        return None
    values = uncertainty.read(bands=bands) * uncertainty.to_centimetres()
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else None


def noise_lines(results):
    """What an evaluation found about stated noise and coverage, as sentences for the card."""
    lines = []
    for region, found in results.get("members", {}).items():
        if not isinstance(found, dict):
            lines.append(f"{region[:1].upper()}{region[1:]}: {found:.2f}.")
            continue
        rows = results.get(region, {})
        noise, share = found.get("stated noise, cm"), found.get("picp95")
        for name in (ALONE, "model"):
            own = rows.get(name, {}).get("coarse_rmse")
            if own is None or noise is None:
                continue
            what = "before correction" if ALONE not in rows else STAGES[name]
            where = "below" if own < noise else "NOT below"
            lines.append(
                f"Coarse RMSE {what}, {own:.2f} cm, is {where} the stated noise, "
                f"{noise:.2f} cm ({region})."
            )
        if share is not None:
            lines.append(
                f"{100 * share:.0f} % of the truth lies within mean ± 1.96 sigma of the members "
                f"({region}); few members cannot be nominal."
            )
    return lines
