"""Rows of ``make bench``: the downscaling engine beside what it stands on.

The engine's time is that of a whole run once the model is loaded: predictors read from a
GeoTIFF, batches cut and put together, results written. The peer of the U-Net is the time that
the same run spent inside ONNX Runtime; that of the trees ONNX Runtime alone on ready batches,
at the best of its thread settings. Sides take turns, and each keeps its best.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from grace_water_toolbox.core.progress import Progress

ROUNDS = 3
#: The engine may be so much slower than ONNX Runtime alone.
UNET_GOAL, TREE_GOAL = 1 / 1.15, 1 / 1.10


def downscaling_rows():
    """All rows: (name, peer, ours, theirs, goal)."""
    yield from unet_rows()
    yield from tree_rows()
    yield from spline_rows()
    yield from mean_rows()


def best_of(cases, rounds=ROUNDS):
    """Seconds of each function, the best of rounds in which all take turns."""
    best = [np.inf] * len(cases)
    for _ in range(rounds):
        for i, function in enumerate(cases):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def predictor_set(path, features, ny, nx, months=1):
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.downscaling.predictorset import predictor_writer

    rng = np.random.default_rng(1)
    axis = np.datetime64("2004-01", "M") + np.arange(months)
    variables = [(f"x{i}", "1", axis) for i in range(features)]
    values = rng.normal(size=(features * months, ny, nx)).astype("f4")
    with predictor_writer(path, Grid(70.0, 50.0, 0.1, 0.1, nx, ny), variables) as writer:
        writer.write(values)
    return values


class Watch(Progress):
    """Knows when the work began, behind the loading of the model."""

    began = 0.0

    def is_cancelled(self):
        self.began = self.began or time.perf_counter()
        return False


def engine(folder, threads=0):
    """A function that runs ``model.onnx`` over ``set.tif``: (seconds, those in ONNX Runtime)."""
    from grace_water_toolbox.core.downscaling.domain import choose_domain, choose_months
    from grace_water_toolbox.core.downscaling.model import load_model
    from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
    from grace_water_toolbox.core.downscaling.running import Job, downscale

    model = load_model(folder / "model.onnx")

    def run():
        with PredictorSet(str(folder / "set.tif")) as predictors:
            months, usable = choose_months(model.contract, predictors)
            job = Job(model, predictors, choose_domain(predictors.grid), months, usable)
            job.threads, watch = threads, Watch()
            summary = downscale(job, folder / "out.tif", progress=watch)
            return time.perf_counter() - watch.began, summary

    return run


def raw(folder, batches, threads=0):
    """A function that gives ready batches to ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    return lambda: [session.run(None, {"predictors": batch}) for batch in batches]


def unet_rows(size=32, across=12):
    """Patches a second of a U-Net of 7.7 M parameters, and inside ONNX Runtime alone."""
    from models import unet

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        count = unet(folder / "model.onnx", 12, size)
        predictor_set(folder / "set.tif", 12, size * across, size * across)
        runs = [engine(folder)() for _ in range(ROUNDS)]
        seconds, summary = min(runs, key=lambda run: run[0] / run[1].busy)
        name, patches = f"U-Net, {count / 1e6:.1f} M parameters, 32² patches", across**2
        yield name, "ONNX Runtime inside", patches / seconds, patches / summary.busy, UNET_GOAL


def tree_rows(ny=200, nx=300):
    """Rows a second of 500 trees of depth 8 on 19 features, each side at its best threads."""
    from models import trees

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        trees(folder / "model.onnx")
        values = predictor_set(folder / "set.tif", 19, ny, nx)
        rows = np.ascontiguousarray(values.reshape(19, -1).T)
        settings = (1, 2, 0)
        ours, theirs = ([np.inf] * len(settings) for _ in range(2))
        both = [(engine(folder, t), raw(folder, np.array_split(rows, 4), t)) for t in settings]
        for _ in range(ROUNDS):
            for i, (mine, peer) in enumerate(both):
                ours[i] = min(ours[i], mine()[0])
                theirs[i] = min(theirs[i], best_of([peer], 1)[0])
        best = settings[int(np.argmin(theirs))] or "all"
        name, peer = "Trees, 500 × depth 8, 19 features", f"ONNX Runtime, {best} threads"
        yield name, peer, len(rows) / min(ours), len(rows) / min(theirs), TREE_GOAL


def spline_rows(coarse=40, ratio=25):
    """Pixels a second of a residual brought to cells 25 times finer, and its mass error."""
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.downscaling.residual import Correction, coarse_mean
    from scipy.ndimage import zoom

    residual = np.random.default_rng(2).normal(size=(4, coarse, coarse))
    size = coarse * ratio
    fine = Grid(70.0, 50.0, 1.0 / ratio, 1.0 / ratio, size, size)
    correction = Correction(Grid(70.0, 50.0, 1.0, 1.0, coarse, coarse), fine)

    def ours():
        coefficients = correction.coefficients(residual, "conserving")
        return correction.field(coefficients, None, "conserving", 0, 0, size, size)

    def peer():
        return np.stack([zoom(r, ratio, order=3, grid_mode=True, mode="nearest") for r in residual])

    field = ours()
    total, weights = correction.sums(field, 0, 0)
    error = np.abs(coarse_mean(total, weights, correction.whole) - residual).max()
    if error > 1e-6 * residual.std():
        raise SystemExit(f"the spline misses its means by {error:.1e}")
    mine, theirs = best_of([ours, peer], 4)
    name = f"Spline residual to 25 × finer, mass {error:.0e}"
    yield name, "ndimage.zoom grid_mode", field.size / mine, field.size / theirs, 5


def mean_rows(size=3000, ratio=10, months=4):
    """Pixels a second of an area-weighted mean over blocks of cells, in memory."""
    from grace_water_toolbox.core.data.aligning import align_values
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.data.separable import axis_weights
    from osgeo import gdal

    gdal.UseExceptions()
    values = np.random.default_rng(3).normal(size=(months, size, size)).astype("f4")
    fine = Grid(0.0, 0.0, 10.0, 10.0, size, size, "EPSG:32631")
    wide = Grid(0.0, 0.0, 10.0 * ratio, 10.0 * ratio, size // ratio, size // ratio, "EPSG:32631")
    y, x = axis_weights("mean", fine, wide)
    whole = np.outer(y.whole, x.whole)
    source = gdal.GetDriverByName("MEM").Create("", size, size, months, gdal.GDT_Float32)
    source.SetGeoTransform(fine.geotransform)
    source.WriteArray(values)

    def ours():
        return align_values(values, y.matrix, x.matrix, whole)

    def peer():
        done = gdal.Warp("", source, format="MEM", xRes=10 * ratio, yRes=10 * ratio,
                         resampleAlg="average", multithread=True)  # fmt: skip
        return done.ReadAsArray()

    difference = np.abs(ours() - peer()).max()
    if difference > 1e-5:
        raise SystemExit(f"block means differ by {difference:.1e}")
    mine, theirs = best_of([ours, peer], 4)
    name = f"Block mean, {ratio} × {ratio} cells, diff {difference:.0e}"
    yield name, "gdal.Warp average", values.size / mine, values.size / theirs, 10


if __name__ == "__main__":
    for row in downscaling_rows():
        print(f"{row[0]:48} {row[1]:28} {row[2]:12.0f} {row[3]:12.0f} {row[2] / row[3]:6.2f} "
              f"{row[4]:.2f}", flush=True)  # fmt: skip
