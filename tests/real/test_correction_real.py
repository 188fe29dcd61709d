"""Residual correction where it is used: a real field with a coast, and the sample twin."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.aligning import align_stack
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.correcting import correct_residuals
from grace_water_toolbox.export.bangladesh import prepare_bangladesh
from grace_water_toolbox.export.sampletwin import prepare_sample


def largest_departure(folder, fine, method):
    """Largest |coarse − mean of the corrected field| over coarse cells, by the aligning kernel."""
    with (
        MonthlyStack(str(folder / fine)) as stack,
        MonthlyStack(str(folder / "coarse.tif")) as coarse,
    ):
        summary = correct_residuals(stack, coarse, folder / "corrected.tif", method=method)
        wanted, months = coarse.read() * coarse.to_centimetres(), coarse.months
        grid = coarse.grid
    with MonthlyStack(str(folder / "corrected.tif")) as stack:
        align_stack(stack, grid, folder / "means.tif", min_share=0.5)
        unit = stack.to_centimetres()
    with MonthlyStack(str(folder / "means.tif")) as stack:
        here = np.isin(months, stack.months)
        found = stack.read()[np.isin(stack.months, months)] * unit
    both = np.isfinite(found) & np.isfinite(wanted[here])
    assert both.sum() > 500 and np.nanmax(summary.most_before) > 1.0
    return np.abs(found - wanted[here])[both].max()


@pytest.mark.real
@pytest.mark.parametrize("factor", [4, 6])
def test_bangladesh_keeps_its_coarse_means(data, tmp_path, monkeypatch, factor):
    monkeypatch.setenv("GRACE_WATER_DATA", str(data))
    prepare_bangladesh(tmp_path, factor, lambda text: None)
    assert largest_departure(tmp_path, "gldas.tif", "conserving") < 0.01
    # The published pass is a spline through the residuals: it does not.
    assert largest_departure(tmp_path, "gldas.tif", "spline") > 0.1


def test_the_sample_twin_keeps_its_coarse_means(tmp_path):
    prepare_sample(tmp_path, "small", 0, lambda text: None)
    assert largest_departure(tmp_path, "physical.tif", "conserving") < 0.01
    assert largest_departure(tmp_path, "physical.tif", "spline") > 0.1
