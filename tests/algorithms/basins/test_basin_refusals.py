"""Layers and stacks that basin statistics refuses, before anything is written."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from qgis.core import QgsProcessingException, QgsVectorLayer

from .basinlayers import NINE, SMALL, WEST
from .test_basinstatistics import selected


def test_a_layer_without_crs_is_refused(refused_with, basins):
    message = refused_with(basins(WEST, epsg=None, file="lost.shp"))
    assert "BASINS" in message and "coordinate reference system" in message


def test_basins_outside_are_refused(refused_with, basins):
    message = refused_with(basins("POLYGON((10 -5, 12 -5, 12 4, 10 4, 10 -5))"))
    assert "BASINS" in message and "stack.tif" in message
    assert "x 10 to 12, y -5 to 4" in message and "x 70 to 130, y -30 to 30" in message


def test_points_are_refused(refused_with, basins):
    assert "polygon" in refused_with(basins("POINT(80 0)"))


def test_an_empty_selection_is_refused(statistics, basins, tmp_path):
    layer = QgsVectorLayer(basins(WEST), "basins")
    source = selected(layer)
    with pytest.raises(QgsProcessingException, match="polygon"):
        statistics(source)
    assert not (tmp_path / "out.csv").exists()


def test_an_unknown_field_is_refused(refused_with, basins):
    message = refused_with(basins(WEST), BASIN_FIELD="nome")
    assert "BASIN_FIELD" in message and "nome" in message and "name" in message


def test_stacks_that_do_not_fit_are_refused(refused_with, basins, tmp_path, make_stack):
    layer = basins(WEST)
    other = make_stack(tmp_path / "shifted.tif", NINE, grid=Grid(80.0, 30.0, 20.0, 20.0, 3, 3))
    assert "grid" in refused_with(layer, UNCERTAINTY=other)
    longer = make_stack(tmp_path / "longer.tif", np.ones((2, 3, 3)), grid=SMALL)
    assert "months" in refused_with(layer, UNCERTAINTY=longer)
    assert "months" in refused_with(layer, FLAGS=longer)
    flux = make_stack(tmp_path / "flux.tif", NINE, units="mm/month", grid=SMALL)
    assert "units" in refused_with(layer, INPUT=flux)
    unknown = make_stack(tmp_path / "unknown.tif", NINE, units="", grid=SMALL)
    assert "units" in refused_with(layer, INPUT=unknown)
    bad = make_stack(tmp_path / "bad.tif", -np.ones((1, 3, 3)), grid=SMALL)
    assert "negative" in refused_with(layer, UNCERTAINTY=bad)


def test_the_layer_itself_is_not_overwritten(statistics, basins):
    layer = basins(WEST)
    before = Path(layer).read_bytes()
    with pytest.raises(QgsProcessingException, match="BASINS"):
        statistics(layer, OUTPUT=layer)
    assert Path(layer).read_bytes() == before
