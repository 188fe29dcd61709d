"""A small world to train on: two predictors make a fine field, a coarse one is its mean."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.aligning import align_stack
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.predictorset import predictor_writer
from grace_water_toolbox.export.config import read_config

MONTHS = np.arange("2004-01", "2005-01", dtype="datetime64[M]")
FINE = Grid(10.0, 40.0, 0.5, 0.5, 48, 24)
COARSE = Grid(10.0, 40.0, 3.0, 3.0, 8, 4)

CONFIG = """
name = "small"
[data]
predictors = "set.tif"
coarse = "coarse.tif"
patterns = ["pattern.tif"]
[inputs]
variables = ["rain", "elevation"]
[network]
kind = "unet"
widths = [4, 8]
[patches]
size = 6
stride = 3
block = 12
[train]
epochs = 3
batch = 64
seeds = [0]
rate = 0.01
threads = 1
device = "cpu"
"""


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """Folder with ``set.tif``, ``coarse.tif``, ``pattern.tif``, ``truth.tif``."""
    folder = tmp_path_factory.mktemp("world")
    rng = np.random.default_rng(3)
    rain = rng.gamma(2.0, 30.0, (12, 24, 48))
    elevation = rng.uniform(0, 900, (1, 24, 48))
    sea = np.zeros((24, 48), bool)
    sea[:, 42:] = True
    rain[:, sea] = np.nan
    elevation[:, sea] = np.nan
    truth = 0.1 * (rain - 60) + 0.01 * (elevation - 450) * np.sin(np.arange(12) / 2)[:, None, None]
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", None)]
    with predictor_writer(folder / "set.tif", FINE, variables) as writer:
        writer.write(np.concatenate([rain, elevation]))
    write_stack(folder / "truth.tif", StackInfo(FINE, MONTHS, "cm"), truth)
    write_stack(folder / "pattern.tif", StackInfo(FINE, MONTHS, "cm"), 0.8 * truth + 1)
    with MonthlyStack(str(folder / "truth.tif")) as stack:
        align_stack(stack, COARSE, folder / "coarse.tif")
    return folder


@pytest.fixture
def config_of(small_world, tmp_path):
    """``config_of(text, *overrides)``: a configuration that runs in ``tmp_path``."""

    def make(text=CONFIG, *overrides):
        for name in ("set", "coarse", "pattern", "truth"):
            link = tmp_path / f"{name}.tif"
            if not link.exists():
                link.symlink_to(small_world / f"{name}.tif")
        (tmp_path / "c.toml").write_text(text)
        return read_config(tmp_path / "c.toml", overrides)

    return make
