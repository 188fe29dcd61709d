"""Every algorithm of the toolbox, in the order of the groups."""

from .basins.basinstatistics import BasinStatistics
from .basins.storagedeficit import StorageDeficit
from .basins.waterbalance import WaterBalance
from .data.alignstack import AlignStack
from .data.describestack import DescribeStack
from .data.exportstack import ExportStack
from .data.extractperiod import ExtractPeriod
from .data.importgrace import ImportGrace
from .data.importseries import ImportSeries
from .data.importstorage import ImportStorage
from .data.pointseries import PointSeriesTable
from .data.sampledata import SampleData
from .data.stackcalculator import StackCalculator
from .downscaling.comparedownscaling import CompareDownscaling
from .downscaling.correctresiduals import CorrectResiduals
from .downscaling.cumulativeanomaly import CumulativeAnomaly
from .downscaling.downscale import Downscale
from .downscaling.downscaledelta import DownscaleDelta
from .downscaling.fillholes import FillHoles
from .downscaling.inspectmodel import InspectModel
from .downscaling.preparepredictors import PreparePredictors
from .gap_filling.fillgapslinear import FillGapsLinear
from .gap_filling.fillgapsssa import FillGapsSsa
from .gap_filling.gapreport import GapReport
from .groundwater.glacierstorage import GlacierStorage
from .groundwater.physicalstorage import PhysicalStorage
from .groundwater.separategroundwater import SeparateGroundwater
from .masks.applymask import ApplyMask
from .masks.combinemasks import CombineMasks
from .masks.glaciermask import GlacierMask
from .masks.watermask import WaterMask
from .trends.amplitudephase import AmplitudePhase
from .trends.attribution import Attribution
from .trends.deseasonalise import Deseasonalise
from .trends.hotspots import Hotspots
from .trends.latitudeprofile import LatitudeProfileTable
from .trends.meananomaly import MeanAnomaly
from .trends.seasonality import Seasonality
from .trends.stippling import Stippling
from .trends.trendclasses import TrendClasses
from .trends.trendmap import TrendMap
from .validation.compareseries import CompareSeries
from .validation.comparestacks import CompareStacks
from .validation.validatewells import ValidateWells

ALGORITHMS = (
    ImportGrace,
    ImportStorage,
    ImportSeries,
    SampleData,
    AlignStack,
    DescribeStack,
    ExtractPeriod,
    StackCalculator,
    PointSeriesTable,
    ExportStack,
    WaterMask,
    GlacierMask,
    CombineMasks,
    ApplyMask,
    GapReport,
    FillGapsSsa,
    FillGapsLinear,
    SeparateGroundwater,
    GlacierStorage,
    PhysicalStorage,
    PreparePredictors,
    CumulativeAnomaly,
    FillHoles,
    InspectModel,
    Downscale,
    DownscaleDelta,
    CorrectResiduals,
    CompareDownscaling,
    BasinStatistics,
    WaterBalance,
    StorageDeficit,
    Deseasonalise,
    TrendMap,
    TrendClasses,
    Stippling,
    Hotspots,
    MeanAnomaly,
    LatitudeProfileTable,
    Seasonality,
    AmplitudePhase,
    Attribution,
    CompareStacks,
    CompareSeries,
    ValidateWells,
)
