"""The cases that configurations can have made, and that every configuration reads."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.errors import GraceWaterError
from grace_water_toolbox.export.bangladesh import HELD_BACK, prepare_bangladesh
from grace_water_toolbox.export.config import read_config
from grace_water_toolbox.export.preparing import prepare
from grace_water_toolbox.export.sampletwin import prepare_sample

CONFIGS = Path(__file__).parents[2] / "export" / "configs"
PATCH = [p for p in sorted(CONFIGS.glob("*.toml")) if "k1" not in p.name and "trees" not in p.name]


@pytest.mark.parametrize("path", PATCH, ids=lambda p: p.stem)
def test_every_configuration_reads(path):
    config = read_config(path)
    assert config.name == path.stem and config.data.patterns
    # The truth is only there for the scores.
    assert config.data.truth not in config.data.patterns + config.data.models
    assert len(config.train.seeds) == 3


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_every_network_of_the_twin_closes_the_coarse_means(path):
    config = read_config(path)
    if config.data.prepare.split()[:1] in (["sample"], ["groundwater"]):
        assert config.network.conserves == (config.network.kind != "trees")
    else:
        assert not config.network.conserves


def test_the_twin_as_a_user_would_have_it(tmp_path):
    prepare_sample(tmp_path, "small", 0, lambda text: None)
    with PredictorSet(str(tmp_path / "predictors.tif")) as predictors:
        assert len(predictors.variables) == 13
        assert sum(v.is_static for v in predictors.variables.values()) == 4
        grid = predictors.grid
    with MonthlyStack(str(tmp_path / "truth.tif")) as truth:
        assert truth.grid == grid
        fine = truth.read()
        months = truth.months
    with MonthlyStack(str(tmp_path / "physical.tif")) as stack:
        physical = stack.read()
    with MonthlyStack(str(tmp_path / "coarse.tif")) as coarse:
        assert coarse.grid.dx == 3.0
        unseen = np.isnan(coarse.read()).all(axis=(1, 2))
    # 36 months without a solution, and the noise month.
    assert unseen.sum() == 37
    # The pattern is a model's: like the truth in time, and far from it.
    both = np.isfinite(physical)
    assert 0.3 < np.corrcoef(physical[both], fine[both])[0, 1] < 0.995
    late = months >= np.datetime64("2015-01")
    assert np.sqrt(np.nanmean((physical - fine)[late] ** 2)) > 2.0


@pytest.mark.parametrize("name", ["k1-trees-sample", "k1-dense-sample"])
def test_the_twin_as_pixel_models_take_it_is_made_where_the_configuration_looks(tmp_path, name):
    text = (CONFIGS / f"{name}.toml").read_text().replace("../../runs/", "")
    (tmp_path / "c.toml").write_text(text)
    config, said = read_config(tmp_path / "c.toml"), []
    prepare(config, said.append)
    data = config.data
    for file in (data.predictors, data.coarse, data.truth, data.strata, *data.patterns):
        assert config.file(file).is_file()
    with PredictorSet(str(config.file(data.predictors))) as predictors:
        assert set(config.inputs.variables) <= set(predictors.variables)
    before = config.file(data.predictors).stat().st_mtime_ns
    prepare(config, said.append)
    assert len(said) == 1 and config.file(data.predictors).stat().st_mtime_ns == before


def test_a_case_that_is_not_known_is_named(tmp_path):
    (tmp_path / "c.toml").write_text('name = "c"\n[data]\nprepare = "mars 4"\n')
    with pytest.raises(GraceWaterError, match="sample, groundwater, bangladesh"):
        prepare(read_config(tmp_path / "c.toml"))


@pytest.mark.real
def test_bangladesh_keeps_the_later_years_back(data, tmp_path, monkeypatch):
    monkeypatch.setenv("GRACE_WATER_DATA", str(data))
    prepare_bangladesh(tmp_path, 4, lambda text: None)
    with MonthlyStack(str(tmp_path / "known.tif")) as known:
        late = known.months >= np.datetime64(HELD_BACK)
        assert np.isnan(known.read()[late]).all()
        assert np.isfinite(known.read()[~late]).any(axis=(1, 2)).all()
    with PredictorSet(str(tmp_path / "predictors.tif")) as predictors:
        elevation = predictors.read([predictors.bands_at("elevation", "2005-01")])[0]
        # The Shillong plateau, at 25.5° N.
        row = np.unravel_index(np.nanargmax(elevation), elevation.shape)[0]
        assert 25.0 < predictors.grid.y[row] < 26.0
