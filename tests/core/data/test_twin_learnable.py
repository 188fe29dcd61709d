"""How much of the fine truth can be known from predictors: part of it, not all.

An oracle knows the form of every link (which product times which), but sees the noisy
products only. It is fitted by least squares to what differs from the mean of the 0.5
degree cell, on other cells and in earlier months than those it is scored on.
"""

import numpy as np
import pytest
from grace_water_toolbox.core.data.twin import make_twin
from grace_water_toolbox.core.data.twin_fine import FineTruth
from grace_water_toolbox.core.data.twin_local import cell_means, local_patterns, spread
from grace_water_toolbox.core.data.twin_maps import land_maps
from grace_water_toolbox.core.data.twin_views import Views

ROWS = (4, 16)
#: Months that are looked at; those from SPLIT on are held out.
STEP, SPLIT = 4, np.datetime64("2016-01")


class Exam:
    """Features, truth and the held-out parts of one twin."""

    def __init__(self, seed):
        self.twin = twin = make_twin(seed)
        self.truth = truth = FineTruth(twin, "small")
        self.areas = truth.grid.cell_areas()[:, 0]
        self.pick = slice(None, None, STEP)
        ice = sum(local_patterns()[name] for name in ("glaciers", "lake"))
        ice = self.mean(truth.window_of(ice, *ROWS)[None])[0] > 0
        cells = np.add.outer(np.arange(80) // 20, np.arange(80) // 20) % 2 == 0
        land = truth.land(*ROWS) & ~ice
        late = twin.months[self.pick] >= SPLIT
        self.train = np.flatnonzero(~late), land & ~cells
        self.test = np.flatnonzero(late), land & cells
        self.features = self._features()

    def mean(self, values):
        return spread(cell_means(values, self.areas))

    def inside(self, values):
        """What differs from the 0.5 degree mean."""
        return values - self.mean(values)

    def cells(self, field):
        row, col, ny, nx = self.truth.window
        return spread(field[self.pick, row : row + ny, col : col + nx])

    def _features(self):
        views, twin = Views(self.truth), self.twin
        maps = {k: self.truth.window_of(v, *ROWS) for k, v in land_maps(twin.seed).items()}
        flux = {k: np.nan_to_num(v) for k, v in views.reanalysis(*ROWS).items()}
        soil = np.nan_to_num(views.storages(*ROWS)["soil"])
        soil = (soil - soil.mean(axis=0))[self.pick]
        rain = np.zeros_like(flux["precipitation"])
        for t in range(1, len(rain)):
            rain[t] = 0.85 * rain[t - 1] + 0.5 * flux["precipitation"][t]
        net = flux["precipitation"] - flux["evapotranspiration"] - flux["runoff"]
        net = np.cumsum(net - net.mean(axis=0), axis=0)[self.pick]
        wet = self.mean(soil)
        slow = self.cells(twin.tws) - wet
        years = self.truth.years[self.pick, None, None]
        pumped = maps["irrigation"] * maps["irrigation_groundwater"] / 1e4
        found = [years * pumped, soil, rain[self.pick], net]
        found += [wet * maps[n] for n in ("clay", "cfvo", "sand")]
        found += [slow * maps[n] for n in ("clay", "sand", "dem")]
        return [self.inside(f) / (1e-12 + f.std()) for f in found]

    def part(self, values, where):
        months, cells = where
        return values[months][:, cells].ravel()

    def share(self, truth):
        """Share of the variance of ``truth`` (time, y, x) that the oracle explains, held out."""
        design = [np.stack([self.part(f, w) for f in self.features], 1) for w in
                  (self.train, self.test)]  # fmt: skip
        weights = np.linalg.lstsq(design[0], self.part(truth, self.train), rcond=None)[0]
        known = self.part(truth, self.test)
        return 1 - ((known - design[1] @ weights) ** 2).sum() / (known**2).sum()


@pytest.fixture(scope="module", params=[0, 1])
def exam(request):
    return Exam(request.param)


def test_part_of_storage_inside_the_cells_can_be_known(exam):
    inside = exam.inside(exam.truth.block("tws", 0, 16)[exam.pick])
    share = exam.share(inside)
    assert 0.3 < share < 0.85, share


def test_texture_cannot_be_known(exam):
    truth = exam.truth
    texture = truth._sum(tuple(f"texture{k}" for k in range(6)), *ROWS)[exam.pick]
    assert exam.share(texture) < 0.02
    inside = exam.inside(truth.block("tws", 0, 16)[exam.pick])
    floor = exam.part(texture, exam.test).var() / exam.part(inside, exam.test).var()
    assert 0.03 < floor < 0.5, floor


def test_each_link_is_found_in_its_product(exam):
    truth = exam.truth
    pump = truth.years[:, None, None] * truth.pattern("pump", *ROWS)
    assert exam.share(pump[exam.pick]) > 0.8
    assert exam.share(exam.inside(truth.soil(*ROWS)[exam.pick])) > 0.5
    assert exam.share(truth.rain_store(*ROWS)[exam.pick]) > 0.4
