"""Generate the synthetic sample data."""

from contextlib import ExitStack

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsWkbTypes,
)

from ...core.data.atomic import atomic_path
from ...core.data.sample import NOTE, STORAGES, TRUTH_FIELDS
from ..base import GraceAlgorithm
from ..compat import field
from ..featurestyles import outlines
from ..values import has_value
from .sampleextras import check_extras, declare_extras, write_files, write_layers
from .samplepredictors import declare_predictors, write_predictors
from .samplestyles import TRUTH_STACKS, styles


class SampleData(GraceAlgorithm):
    """An invented region with known truth, in the shape of real products."""

    ID = "sampledata"
    NAME = "Sample data (synthetic)"
    PAGE = "sample-data"
    SUMMARY = "Generates synthetic GRACE and land-model data with known truth, to try every step."
    HELP = (
        "SYNTHETIC: an invented region in the North Atlantic with six named basins, so that nobody "
        "takes its numbers for those of a real place. The same seed gives the same files.",
        "A GRACE product file (NetCDF, 1°, 0–360 longitudes, the real missing calendar, two "
        "solutions in two months, one noise month, correlated noise, the blur of the satellite), "
        "land-model storages with errors of their own, basins, and the truth beside it.",
        "On request: the land model as GLDAS files, wells with their readings, truth at 0.1° "
        "(0.01° in a window) with a pumping cone, glaciers and a lake, classes of water and "
        "aquifers, and what predicts storage there: files as of ERA5-Land, MODIS, CHELSA, "
        "SoilGrids and others. The land "
        "model knows of no groundwater, pumping, glacier or lake.",
        "It cannot tell how well a method does on the real Earth: see the page on sample data.",
    )
    CITATION = "Design and figures: docs/sample-data."
    TAGS = ("synthetic", "example", "demo", "tutorial", "test data", "twin")
    REQUIRES = ("rasterio", "scipy")

    def declare(self):
        """Parameters."""
        self.add(
            QgsProcessingParameterNumber(
                "SEED",
                self.tr("Seed"),
                QgsProcessingParameterNumber.Type.Integer,
                0,
                minValue=0,
            ),
            "Another number gives other weather, noise and model errors in the same region.",
        )
        self.add_choice(
            "LOCAL",
            "Pumping cone, glaciers and lake",
            ["cancelled", "kept"],
            "'cancelled': they exist inside the cells of 0.5° only, and the satellite sees nothing "
            "of them. 'kept': they add to the truth at 0.5°, and so to what the satellite sees; "
            "the land model misses them.",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT_GRACE", self.tr("GRACE product"), "NetCDF (*.nc)"
            ),
            "Synthetic product file for 'Import GRACE'.",
        )
        for name, _, what in STORAGES:
            self.add(
                QgsProcessingParameterRasterDestination(
                    f"OUTPUT_{name}", self.tr(what.capitalize())
                ),
                f"Monthly stack of {what}, kg m⁻², absolute values.",
            )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_BASINS",
                self.tr("Basins"),
                QgsProcessing.SourceType.TypeVectorPolygon,
            ),
            "Six polygons with the field 'basin'.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_TRUTH",
                self.tr("True trends"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
            ),
            "Table of true trends by basin, cm per year: "
            + "; ".join(f"{name}: {text}" for name, text in TRUTH_FIELDS),
        )
        for name, _, what in STORAGES:
            self.add(
                QgsProcessingParameterRasterDestination(
                    f"OUTPUT_UNCERTAINTY_{name}",
                    self.tr(f"Uncertainty of {what}"),
                    optional=True,
                    createByDefault=False,
                ),
                f"Stated one-sigma of {what}, kg m⁻².",
                advanced=True,
            )
        for name, _, label in TRUTH_STACKS:
            self.add(
                QgsProcessingParameterRasterDestination(
                    name, self.tr(label), optional=True, createByDefault=False
                ),
                f"{label} at 0.5°, cm.",
                advanced=True,
            )
        declare_extras(self)
        declare_predictors(self)

    def check(self, parameters, context):
        """Folders that can be made."""
        check_extras(parameters)

    def compute(self, parameters, context, progress):
        """Make the twin, write what was asked for."""
        from ...core.data import sample
        from ...core.data.twin import make_twin

        rasters = {}
        for name, key, what in STORAGES:
            rasters[f"OUTPUT_{name}"] = (sample.write_storage, key, what)
            sigma = (sample.write_storage, f"{key}_sigma", f"one-sigma uncertainty of {what}")
            rasters[f"OUTPUT_UNCERTAINTY_{name}"] = sigma
        for name, key, label in TRUTH_STACKS:
            rasters[name] = (sample.write_truth_stack, key, label.lower())
        check_extras(parameters)
        targets = {n: self.raster_target(parameters, n, context) for n in rasters}
        wanted = [n for n, path in targets.items() if path]
        grace = self.file_target(parameters, "OUTPUT_GRACE", context)
        progress.warn(NOTE + ".")
        twin = make_twin(
            self.parameterAsInt(parameters, "SEED", context),
            self.parameterAsEnumString(parameters, "LOCAL", context),
        )
        progress.set(0.3)
        results = {"OUTPUT_GRACE": grace, **{n: targets[n] for n in wanted}}
        # Everything is written beside its target first: all files appear, or none.
        with ExitStack() as files:
            progress.check()
            sample.write_grace(twin, files.enter_context(atomic_path(grace)))
            for i, name in enumerate(wanted):
                progress.check()
                write, key, text = rasters[name]
                write(twin, key, text, files.enter_context(atomic_path(targets[name])))
                progress.set(0.4 + 0.2 * (i + 1) / len(wanted))
            part = progress.part(0.6, 0.7)
            results.update(write_files(self, parameters, context, twin, files, part))
            part = progress.part(0.7, 0.95)
            results.update(write_predictors(self, parameters, context, twin, files, part))
            truth = sample.truth_rows(twin)
            progress.check()
            results.update(write_layers(self, parameters, context, twin, progress))
            results["OUTPUT_BASINS"] = self._write_basins(parameters, context, twin)
            if has_value(parameters, "OUTPUT_TRUTH"):
                results["OUTPUT_TRUTH"] = self._write_truth(parameters, context, truth)
        for name, style in styles().items():
            self.style(context, results.get(name), style)
        self.style(context, results["OUTPUT_BASINS"], outlines)
        return results

    def _write_basins(self, parameters, context, twin):
        fields = QgsFields()
        fields.append(field("basin", "text"))
        sink, dest = self.parameterAsSink(
            parameters,
            "OUTPUT_BASINS",
            context,
            fields,
            QgsWkbTypes.Type.Polygon,
            QgsCoordinateReferenceSystem("EPSG:4326"),
        )
        self.require_sink(sink, "OUTPUT_BASINS", parameters)
        for name, rings in twin.basins.items():
            feature = QgsFeature(fields)
            points = [[QgsPointXY(x, y) for x, y in ring.tolist()] for ring in rings]
            feature.setGeometry(QgsGeometry.fromPolygonXY(points))
            feature["basin"] = name
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return dest

    def _write_truth(self, parameters, context, rows):
        fields = QgsFields()
        fields.append(field("basin", "text"))
        for name, _ in TRUTH_FIELDS:
            fields.append(field(name, "real"))
        sink, dest = self.parameterAsSink(parameters, "OUTPUT_TRUTH", context, fields)
        self.require_sink(sink, "OUTPUT_TRUTH", parameters)
        for row in rows:
            feature = QgsFeature(fields)
            feature.setAttributes([row[0], *(float(v) for v in row[1:])])
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return dest
