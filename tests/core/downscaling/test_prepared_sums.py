"""Sums of a flux in a predictor set."""

import numpy as np
from grace_water_toolbox.core.downscaling.contract import Variable
from grace_water_toolbox.core.downscaling.cumulating import Cumulation
from grace_water_toolbox.core.downscaling.preparing import Settings

from .layersofaworld import FINE, World, contract_of

SUMS = Cumulation("anomaly", "2004-04", ("2004-04", "2005-03"))


def cumulated(values, first, window):
    """Li et al., section 2.2.3: less the time mean, then summed up, in plain loops."""
    mean = values[window].mean(axis=0)
    total, out = 0.0, []
    for month in values[first:]:
        total = total + (month - mean)
        out.append(total)
    return np.array(out)


def test_sums_are_made_from_the_flux(world):
    inputs = (
        Variable("precipitation", "mm month-1"),
        Variable("pc", "cm", derived="cumulative_anomaly(precipitation)"),
        Variable("ps", "mm", derived="cumulative(precipitation)"),
    )
    plan, _, file, got = world.make(
        contract_of(*inputs), start="2005-01", end="2005-06", cumulation=SUMS
    )
    rain = 1000 * world.values["pr"]
    want = cumulated(rain, 3, slice(3, 15))[9:15]
    np.testing.assert_allclose(got["pc"], want / 10, atol=1e-4)
    np.testing.assert_allclose(got["ps"], np.cumsum(rain[3:], axis=0)[9:15], rtol=1e-5)
    assert file.variables["pc"].units == "cm" and got["precipitation"].shape[0] == 6
    assert plan.mapping().splitlines()[1] == "pc = cumulative_anomaly(precipitation)"


def test_a_sum_of_a_flux_that_is_no_predictor_itself(world):
    inputs = (Variable("pc", "mm", derived="cumulative_anomaly(precipitation)"),)
    plan, _, _, got = world.make(contract_of(*inputs), cumulation=SUMS)
    assert got["pc"].shape[0] == 27
    lines = plan.mapping()
    assert lines == "pc = cumulative_anomaly(precipitation)\nprecipitation = pr"
    # The mapping that was written out gives the same set.
    again = world.make(contract_of(*inputs), lines, cumulation=SUMS)[3]
    np.testing.assert_array_equal(again["pc"], got["pc"])


def test_a_layer_that_is_a_sum_already_is_taken(world):
    world.add("pc", np.ones((30, 8, 12)), "mm", FINE)
    inputs = (Variable("pc", "mm", derived="cumulative_anomaly(precipitation)"),)
    assert (world.make(contract_of(*inputs))[3]["pc"] == 1).all()


def test_holes_are_filled_before_sums_and_masked_cells_never(tmp_path):
    made = World(tmp_path)
    values = np.ones((6, 8, 12))
    values[2, 3, 3] = values[4, 5, 5] = np.nan
    values[:, :, 11] = np.nan
    made.add("pr", values, "mm month-1", FINE)
    masked = np.zeros((8, 12), bool)
    masked[5, 5] = True

    def mask(row, col, ny, nx):
        return masked[row : row + ny, col : col + nx]

    contract = contract_of(
        Variable("precipitation", "mm month-1"),
        Variable("ps", "mm", derived="cumulative(precipitation)"),
    )
    _, summaries, _, got = made.make(
        contract, settings=Settings(holes=2), mask=mask, cumulation=Cumulation("sum", "2004-01")
    )
    assert np.isnan(got["precipitation"][:, 5, 5]).all()
    assert np.isnan(got["precipitation"][:, :, 11]).all()
    assert got["precipitation"][2, 3, 3] == 1 and got["ps"][5, 3, 3] == 6
    first = summaries[0]
    assert (first.filled, first.masked, first.missing) == (1, 6, 48)
    assert first.cells == 6 * 96 and first.known == 6 * 87
    for layer in made.layers:
        layer.close()
