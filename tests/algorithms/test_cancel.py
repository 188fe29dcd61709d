"""Cancel: soon, and nothing is left behind."""

import threading
import time

import numpy as np
import pytest
from qgis.core import QgsProcessingFeedback

from .stackruns import given


class Impatient(QgsProcessingFeedback):
    """Cancels once the progress bar passes ``percent``, or after ``seconds``."""

    def __init__(self, percent=None, seconds=None):
        super().__init__(False)
        self.percent, self.when = percent, None
        self.progressChanged.connect(self.look)
        self.timer = threading.Timer(seconds or 0, self.stop)
        if seconds:
            self.timer.start()

    def look(self, progress):
        if self.percent is not None and progress > self.percent:
            self.stop()

    def stop(self):
        self.when = self.when or time.monotonic()
        self.cancel()


@pytest.fixture(scope="module")
def large(make_stack, tmp_path_factory):
    """Enough work for some seconds."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(200, 40, 50)) + 10 * np.sin(np.arange(200) / 2)[:, None, None]
    values[20] = values[165:175] = np.nan
    return make_stack(tmp_path_factory.mktemp("large") / "large.tif", values)


@pytest.mark.parametrize(
    ("algorithm", "patience"),
    [
        ("fillgapsssa", {"percent": 30}),
        ("fillgapsssa", {"seconds": 1.0}),
        ("fillgapslinear", {"percent": 30}),
        ("separategroundwater", {"percent": 30}),
        ("trendmap", {"percent": 30}),
    ],
)
def test_cancel_stops_soon_and_keeps_the_old_file(run, large, tmp_path, algorithm, patience):
    old = tmp_path / "out.tif"
    old.write_bytes(b"old")
    feedback = Impatient(**patience)
    results = run(algorithm, feedback, **given(algorithm, large, old))
    assert feedback.when is not None, "it was over before it could be cancelled"
    assert time.monotonic() - feedback.when < 2.0
    assert results == {}
    assert [p.name for p in tmp_path.iterdir()] == ["out.tif"] and old.read_bytes() == b"old"


def test_cancelled_imports_and_sample_data_leave_nothing(run, make_product, tmp_path):
    product = make_product(tmp_path / "product.nc", np.ones((72, 40, 40)), land=np.eye(40))
    out = tmp_path / "out"
    out.mkdir()
    feedback = Impatient(percent=30)
    assert run("importgrace", feedback, INPUT=product, OUTPUT=out / "o.tif",
               OUTPUT_HTML=out / "r.html") == {}  # fmt: skip
    assert feedback.when is not None and not list(out.iterdir())
    feedback = Impatient(percent=50)
    names = {"OUTPUT_GRACE": "g.nc", "OUTPUT_SOILMOISTURE": "s.tif", "OUTPUT_SNOW": "n.tif",
             "OUTPUT_CANOPY": "c.tif", "OUTPUT_BASINS": "b.gpkg"}  # fmt: skip
    assert run("sampledata", feedback, **{k: out / v for k, v in names.items()}) == {}
    assert feedback.when is not None and not list(out.iterdir())
