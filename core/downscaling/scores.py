"""The scores by which downscaled stacks are compared, and how they follow from moments."""

from dataclasses import dataclass, fields

import numpy as np

from ..validation.metrics import numbers


@dataclass
class Scores:
    """Scores of one stack in cm; NaN where there is nothing to score against.

    ``coarse_*`` of coarse means against the coarse field; ``subgrid_sd`` of the stack,
    ``truth_subgrid_sd`` of the truth; ``fine_*`` of fine values, ``within_*`` of their
    departures from the coarse means, both against the truth. Means are area-weighted over
    cells and months that every compared stack has.
    """

    name: str
    coarse_rmse: float = np.nan
    coarse_cc: float = np.nan
    coarse_bias: float = np.nan
    subgrid_sd: float = np.nan
    truth_subgrid_sd: float = np.nan
    fine_rmse: float = np.nan
    fine_cc: float = np.nan
    fine_bias: float = np.nan
    within_rmse: float = np.nan
    within_cc: float = np.nan
    cells: int = 0
    months: int = 0

    def row(self):
        """Values in the order of the fields."""
        return [getattr(self, f.name) for f in fields(self)]

    def plain(self):
        """Values by name, but the name itself; None for NaN, as JSON asks."""
        return {
            key: (None if isinstance(v, float) and not np.isfinite(v) else v)
            for key, v in vars(self).items()
            if key != "name"
        }


def agreement(moments):
    """(rmse, correlation, bias) of `Moments` of pairs, NaN without pairs.

    What is constant but for rounding, such as departures of a field from itself, has no
    correlation.
    """
    result = numbers(moments.metrics())
    varies = moments.xx * moments.yy > 1e-18 * moments.w**2
    return result.rmse, result.cc if varies else np.nan, result.bias


def root_mean_square(weight, mean, square):
    """√ of the mean square, from Σ weights, the mean and Σ w (x − x̄)²; NaN without weight."""
    return np.sqrt(square / weight + mean**2) if weight > 0 else np.nan
