"""The peers that need a few lines around them."""

from collections import namedtuple

import numpy as np

Case = namedtuple("Case", "x0 y0 dx dy nx ny")


def plain_ssa(x, window, modes, tolerance=1e-2):
    """The published iteration with a full SVD a step, for one series."""
    gaps = np.isnan(x)
    x = np.where(gaps, 0.0, x)
    n = x.size
    columns = n - window + 1
    weights = np.convolve(np.ones(window), np.ones(columns))
    for k in range(1, modes + 1):
        for _ in range(10_000):
            u, s, v = np.linalg.svd(
                np.lib.stride_tricks.sliding_window_view(x, columns), full_matrices=False
            )
            low = (u[:, :k] * s[:k]) @ v[:k]
            rebuilt = np.zeros(n)
            for row in range(window):
                rebuilt[row : row + columns] += low[row]
            rebuilt /= weights
            change = np.sqrt(np.mean((rebuilt[gaps] - x[gaps]) ** 2))
            size = np.sqrt(np.mean(x[gaps] ** 2))
            x[gaps] = rebuilt[gaps]
            if change < tolerance * size:
                break
    return x


def zonal_case(bands=60, ny=420, nx=690, polygons=200, seed=0):
    """A fine grid of many bands under wobbly polygons."""
    rng = np.random.default_rng(seed)
    grid = _grid(ny, nx)
    rings, features = [], []
    for number in range(polygons):
        x, y = rng.uniform(75, 132), rng.uniform(20, 52)
        angle = np.linspace(0, 2 * np.pi, 400)[:-1]
        radius = rng.uniform(1, 3) * (1 + 0.2 * np.sin(5 * angle + rng.uniform(0, 6)))
        ring = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
        rings.append([ring])
        closed = [*ring.tolist(), ring[0].tolist()]
        features.append(
            {
                "type": "Feature",
                "properties": {"id": number},
                "geometry": {"type": "Polygon", "coordinates": [closed]},
            }
        )
    values = rng.normal(size=(bands, ny, nx))
    return grid, rings, features, values


def exactextract_means(grid, features, values):
    """Area-weighted means of every band with exactextract's defaults."""
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    west, south, east, north = grid.extent
    box = {"xmin": west, "ymin": south, "xmax": east, "ymax": north}
    rasters = [NumPyRasterSource(v, name=f"b{i}", **box) for i, v in enumerate(values)]
    areas = NumPyRasterSource(np.array(grid.cell_areas()), name="area", **box)
    return exact_extract(rasters, features, "weighted_mean", weights=areas)


def _grid(ny, nx):
    from grace_water_toolbox.core.data.grid import Grid

    return Grid(69.0, 57.0, 0.1, 0.1, nx, ny)
