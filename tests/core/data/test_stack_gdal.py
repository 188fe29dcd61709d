"""A stack after GDAL's own tools."""

import numpy as np
from grace_water_toolbox.core.data.stack import MonthlyStack

from .foreignrasters import GRID, MONTHS


def test_gdal_translate_keeps_the_stack(stack_file, five_months, tmp_path):
    from osgeo import gdal

    out = str(tmp_path / "t.tif")
    assert gdal.Translate(out, str(stack_file), creationOptions=["COMPRESS=LZW"]) is not None
    with MonthlyStack(out) as stack:
        np.testing.assert_array_equal(stack.read(), five_months)
        np.testing.assert_array_equal(stack.months, MONTHS)
        assert stack.units == "cm" and stack.baseline == ("2004-01", "2009-12")
        assert stack.info.history[:2] == ("one", "two ü")


def test_gdal_translate_window_and_bands(stack_file, five_months, tmp_path):
    from osgeo import gdal

    out = str(tmp_path / "t.tif")
    done = gdal.Translate(out, str(stack_file), srcWin=[4, 6, 10, 12], bandList=[2, 3, 4])
    assert done is not None
    done = None
    with MonthlyStack(out) as stack:
        np.testing.assert_array_equal(stack.read(), five_months[1:4, 6:18, 4:14])
        np.testing.assert_array_equal(stack.months, MONTHS[1:4])
        assert stack.grid.difference(GRID.window(6, 4, 12, 10)) == ""


def test_gdal_translate_to_packed_integers(stack_file, five_months, tmp_path):
    """Other people's compression: 16 bits with a scale."""
    from osgeo import gdal

    source = gdal.Open(str(stack_file))
    done = gdal.Translate(
        str(tmp_path / "p.tif"), source, outputType=gdal.GDT_Int16, noData=-32768,
        scaleParams=[[-10, 10, -10000, 10000]],
    )  # fmt: skip
    for band in range(1, 6):
        done.GetRasterBand(band).SetScale(0.001)
    done = None
    with MonthlyStack(tmp_path / "p.tif") as stack:
        read = stack.read()
    known = np.isfinite(five_months)
    np.testing.assert_allclose(read[known], five_months[known], atol=6e-4)


def test_gdal_warp_keeps_the_stack(stack_file, five_months, tmp_path):
    from osgeo import gdal

    out = str(tmp_path / "w.tif")
    done = gdal.Warp(
        out,
        str(stack_file),
        xRes=0.5,
        yRes=0.25,
        outputBounds=(-178, 84, -172, 88),
        resampleAlg="near",
    )
    assert done is not None
    done = None
    with MonthlyStack(out) as stack:
        np.testing.assert_array_equal(stack.read(), five_months[:, 8:24, 4:16])
        np.testing.assert_array_equal(stack.months, MONTHS)
        assert stack.units == "cm" and stack.baseline == ("2004-01", "2009-12")


def test_gdal_clip_by_mask_keeps_the_stack(stack_file, five_months, tmp_path):
    """As 'Clip raster by mask layer' does it: a cutline, cropped to it."""
    from osgeo import gdal

    mask = tmp_path / "mask.geojson"
    ring = "[[-178,88],[-176,88],[-176,86],[-178,86],[-178,88]]"
    mask.write_text('{"type":"Polygon","coordinates":[' + ring + "]}")
    out = str(tmp_path / "c.tif")
    done = gdal.Warp(
        out, str(stack_file), cutlineDSName=str(mask), cropToCutline=True, xRes=0.5, yRes=0.25
    )
    assert done is not None
    done = None
    with MonthlyStack(out) as stack:
        np.testing.assert_array_equal(stack.months, MONTHS)
        assert stack.units == "cm"
        np.testing.assert_array_equal(stack.read(), five_months[:, 8:16, 4:8])


def test_gdal_vrt_and_cog(stack_file, five_months, tmp_path):
    from osgeo import gdal

    for name, form in (("a.vrt", "VRT"), ("cog.tif", "COG")):
        assert gdal.Translate(str(tmp_path / name), str(stack_file), format=form) is not None
        with MonthlyStack(tmp_path / name) as stack:
            np.testing.assert_array_equal(stack.read(), five_months)
            np.testing.assert_array_equal(stack.months, MONTHS)
