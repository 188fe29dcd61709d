"""The zip in a fresh profile of a real QGIS window, installed as *Install from ZIP* does."""

from pathlib import Path

import pytest
from grace_water_toolbox.algorithms.registry import ALGORITHMS
from headless import ROOT
from package import build
from window import run_in_window

pytestmark = pytest.mark.window

HERE = Path(__file__).resolve().parent


def test_zip_installs_and_runs_in_a_fresh_profile(tmp_path):
    grace = tmp_path / "grace.nc"
    asked = {"zip": str(build(tmp_path)), "grace": str(grace)}
    shown = run_in_window(HERE / "scenario_newcomer.py", asked, tmp_path, plugin=None)
    assert not shown["before"]
    assert shown["enabled"]
    # The unpacked copy runs, not this checkout.
    assert Path(shown["file"]) == Path(shown["home"]) / "grace_water_toolbox" / "__init__.py"
    assert ROOT not in Path(shown["file"]).parents
    chains = {path.stem for path in (ROOT / "plugin" / "chains").glob("*.model3")}
    assert set(shown["ids"]) == {a.ID for a in ALGORITHMS} | chains
    assert set(shown["shown"]) >= {a.NAME for a in ALGORITHMS}
    assert len(shown["shown"]) == len(shown["ids"])
    assert grace.stat().st_size > 0
    maps = "Soil moisture", "Snow water equivalent", "Canopy water"
    assert shown["layers"] == {
        "Basins": "QgsSingleSymbolRenderer",
        "True trends": "",
        **{f"{name} of the land model": "QgsSingleBandPseudoColorRenderer" for name in maps},
    }
