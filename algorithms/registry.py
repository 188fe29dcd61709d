"""Every algorithm of the toolbox, in the order of the groups."""

from .basins.basinstatistics import BasinStatistics
from .data.importgrace import ImportGrace
from .data.sampledata import SampleData
from .gap_filling.fillgapslinear import FillGapsLinear
from .gap_filling.fillgapsssa import FillGapsSsa
from .groundwater.separategroundwater import SeparateGroundwater
from .trends.trendmap import TrendMap

ALGORITHMS = (
    ImportGrace,
    SampleData,
    FillGapsSsa,
    FillGapsLinear,
    SeparateGroundwater,
    BasinStatistics,
    TrendMap,
)
