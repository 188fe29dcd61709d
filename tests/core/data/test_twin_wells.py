"""Wells of the twin: what they read is true groundwater over specific yield, plus traps."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_streams import EXTRA_STREAMS, STREAMS, extra_stream
from grace_water_toolbox.core.data.twin_wells import METRES_A_FOOT, READING_M, make_wells


@pytest.fixture(scope="module")
def twin():
    return make_twin(3)


@pytest.fixture(scope="module")
def wells(twin):
    return make_wells(twin)


def level(well):
    values = well.values * (METRES_A_FOOT if well.unit == "ft" else 1)
    return well.ground_m - values if well.quantity == "depth" else values


def misfit(twin, well):
    first = twin.months.astype("datetime64[D]").astype(float)
    middle = (first + (twin.months + 1).astype("datetime64[D]").astype(float)) / 2
    storage = np.interp(well.days.astype(float), middle, twin.groundwater[:, well.row, well.col])
    rest = level(well) - storage / 100 / well.specific_yield
    return rest - np.median(rest)


def test_readings_are_storage_over_yield_plus_the_stated_noise(twin, wells):
    pooled = np.concatenate([misfit(twin, w) for w in wells])
    outliers = np.abs(pooled) > 20
    assert outliers.sum() == 1
    assert pooled[~outliers].std() == pytest.approx(READING_M, rel=0.03)


def test_the_traps_are_there_once_each(twin, wells):
    assert [w.id for w in wells if w.unit == "ft"] == ["W05"]
    assert [w.id for w in wells if w.quantity == "depth"] == ["W12"]
    assert [w.id for w in wells if np.abs(misfit(twin, w)).max() > 20] == ["W08"]
    gaps = {w.id: np.diff(w.days).astype(int).max() for w in wells}
    assert [name for name, gap in gaps.items() if gap > 55] == ["W03", "W20", "W29"]
    assert all(np.diff(w.days).astype(int).min() >= 12 for w in wells)


def test_wells_lie_in_the_cell_and_basin_they_name(twin, wells):
    assert len({w.id for w in wells}) == 36
    for w in wells:
        assert abs(twin.grid.x[w.col] - w.lon) < 0.25 and abs(twin.grid.y[w.row] - w.lat) < 0.25
        assert twin.land[w.row, w.col] and 0.02 < w.specific_yield < 0.35
    sinking = [w.true_trend for w in wells if w.basin == "Elmara"]
    rising = [w.true_trend for w in wells if w.basin == "Belmor"]
    assert max(sinking) < 0 < min(rising)


def test_same_seed_same_wells(twin, wells):
    for a, b in zip(wells, make_wells(twin)):
        np.testing.assert_array_equal(a.values, b.values)
        assert (a.lon, a.lat) == (b.lon, b.lat)
    assert make_wells(make_twin(4))[0].lon != wells[0].lon


def test_new_streams_come_after_those_of_the_twin():
    assert STREAMS == ("groundwater", "soil_moisture", "snow", "canopy", "model", "satellite")
    places = [*STREAMS, *EXTRA_STREAMS]
    own = [np.random.default_rng(c).random() for c in np.random.SeedSequence(7).spawn(6)]
    extra = [extra_stream(7, name).random() for name in EXTRA_STREAMS]
    assert len({*own, *extra}) == len(places)
    again = np.random.SeedSequence(7).spawn(len(places))
    assert own == [np.random.default_rng(c).random() for c in again[:6]]
