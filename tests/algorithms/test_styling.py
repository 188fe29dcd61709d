"""How layers look: classes of a summary, outlines of basins, legends of flags."""

import numpy as np
import pytest
from grace_water_toolbox.algorithms.featurestyles import graduated, outlines
from grace_water_toolbox.algorithms.styling import DIVERGING, flags
from qgis.core import QgsFeature, QgsRasterLayer, QgsRenderContext, QgsVectorLayer


@pytest.fixture
def summary():
    """Three polygons without shape, slopes −0.7, 0 and 0.3."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=slope:double", "summary", "memory")
    for value in (-0.7, 0.0, 0.3):
        feature = QgsFeature(layer.fields())
        feature["slope"] = value
        layer.dataProvider().addFeature(feature)
    return layer


def test_classes_are_symmetric_and_hold_every_value(summary):
    graduated("slope", "cm/yr", {"slope": 2})(summary)
    ranges = summary.renderer().ranges()
    # 0.7 rounds up to 0.8; seven classes from -0.8 to 0.8.
    edges = [r.lowerValue() for r in ranges] + [ranges[-1].upperValue()]
    assert edges == pytest.approx(np.linspace(-0.8, 0.8, 8))
    assert ranges[0].label() == "-0.80 to -0.57 cm/yr"
    renderer, context = summary.renderer().clone(), QgsRenderContext()
    renderer.startRender(context, summary.fields())
    colours = [renderer.symbolForFeature(f, context).color().name() for f in summary.getFeatures()]
    renderer.stopRender(context)
    assert colours == [DIVERGING[0], DIVERGING[3], DIVERGING[4]]
    assert summary.editorWidgetSetup(0).config()["Precision"] == 2


def test_one_extreme_leaves_the_others_their_colours(summary):
    feature = QgsFeature(summary.fields())
    feature["slope"] = -80.0
    summary.dataProvider().addFeature(feature)
    graduated("slope", "cm", {}, share=0.75)(summary)
    ranges = summary.renderer().ranges()
    assert (ranges[0].lowerValue(), ranges[-1].upperValue()) == (-80.0, 80.0)
    assert ranges[0].label() == "below -0.57 cm" and ranges[-1].label() == "above 0.57 cm"
    assert ranges[1].lowerValue() == pytest.approx(ranges[0].upperValue()) == pytest.approx(-4 / 7)


def test_a_summary_without_trends_gets_classes(summary):
    empty = QgsVectorLayer("Polygon?crs=EPSG:4326&field=slope:double", "summary", "memory")
    graduated("slope", "cm/yr", {})(empty)
    assert [r.upperValue() for r in empty.renderer().ranges()][-1] == 1.0


def test_outlines_are_not_filled(summary):
    outlines(summary)
    assert summary.renderer().symbol().symbolLayer(0).properties()["style"] == "no"


@pytest.mark.parametrize(
    ("staged", "labels"),
    [
        (True, ["observed", "filled (stage a)", "filled (stage b)"]),
        (False, ["observed", "filled"]),
    ],
)
def test_legend_of_flags(tmp_path, staged, labels):
    from osgeo import gdal

    path = str(tmp_path / "flags.tif")
    gdal.GetDriverByName("GTiff").Create(path, 2, 2, 1, gdal.GDT_Byte).FlushCache()
    layer = QgsRasterLayer(path, "flags")
    flags(1, staged)(layer)
    assert [c.label for c in layer.renderer().classes()] == labels
