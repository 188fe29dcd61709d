"""The chain "Downscale groundwater to 1 km" at 0.01°, with classes, on the sample."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.residual import Correction
from kilometre import YEAR, run_chain

pytestmark = pytest.mark.headless


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kilometre")
    run_chain(folder)
    return folder


def test_cells_of_a_hundredth_of_a_degree_keep_the_means_of_the_satellite(chain):
    with (
        MonthlyStack(chain / "fine.tif") as fine,
        MonthlyStack(chain / "coarse.tif") as coarse,
        MonthlyStack(chain / "flags.tif") as flags,
    ):
        assert fine.grid.difference(Grid(-38.0, 42.0, 0.01, 0.01, 200, 200)) == ""
        assert [str(m) for m in fine.months] == [f"{YEAR}-{m:02}" for m in range(1, 13)]
        observed = flags.months[(flags.read() == 0).any(axis=(1, 2))]
        months = np.intersect1d(fine.months, observed)
        values = fine.read(bands=np.searchsorted(fine.months, months))
        wanted = coarse.read(bands=np.searchsorted(coarse.months, months))
        correction = Correction(coarse.grid, fine.grid)
    total, weight = correction.sums(values, 0, 0)
    whole = (weight >= 0.999 * correction.whole) & (correction.whole > 0)
    assert whole.sum() == 4 * len(months) and len(months) >= 9
    means = total[whole] / weight[whole]
    assert np.abs(means - wanted[whole]).max() < 0.01


def test_each_class_has_its_model_and_detail_is_below_a_tenth_of_a_degree(chain):
    import rasterio

    with MonthlyStack(chain / "fine.tif") as fine:
        values, grid = fine.read(bands=[5])[0], fine.grid
    with rasterio.open(chain / "aquifers.tif") as file:
        row, col = file.index(float(grid.x[0]), float(grid.y[0]))
        classes = file.read(1)[row : row + grid.ny, col : col + grid.nx]
    held = np.unique(classes)
    assert held.tolist() == [14, 23]
    assert all(np.isfinite(values[classes == c]).all() for c in held)
    blocks = values.reshape(20, 10, 20, 10)
    assert np.median(blocks.std(axis=(1, 3))) > 0.05
    assert "sample-trees-1km" in (chain / "downscale.html").read_text(encoding="utf-8")


def test_it_is_nearer_to_the_truth_than_the_coarse_cells(chain):
    """In months that the satellite observed: the others are not corrected."""
    with (
        MonthlyStack(chain / "fine.tif") as fine,
        MonthlyStack(chain / "coarse.tif") as coarse,
        MonthlyStack(chain / "truth.tif") as truth,
        MonthlyStack(chain / "flags.tif") as flags,
    ):
        seen = flags.months[(flags.read() == 0).any(axis=(1, 2))]
        months = np.intersect1d(fine.months, seen)
        found = fine.read(bands=np.searchsorted(fine.months, months))
        right = truth.read(bands=np.searchsorted(truth.months, months))
        wide = coarse.read(bands=np.searchsorted(coarse.months, months))
        rows = ((coarse.grid.y0 - fine.grid.y) / coarse.grid.dy).astype(int)
        cols = ((fine.grid.x - coarse.grid.x0) / coarse.grid.dx).astype(int)
    repeated = wide[:, rows][:, :, cols]
    known = np.isfinite(found) & np.isfinite(repeated)
    error = np.sqrt(np.mean((found - right)[known] ** 2))
    plain = np.sqrt(np.mean((repeated - right)[known] ** 2))
    print(f"RMSE {error:.2f} cm, replicated {plain:.2f} cm")
    assert known.mean() > 0.9 and error < plain
