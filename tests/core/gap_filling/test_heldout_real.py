"""Observed months of the real record, hidden like the gap between the missions."""

import numpy as np
import pytest
from grace_water_toolbox.core.gap_filling.climatology import fill_climatology
from grace_water_toolbox.core.gap_filling.crossvalidation import Candidates
from grace_water_toolbox.core.gap_filling.linear import fill_linear
from grace_water_toolbox.core.gap_filling.stages import fill_published

pytestmark = pytest.mark.real


@pytest.mark.parametrize("start", ["2010-07", "2020-07"])
def test_ssa_beats_linear_and_climatology_in_a_long_gap(record, start):
    # bench/heldout.py does this for every basin and more places; docs/gap-filling.md has the table.
    months, values = record
    values = values.reshape(len(months), 180, 360)
    # A box of monsoon Asia, south Asia and Indochina: a season worth filling.
    x = values[:, 100:116:2, 74:106:4].reshape(len(months), -1)
    x = np.where(np.isin(months, [np.datetime64(m) for m in ("2004-09", "2015-02")])[:, None],
                 np.nan, x)  # fmt: skip
    first = np.datetime64(start)
    hidden = (months >= first) & (months < first + 11)
    masked = np.where(hidden[:, None], np.nan, x)
    era_end = min(first - 1, np.datetime64("2017-06"))
    made = {
        "ssa": fill_published(masked, months, era_end=era_end, candidates=Candidates()).filled,
        "linear": fill_linear(masked)[0],
        "climatology": fill_climatology(masked)[0],
    }
    rmse = {
        name: np.median(np.sqrt(np.nanmean((fill - x)[hidden] ** 2, axis=0)))
        for name, fill in made.items()
    }
    assert rmse["ssa"] < rmse["climatology"] < rmse["linear"]
