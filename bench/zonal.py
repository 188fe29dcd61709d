"""Basin means of a whole stack from its file, beside exactextract on the same file.

The goal's figures of the peer (default 21 to 26 s, ``raster-sequential`` 2.4 to 3.0 s of a
processor) are those of a file of band-interleaved strips, deflate, that is larger than GDAL's
cache: by default each polygon then unpacks the strips that it touches anew. The cache is a
twentieth of the memory, so a global stack of 0.1 degrees is larger anywhere; here it is held
to 64 MB for this file. Other layouts: our stacks (band-interleaved tiles, deflate), with the
same cache and with all of them in it, and GDAL's own for many bands (pixel-interleaved) as it
is and compressed. Where the last has 128 bands or more, GDAL unpacks all bands for each band
that the peer reads, so its time grows with their square: it gets fewer bands.

exactextract runs as it comes, and with ``raster-sequential``, the better of its strategies for
many features; both are single-threaded. Ours runs in turn with it. Rows come twice: by the
clock, which our threads shorten where there are free cores, and by the processor, all threads
together, which they do not.
"""

import json
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

BANDS, ROWS, COLUMNS, POLYGONS = 225, 420, 690, 200
#: Layouts, how many bands they get, MB of GDAL's cache, and how often they run.
LAYOUTS = (
    ("strips deflate", BANDS, 64, 3),
    ("stack beyond the cache", BANDS, 64, 1),
    ("stack", BANDS, None, 2),
    ("pixel", BANDS, None, 2),
    ("pixel deflate", 130, None, 1),
)
GOAL_DEFAULT, GOAL_BEST = 30, 2
PEERS = (
    ("exactextract default", {}, GOAL_DEFAULT),
    ("exactextract raster-seq.", {"strategy": "raster-sequential"}, GOAL_BEST),
)


def zonal_rows():
    """Rows of ``make bench``; each checks that both sides agree within 1e-6."""
    from grace_water_toolbox.core.data.grid import Grid

    grid = Grid(69.0, 57.0, 0.1, 0.1, COLUMNS, ROWS)
    rings, features = polygons()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        vector, weights = folder / "basins.geojson", folder / "area.tif"
        vector.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        write(weights, grid, np.broadcast_to(grid.cell_areas(), (1, ROWS, COLUMNS)))
        fields = smooth_fields()
        for layout, bands, megabytes, runs in LAYOUTS:
            path, values = folder / f"{layout}.tif", fields[:bands]
            if layout.startswith("stack"):
                write_ours(path, grid, values)
            else:
                packing = {"compress": "deflate"} if "deflate" in layout else {}
                interleave = "band" if "strips" in layout else "pixel"
                write(path, grid, values, interleave=interleave, **packing)
            for peer, options, goal in PEERS:
                times = []
                with gdal_cache(megabytes):
                    for _ in range(runs):
                        mine, ours_took = timed(ours, path, rings)
                        other, peer_took = timed(exactextract, path, vector, weights, options)
                        times.append((ours_took, peer_took))
                worst = np.abs(mine - other).max()
                if worst > 1e-6:
                    raise SystemExit(f"zonal means differ by {worst:.1e}")
                best = np.min(times, axis=0)
                for number, kind in enumerate(("clock", "processor")):
                    name = f"Zonal ({layout}, {bands} bands), {kind}, diff {worst:.0e}"
                    yield name, peer, *bands / best[:, number], goal


@contextmanager
def gdal_cache(megabytes):
    """Hold GDAL's cache of blocks to a size; None leaves it."""
    from osgeo import gdal

    before = gdal.GetCacheMax()
    if megabytes:
        gdal.SetCacheMax(megabytes * 2**20)
    try:
        yield
    finally:
        gdal.SetCacheMax(before)


def polygons(seed=0):
    """Wobbly polygons as ring lists and as GeoJSON features."""
    rng = np.random.default_rng(seed)
    rings, features = [], []
    for number in range(POLYGONS):
        x, y = rng.uniform(75, 132), rng.uniform(20, 52)
        angle = np.linspace(0, 2 * np.pi, 400)[:-1]
        radius = rng.uniform(1, 3) * (1 + 0.2 * np.sin(5 * angle + rng.uniform(0, 6)))
        ring = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
        rings.append([ring])
        closed = [*ring.tolist(), ring[0].tolist()]
        shape = {"type": "Polygon", "coordinates": [closed]}
        features.append({"type": "Feature", "properties": {"number": number}, "geometry": shape})
    return rings, features


def smooth_fields(seed=0):
    """Fields (band, y, x) that vary over some cells, of unit size."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    fields = (gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), 3) for _ in range(BANDS))
    return np.stack([10 * field for field in fields]).astype("float32")


def write(path, grid, values, **options):
    """An uncompressed GeoTIFF in GDAL's layout."""
    import rasterio
    from rasterio.transform import Affine

    months = np.datetime64("2002-04", "M") + np.arange(len(values))
    with rasterio.open(
        path, "w", driver="GTiff", width=grid.nx, height=grid.ny, count=len(values),
        dtype=values.dtype.name, crs=grid.crs, transform=Affine.from_gdal(*grid.geotransform),
        **options,
    ) as file:  # fmt: skip
        file.write(values)
        file.descriptions = [str(month) for month in months]
        file.update_tags(units="cm")


def write_ours(path, grid, values):
    """A stack as every algorithm of the toolbox writes it."""
    from grace_water_toolbox.core.data.stack import StackInfo, write_stack

    months = np.datetime64("2002-04", "M") + np.arange(len(values))
    write_stack(path, StackInfo(grid, months, "cm", "bench"), values)


def ours(path, rings):
    """Coverage and series, from opening the file on."""
    from grace_water_toolbox.core.basins.zonal import coverage_of, stack_basin_series
    from grace_water_toolbox.core.data.stack import MonthlyStack

    with MonthlyStack(path) as stack:
        return stack_basin_series(stack, coverage_of(stack, rings, range(len(rings)))).mean


def exactextract(path, vector, weights, options):
    """Area-weighted means (band, polygon)."""
    from exactextract import exact_extract

    found = exact_extract(
        str(path),
        str(vector),
        "weighted_mean",
        weights=str(weights),
        include_cols=["number"],
        **options,
    )
    rows = sorted((one["properties"] for one in found), key=lambda row: row["number"])
    bands = sum(key.endswith("_weight_weighted_mean") for key in rows[0])
    names = [f"band_{band}_weight_weighted_mean" for band in range(1, bands + 1)]
    return np.array([[row[name] for name in names] for row in rows]).T


def timed(function, *arguments):
    """What ``function`` returns, and the seconds it took: by the clock, of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, (time.perf_counter() - clock, time.process_time() - processor)
