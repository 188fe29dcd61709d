"""Every algorithm works with a bounded cache of GDAL and leaves it as it was."""

from grace_water_toolbox.algorithms.base import GraceAlgorithm
from grace_water_toolbox.core.data.gdalcache import CACHE_BUDGET
from osgeo import gdal


def test_bounded_while_an_algorithm_works(log):
    class Looking(GraceAlgorithm):
        def compute(self, parameters, context, progress):
            return {"OUTPUT": gdal.GetCacheMax()}

    before = gdal.GetCacheMax()
    gdal.SetCacheMax(2 * CACHE_BUDGET)
    try:
        assert Looking().processAlgorithm({}, None, log) == {"OUTPUT": CACHE_BUDGET}
        assert gdal.GetCacheMax() == 2 * CACHE_BUDGET
    finally:
        gdal.SetCacheMax(before)
