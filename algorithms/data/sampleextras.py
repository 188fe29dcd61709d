"""The named outputs of the sample data that are made only when asked for."""

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsWkbTypes,
)

from ...core.data.atomic import atomic_path
from ..compat import field
from ..targets import check_folder
from ..values import has_value
from .samplepredictors import FOLDERS

WELL_FIELDS = (
    ("id", "text"), ("basin", "text"), ("aquifer", "integer"), ("specific_yield", "real"),
    ("ground_m", "real"), ("quantity", "text"), ("unit", "text"), ("true_gws_trend", "real"),
)  # fmt: skip
LEVEL_FIELDS = (
    ("well", "text"), ("date", "text"), ("value", "real"), ("quantity", "text"), ("unit", "text"),
)  # fmt: skip
#: Fine rasters: parameter, what of the truth (empty: the trend), label.
FINE = (
    ("OUTPUT_FINE_TWS", "tws", "True total water storage anomaly, fine"),
    ("OUTPUT_FINE_GWS", "groundwater", "True groundwater storage anomaly, fine"),
    ("OUTPUT_FINE_TREND", "", "Imposed groundwater trend, fine"),
)
#: Class rasters: parameter, what makes it of twin_masks and the size, label, help.
CLASSES = (
    ("OUTPUT_WATER", lambda masks, size: masks.water_classes(), "Surface water classes",
     "Byte raster of 0.01°: 0 no data (sea), 1 not water, 2 seasonal, 3 permanent, as the JRC's "
     "yearly classification has them, for 'Water mask'."),
    ("OUTPUT_AQUIFERS", lambda masks, size: masks.aquifer_classes(size), "Aquifer classes",
     "Byte raster of 0.1° (of 0.01° with the size kilometre): WHYMAP classes 11–15, 22–25, 33, "
     "34; 0 no data (sea)."),
)  # fmt: skip
GLACIER_FIELDS = (("RGIId", "text"), ("Area", "real"), ("true_trend", "real"))
LAKE_FIELDS = (("name", "text"), ("area_km2", "real"), ("true_trend", "real"))


def declare_extras(algorithm):
    """Add the optional outputs, all of them advanced."""
    tr = algorithm.tr
    algorithm.add(
        QgsProcessingParameterFolderDestination(
            "OUTPUT_GLDAS", tr("Land model as GLDAS files"), optional=True, createByDefault=False
        ),
        "Folder: the land model as 265 monthly files in the shape of GLDAS-2.1 Noah, for "
        "'Import land-surface storage'. Files of the same names are replaced.",
        advanced=True,
    )
    for name, label, kind, text in (
        ("OUTPUT_WELLS", "Wells", QgsProcessing.SourceType.TypeVectorPoint,
         "36 points with id, basin, WHYMAP aquifer class, specific yield, ground height in m, what "
         "is read in which unit, and the true groundwater trend of the cell, cm per year."),
        ("OUTPUT_LEVELS", "Well readings", QgsProcessing.SourceType.TypeVector,
         "Table of irregular readings: well, date, value, quantity (level or depth) and unit; with "
         "a well in feet, one of depths, one outlier and long gaps."),
    ):  # fmt: skip
        algorithm.add(
            QgsProcessingParameterFeatureSink(
                name, tr(label), kind, optional=True, createByDefault=False
            ),
            text,
            advanced=True,
        )
    algorithm.add_choice(
        "SIZE",
        "Size of the fine data",
        ["small", "standard", "kilometre"],
        "small: 80 × 80 cells of 0.1° around the pumping, the glaciers and the lake; standard: the "
        "whole region, 180 × 220 cells, enough to train on; kilometre: 200 × 200 cells of 0.01°, "
        "2° × 2° with a part of the pumping. All have 265 months and agree where they overlap. It "
        "holds for the truth, for what predicts it and for the aquifer classes.",
        advanced=True,
    )
    for name, what, label in FINE:
        algorithm.add(
            QgsProcessingParameterRasterDestination(
                name, tr(label), optional=True, createByDefault=False
            ),
            f"{label}, cm{'' if what else ' per year, one band'}; its area-weighted mean in each "
            "0.5° cell is the truth there.",
            advanced=True,
        )
    for name, label, text in (
        ("OUTPUT_GLACIERS", "Glaciers", "Three outlines with RGIId, Area in km² and true_trend in "
         "cm per year over their area."),
        ("OUTPUT_LAKE", "Lake", "One outline with name, area in km² and true_trend in cm per year "
         "over its area, without its slow variations."),
    ):  # fmt: skip
        algorithm.add(
            QgsProcessingParameterFeatureSink(
                name,
                tr(label),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
                createByDefault=False,
            ),
            text,
            advanced=True,
        )
    for name, _, label, text in CLASSES:
        algorithm.add(
            QgsProcessingParameterRasterDestination(
                name, tr(label), optional=True, createByDefault=False
            ),
            text,
            advanced=True,
        )


def check_extras(parameters):
    """Raise `WriteError` for a folder that cannot be made."""
    for name in ("OUTPUT_GLDAS", *(row[0] for row in FOLDERS)):
        check_folder(parameters.get(name), name)


