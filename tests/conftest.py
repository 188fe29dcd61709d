"""Where the tests find the real data, and what every test stands on."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--runlong", action="store_true", help="also run the hour-long tests")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--runlong"):
        return
    skip = pytest.mark.skip(reason="hour-long run: make real")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


def real_data_folder():
    """The folder of real input data, or None where it is not at hand."""
    folder = Path(os.environ.get("GRACE_WATER_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "grace").is_dir() else None


@pytest.fixture(scope="session")
def data():
    folder = real_data_folder()
    if folder is None:
        pytest.skip("real data not found: set GRACE_WATER_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def csr(data):
    return data / "grace" / "csr_rl06_sh60_dst_g300_1deg_200204_202404.nc"


@pytest.fixture(scope="session", autouse=True)
def nothing_outlives_qgis(qgis_app):
    """Let go of QGIS's objects before QGIS ends: those a failed test's traceback holds too."""
    yield
    sys.last_type = sys.last_value = sys.last_traceback = None
    gc.collect()


def write_small_stack(
    path, values, units="cm", start="2004-01", baseline=(), grid=None, flags=False
):
    """Write ``values`` (time, y, x), or (time,) for a single cell; the path as text."""
    from grace_water_toolbox.core.data.grid import Grid
    from grace_water_toolbox.core.data.stack import StackInfo, stack_writer

    values = np.asarray(values, float)
    values = values.reshape(values.shape[0], *(values.shape[1:] or (1, 1)))
    months = np.datetime64(start, "M") + np.arange(len(values))
    grid = grid or Grid(70.0, 30.0, 1.0, 1.0, values.shape[2], values.shape[1])
    info = StackInfo(grid, months, units, "test", tuple(baseline), ("made for a test",))
    kind = ("uint8", 255) if flags else ("float32", np.nan)
    with stack_writer(path, info, *kind) as writer:
        writer.write(values)
    return str(path)


def read_whole_stack(path):
    """The values (time, y, x) of a stack and what it says of itself."""
    from grace_water_toolbox.core.data.stack import MonthlyStack

    with MonthlyStack(path) as stack:
        return stack.read(), stack.info


@pytest.fixture(scope="session")
def make_stack():
    return write_small_stack


@pytest.fixture(scope="session")
def read_stack():
    return read_whole_stack


@pytest.fixture(scope="session")
def provider(qgis_processing):
    """The provider, registered by the plugin as without an interface."""
    from grace_water_toolbox import classFactory
    from qgis.core import QgsApplication

    plugin = classFactory(None)
    plugin.initProcessing()
    yield QgsApplication.processingRegistry().providerById("gracewater")
    plugin.unload()


@pytest.fixture
def log():
    """Feedback that keeps what an algorithm says: ``infos``, ``warnings``, ``errors``, ``text``."""
    from qgis.core import QgsProcessingFeedback

    class Log(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.infos, self.warnings, self.errors = [], [], []

        def pushInfo(self, info):
            self.infos.append(info)

        def pushWarning(self, warning):
            self.warnings.append(warning)

        def reportError(self, error, fatalError=False):
            self.errors.append(error)

        @property
        def text(self):
            return "\n".join(self.infos + self.warnings + self.errors)

    return Log()


@pytest.fixture(scope="session")
def run(provider):
    """``run(algorithm, feedback=None, **parameters)`` through ``processing.run``; its results."""
    import processing
    from qgis.core import QgsProcessingFeedback

    def call(algorithm, feedback=None, **parameters):
        given = {k: str(v) if isinstance(v, Path) else v for k, v in parameters.items()}
        feedback = feedback or QgsProcessingFeedback(False)
        return processing.run(f"gracewater:{algorithm}", given, feedback=feedback)

    return call
