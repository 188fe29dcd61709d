"""Gap fillings on months that were observed and hidden, from the real record.

``python bench/heldout.py PRODUCT.nc BASINS [--noisy keep] [--cells N] [--csv FILE]``

Long gaps: the eleven months between the missions are hidden at other places of the
record. Stage a of the published procedure then ends before the hidden gap, as it does
before the real one, and stage b, its modes cross-validated without the hidden months,
fills it. Short gaps: the record's own short gaps, moved by half a year.
Basins are filled as series of their area-weighted mean; ``--cells N`` fills N random
land cells instead. RMSE and NSE = 1 − SSE / SST of a series are over all hidden months.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
from grace_water_toolbox.core.basins.coverage import orient_rings
from grace_water_toolbox.core.basins.series import basin_series
from grace_water_toolbox.core.basins.statistics import CoverageMatrix
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.gap_filling.climatology import fill_climatology
from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates
from grace_water_toolbox.core.gap_filling.linear import fill_linear
from grace_water_toolbox.core.gap_filling.stages import fill_fixed, fill_published

#: First months of the hidden gaps of eleven; the real one begins in 2017-07.
LONG = ("2006-07", "2008-07", "2010-01", "2011-07", "2013-01", "2014-07", "2019-07", "2021-07")
SHIFTS = (6, -5)
ERA_END = np.datetime64("2017-06")


def main():
    """Hide, fill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("product")
    parser.add_argument("basins")
    parser.add_argument("--noisy", default="missing", choices=("keep", "missing"))
    parser.add_argument("--cells", type=int)
    parser.add_argument("--csv", help="figures of every basin")
    given = parser.parse_args()
    names, months, values = series(given)
    print(f"{values.shape[1]} series, {months[0]} to {months[-1]}, noise months {given.noisy}")
    rows = []
    for kind, hidden in (("long", long_gaps(months)), ("short", short_gaps(months, values))):
        rows += [(kind, method, *scores) for method, scores in compare(values, months, hidden)]
    report(rows, names, given.csv)


def series(given):
    """Names, months and values (time, series) of the basins or of random land cells."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tws.tif"
        import_grace(given.product, path, noisy=given.noisy)
        with MonthlyStack(path) as stack:
            grid, months = stack.grid, stack.months
            flat = stack.read().reshape(months.size, -1)
    if given.cells:
        land = np.flatnonzero(open_grace(given.product).land(0, 180))
        chosen = np.sort(np.random.default_rng(0).choice(land, given.cells, replace=False))
        return [str(c) for c in chosen], months, flat[:, chosen]
    names, rings = read_basins(given.basins)
    means = basin_series(CoverageMatrix.from_rings(rings, grid, names), flat).mean
    known = np.isfinite(means).any(axis=0)
    return [n for n, k in zip(names, known) if k], months, means[:, known]


def read_basins(path):
    """Names and rings of a polygon layer in degrees, repaired."""
    from osgeo import ogr

    source = ogr.Open(path)
    layer, names, rings = source.GetLayer(), [], []
    fields = {f.GetName().lower(): f.GetName() for f in layer.schema}
    field = next(fields[n] for n in ("name", "basin", "river_basi") if n in fields)
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if not geometry.IsValid():
            geometry = geometry.MakeValid()
        names.append(str(feature.GetField(field)))
        rings.append(orient_rings(list(parts_of(geometry))))
    return names, rings


def parts_of(geometry):
    """(outer ring, holes) of each polygon."""
    if geometry.GetGeometryName() == "POLYGON":
        count = geometry.GetGeometryCount()
        each = [np.array(geometry.GetGeometryRef(i).GetPoints())[:, :2] for i in range(count)]
        yield each[0], each[1:]
        return
    for index in range(geometry.GetGeometryCount()):
        yield from parts_of(geometry.GetGeometryRef(index))


def long_gaps(months):
    """(hidden (time,), end of stage a) of each place of the eleven months."""
    for text in LONG:
        start = np.datetime64(text)
        hidden = (months >= start) & (months < start + 11)
        yield hidden, min(start - 1, ERA_END)


def short_gaps(months, values):
    """(hidden (time,), end of stage a): the era's short gaps, moved."""
    gone = np.isnan(values).all(axis=1) & (months <= ERA_END)
    for shift in SHIFTS:
        hidden = np.roll(gone, shift) & ~gone & (months < ERA_END)
        hidden[:2] = False
        yield hidden, ERA_END


def compare(values, months, cases):
    """Yield (method, (RMSE, NSE)) over all cases, each (series,)."""
    miss, truth = {name: [] for name in METHODS}, []
    for hidden, era_end in cases:
        masked = np.where(hidden[:, None], np.nan, values)
        seen = values[hidden]
        truth.append(seen)
        for name, fill in METHODS.items():
            miss[name].append(fill(masked, months, era_end)[hidden] - seen)
        print(f"  {months[hidden][0]}: {hidden.sum()} months hidden", flush=True)
    truth = np.concatenate(truth)
    spread = np.nansum((truth - np.nanmean(truth, axis=0)) ** 2, axis=0)
    for name, parts in miss.items():
        square = np.concatenate(parts) ** 2
        yield name, (np.sqrt(np.nanmean(square, axis=0)), 1 - np.nansum(square, axis=0) / spread)


def published(masked, months, era_end):
    """Two stages, K of the second by cross-validation of what is left."""
    return fill_published(masked, months, era_end=era_end, candidates=Candidates()).filled


METHODS = {
    "SSA published": published,
    "SSA fixed 24/12": lambda x, months, era_end: fill_fixed(x, months, 24, 12).filled,
    "linear": lambda x, months, era_end: fill_linear(x)[0],
    "climatology": lambda x, months, era_end: fill_climatology(x)[0],
}


def report(rows, names, path):
    """Print medians, and write every series' figures."""
    best = {kind: rmse for kind, method, rmse, _ in rows if method == "SSA published"}
    print(f"{'gap':7}{'method':18}{'RMSE 25 %':>10}{'median':>9}{'75 %':>9}{'NSE median':>12}"
          f"{'SSA better in':>15}")  # fmt: skip
    for kind, method, rmse, nse in rows:
        quarter = np.nanpercentile(rmse, [25, 50, 75])
        wins = "" if method == "SSA published" else f"{100 * np.mean(best[kind] < rmse):.0f} %"
        print(f"{kind:7}{method:18}" + "".join(f"{q:9.2f}" for q in quarter)
              + f"{np.nanmedian(nse):12.2f}{wins:>15}")  # fmt: skip
    if path:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["basin", "gap", "method", "rmse", "nse"])
            for kind, method, rmse, nse in rows:
                for one in zip(names, rmse.round(4).tolist(), nse.round(4).tolist()):
                    writer.writerow([one[0], kind, method, *one[1:]])


if __name__ == "__main__":
    main()