def write_files(algorithm, parameters, context, twin, files, progress):
    """Write the wanted folder and rasters, which appear when ``files`` closes; results by name."""
    from ...core.data.twin_gldas import write_gldas
    from ...core.data.wholefolder import whole_folder

    results = {}
    if has_value(parameters, "OUTPUT_GLDAS"):
        folder = algorithm.parameterAsFileOutput(parameters, "OUTPUT_GLDAS", context)
        write_gldas(twin, files.enter_context(whole_folder(folder)), progress)
        results["OUTPUT_GLDAS"] = folder
    results.update(_write_fine(algorithm, parameters, context, twin, files, progress))
    results.update(_write_classes(algorithm, parameters, context, files))
    return results


def write_layers(algorithm, parameters, context, twin, progress):
    """Write the wanted layers and tables; results by name.

    They come last: QGIS writes them in place, so a run that fails before leaves none.
    """
    from ...core.data import twin_local

    results = {}
    if has_value(parameters, "OUTPUT_WELLS") or has_value(parameters, "OUTPUT_LEVELS"):
        from ...core.data.twin_wells import make_wells

        progress.check()
        wells = make_wells(twin)
        for name, write in (("OUTPUT_WELLS", _write_wells), ("OUTPUT_LEVELS", _write_levels)):
            if has_value(parameters, name):
                results[name] = write(algorithm, parameters, context, wells)
    for name, columns, shapes in zip(
        ("OUTPUT_GLACIERS", "OUTPUT_LAKE"), (GLACIER_FIELDS, LAKE_FIELDS), twin_local.outlines()
    ):
        if has_value(parameters, name):
            results[name] = _write_outlines(algorithm, parameters, context, name, columns, shapes)
    return results


def _write_classes(algorithm, parameters, context, files):
    from ...core.data import twin_masks

    results = {}
    for name, make, label, _ in CLASSES:
        if has_value(parameters, name):
            results[name] = algorithm.raster_target(parameters, name, context)
            partial = files.enter_context(atomic_path(results[name]))
            size = algorithm.parameterAsEnumString(parameters, "SIZE", context)
            twin_masks.write_classes(make(twin_masks, size), label.lower(), partial)
    return results


def _write_fine(algorithm, parameters, context, twin, files, progress):
    from ...core.data import twin_fine
    from ...core.data.twin_kilometre_views import fine_truth

    results, truth = {}, None
    for name, what, label in FINE:
        if not has_value(parameters, name):
            continue
        progress.check()
        if truth is None:
            size = algorithm.parameterAsEnumString(parameters, "SIZE", context)
            truth = fine_truth(twin, size)
        results[name] = algorithm.raster_target(parameters, name, context)
        partial = files.enter_context(atomic_path(results[name]))
        if what:
            twin_fine.write_fine(truth, what, label, partial)
        else:
            twin_fine.write_fine_trend(truth, label, partial)
    return results


def _write_outlines(algorithm, parameters, context, name, columns, shapes):
    kind, crs = QgsWkbTypes.Type.Polygon, QgsCoordinateReferenceSystem("EPSG:4326")
    sink, dest, fields = _sink(algorithm, parameters, context, name, columns, kind, crs)
    for shape in shapes:
        feature = QgsFeature(fields)
        points = [[QgsPointXY(x, y) for x, y in ring.tolist()] for ring in shape.rings]
        feature.setGeometry(QgsGeometry.fromPolygonXY(points))
        feature.setAttributes([shape.id, shape.area_km2, shape.trend])
        sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
    return dest


def _sink(algorithm, parameters, context, name, columns, kind, crs):
    fields = QgsFields()
    for column, what in columns:
        fields.append(field(column, what))
    sink, dest = algorithm.parameterAsSink(parameters, name, context, fields, kind, crs)
    algorithm.require_sink(sink, name, parameters)
    return sink, dest, fields


def _write_wells(algorithm, parameters, context, wells):
    kind, crs = QgsWkbTypes.Type.Point, QgsCoordinateReferenceSystem("EPSG:4326")
    sink, dest, fields = _sink(
        algorithm, parameters, context, "OUTPUT_WELLS", WELL_FIELDS, kind, crs
    )
    for well in wells:
        feature = QgsFeature(fields)
        feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(well.lon, well.lat)))
        feature.setAttributes(
            [well.id, well.basin, well.aquifer, well.specific_yield, well.ground_m,
             well.quantity, well.unit, well.true_trend]
        )  # fmt: skip
        sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
    return dest


def _write_levels(algorithm, parameters, context, wells):
    kind, crs = QgsWkbTypes.Type.NoGeometry, QgsCoordinateReferenceSystem()
    sink, dest, fields = _sink(
        algorithm, parameters, context, "OUTPUT_LEVELS", LEVEL_FIELDS, kind, crs
    )
    for well in wells:
        for day, value in zip(well.days, well.values):
            feature = QgsFeature(fields)
            feature.setAttributes([well.id, str(day), float(value), well.quantity, well.unit])
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
    return dest
