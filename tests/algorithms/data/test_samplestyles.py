"""Every monthly stack of the sample data loads as one month in colour, not as three in RGB."""

from grace_water_toolbox.algorithms.data.sampledata import SampleData
from grace_water_toolbox.algorithms.data.samplepredictors import MAPS
from grace_water_toolbox.algorithms.data.samplestyles import styles
from qgis.core import QgsProcessingParameterRasterDestination


def test_every_stack_has_a_style():
    made = SampleData()
    made.initAlgorithm()
    rasters = {
        d.name()
        for d in made.parameterDefinitions()
        if isinstance(d, QgsProcessingParameterRasterDestination)
    }
    # Grey as QGIS draws them: soil maps and the like, their uncertainty, classes of aquifers.
    plain = {name for name, *_ in MAPS}
    plain |= {name.replace("OUTPUT_", "OUTPUT_UNCERTAINTY_") for name in plain}
    assert set(styles()) == rasters - plain - {"OUTPUT_AQUIFERS"}
