"""Does the stated one-sigma of a basin mean hold what the satellite got wrong?

The twin's noise is Gaussian in space with L = 300 km and of stated size, so the
Gaussian form should be right for it, and a form that averages cells as if they were
independent far too small.
"""

import numpy as np
import pytest
from grace_water_toolbox.core.basins.propagation import basin_uncertainty
from grace_water_toolbox.core.basins.zonal import coverage_of, stack_basin_series
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.data.twin import make_twin


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Errors over sigma (month × seed, basin), and those of sigma for independent cells."""
    folder = tmp_path_factory.mktemp("twin")
    ratios, naive = [], []
    for seed in range(3):
        twin = make_twin(seed)
        files = {}
        for name in ("grace", "resolved_tws", "grace_sigma"):
            info = StackInfo(twin.product_grid, twin.months, "cm", name)
            write_stack(folder / f"{name}{seed}.tif", info, getattr(twin, name))
            files[name] = MonthlyStack(folder / f"{name}{seed}.tif")
        matrix = coverage_of(files["grace"], list(twin.basins.values()), list(twin.basins))
        seen, true = (
            stack_basin_series(files[name], matrix).mean for name in ("grace", "resolved_tws")
        )
        sigma, upper, model = basin_uncertainty(files["grace"], files["grace_sigma"], matrix)
        assert model == "gaussian"
        assert (sigma <= upper * (1 + 1e-12))[np.isfinite(sigma)].all()
        error = seen - true
        error -= np.nanmean(error, axis=0)
        # The noise month is not foreseen by the stated sigma.
        error[twin.months == np.datetime64("2015-02")] = np.nan
        ratios.append(error / sigma)
        w = matrix.weights.toarray()
        w /= w.sum(axis=1, keepdims=True)
        cells = files["grace_sigma"].read().reshape(len(error), -1)
        alone = np.sqrt(np.nan_to_num(cells) ** 2 @ (w**2).T)
        naive.append(error / np.where(np.isfinite(sigma), alone, np.nan))
        for file in files.values():
            file.close()
    return np.concatenate(ratios), np.concatenate(naive)


def test_sigma_is_of_the_size_of_the_error(scores):
    ratio, _ = scores
    size = np.sqrt(np.nanmean(ratio**2, axis=0))
    assert (size > 0.7).all() and (size < 1.4).all(), size
    inside = np.nanmean(np.abs(ratio[np.isfinite(ratio)]) < 1)
    assert 0.55 < inside < 0.80, inside


def test_independent_cells_would_be_far_too_sure(scores):
    _, naive = scores
    assert (np.sqrt(np.nanmean(naive**2, axis=0)) > 1.8).all()
