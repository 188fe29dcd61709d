"""``make bench``: our kernels beside named peers, in one run, as ratios.

Absolute rates drift from machine to machine; only the ratio of a row is worth
quoting. Both sides run on one core unless a row says otherwise. Goals are those of the
project's plan; a row that misses its goal says so.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import time  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from contextlib import contextmanager, nullcontext  # noqa: E402

import numpy as np  # noqa: E402

#: Peers that need another language cannot run here: their rates on another 2-core machine,
#: on which the plain numpy SVD made 20 / 18 pixels a second.
OTHERS = """\
SSA fill M=24 / M=48, K=12 elsewhere, one core, pixels a second: published MATLAB code in Octave
0.26 / 0.32, Rssa igapfill 0.18 / 0.67, beside 20 / 18 of the plain numpy SVD: a ratio of 13 to
the plain SVD at M=24, or of 18 at M=48, is a ratio of 1000 to the published code."""
MONTHS = 284
MISSING = 35


def series(pixels, months=MONTHS, seed=0):
    """GRACE-like series: trend, season, red noise (time, pixel)."""
    rng = np.random.default_rng(seed)
    t = np.arange(months)[:, None]
    season = rng.uniform(2, 12, pixels) * np.sin(2 * np.pi * (t / 12 + rng.uniform(0, 1, pixels)))
    red = np.cumsum(rng.normal(0, 0.6, (months, pixels)), axis=0)
    return rng.normal(0, 0.03, pixels) * t + season + red + rng.normal(0, 1.2, (months, pixels))


def with_gaps(values, seed=1):
    """The record's pattern: scattered months and eleven in a row."""
    rng = np.random.default_rng(seed)
    gappy = values.copy()
    gappy[rng.choice(np.arange(5, 180), MISSING - 13, replace=False)] = np.nan
    gappy[183:194] = gappy[196:198] = np.nan
    return gappy


def rate(function, count, repeat=3):
    """Items a second, the best of a few runs."""
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return count / best


@contextmanager
def without_numba():
    """numpy alone."""
    before = os.environ.get("GRACE_WATER_NUMBA")
    os.environ["GRACE_WATER_NUMBA"] = "0"
    try:
        yield
    finally:
        del os.environ["GRACE_WATER_NUMBA"]
        if before is not None:
            os.environ["GRACE_WATER_NUMBA"] = before


def on_two_threads(kernel, values):
    """``kernel`` on both halves of the pixels at once, as the block engine does."""
    half = values.shape[1] // 2
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(kernel, (values[:, :half], values[:, half:])))


def alternately(cases, rounds=3):
    """Items a second of each (function, count), the best of rounds in which all take turns."""
    best = [0.0] * len(cases)
    for _ in range(rounds):
        for i, (function, count) in enumerate(cases):
            best[i] = max(best[i], rate(function, count, 1))
    return best


def ssa_rows():
    """Iterative SSA against a plain full SVD: one stage, then the cross-validation of stage b."""
    from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates, cross_validate
    from grace_water_toolbox.core.gap_filling.ssa import ssa_fill
    from grace_water_toolbox.core.gap_filling.ssa_lanes import kernel
    from peers import plain_cross_validation, plain_ssa

    values = with_gaps(series(512))
    ways = [("numba, 2 threads", 40), ("numba", 20)] if kernel() else []
    ways += [("no numba, 2 threads", 20), ("no numba", 10)]

    def runner(way, fill, pixels):
        def run():
            with nullcontext() if way.startswith("numba") else without_numba():
                if way.endswith("threads"):
                    on_two_threads(fill, values[:, :pixels])
                else:
                    fill(values[:, :pixels])

        return run

    for window in (24, 48):

        def fill(x, window=window):
            return ssa_fill(x, window, 12)

        def plain(window=window):
            return [plain_ssa(x, window, 12) for x in values[:, :8].T]

        sizes = [512 if way.startswith("numba") else 128 for way, _ in ways]
        cases = [(runner(way, fill, n), n) for (way, _), n in zip(ways, sizes)]
        *ours, peer = alternately([*cases, (plain, 8)])
        for (way, goal), speed in zip(ways, ours):
            yield f"SSA fill M={window} K=12, {way}", "plain numpy SVD", speed, peer, goal

    months = np.datetime64("2002-04") + np.arange(MONTHS)
    for window in (24, 48):

        def validate(x, window=window):
            return cross_validate(x, months, Candidates(windows=(window,)))

        def plain(window=window):
            return plain_cross_validation(values[:, 0], months, window)

        cases = [(runner(way, validate, 64), 64) for way, _ in ways[:1]]
        *ours, peer = alternately([*cases, (plain, 1)], 2)
        for (way, _), speed in zip(ways, ours):
            yield f"SSA CV 12 years, M={window} K 1-12, {way}", "plain, 144 fits", speed, peer, 100


def trend_rows():
    """Sen slope with Mann–Kendall, with missing months."""
    import pymannkendall
    from grace_water_toolbox.core import accelerate
    from grace_water_toolbox.core.trends.correction import corrected_trend_test

    values = with_gaps(series(8192))
    peer = rate(lambda: [pymannkendall.original_test(x) for x in values[:, :200].T], 200, 2)
    if accelerate.load(".trends.pairs_compiled", "grace_water_toolbox.core"):
        ours = rate(lambda: on_two_threads(corrected_trend_test, values), 8192)
        yield "Sen + Mann-Kendall, NaN, numba, 2 threads", "pymannkendall", ours, peer, 50
    with without_numba():
        ours = rate(lambda: corrected_trend_test(values[:, :4096]), 4096)
    yield "Sen + Mann-Kendall, NaN, no numba", "pymannkendall", ours, peer, 10


def stl_rows():
    """STL, not robust."""
    from grace_water_toolbox.core.trends.season import split_season
    from statsmodels.tsa.seasonal import STL

    values = series(16384)
    split_season(values[:, :4])
    ours = rate(lambda: split_season(values), 16384)
    peer = rate(lambda: [STL(x, period=12).fit() for x in values[:, :200].T], 200, 2)
    yield "STL, not robust", "statsmodels", ours, peer, 200


def robust_rows():
    """STL with robustness weights."""
    from grace_water_toolbox.core.trends.robust_stl import robust_stl
    from statsmodels.tsa.seasonal import STL

    values = series(1024)
    robust_stl(values[:, :2])
    ours = rate(lambda: robust_stl(values), 1024, 2)
    peer = rate(lambda: [STL(x, period=12, robust=True).fit() for x in values[:, :40].T], 40, 2)
    yield "STL, robust, no numba", "statsmodels", ours, peer, 8


def main():
    """Print the table."""
    print(f"{'kernel':42} {'peer':18} {'ours/s':>10} {'peer/s':>10} {'ratio':>8} {'goal':>6}")
    from downscaling import downscaling_rows
    from zonal import zonal_rows

    print(OTHERS)
    for rows in (ssa_rows, trend_rows, stl_rows, robust_rows, zonal_rows, downscaling_rows):
        for name, peer, ours, theirs, goal in rows():
            ratio = ours / theirs
            verdict = "" if ratio >= goal else "  below goal"
            print(f"{name:42} {peer:18} {ours:10.1f} {theirs:10.2f} {ratio:8.1f} {goal:6}{verdict}")


if __name__ == "__main__":
    main()
