"""The named outputs of the sample data that predict storage: files in their products' shape."""

from qgis.core import (
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
)

from ...core.data.atomic import atomic_path
from ..values import has_value

#: NetCDF files: parameter, function of twin_era5, label, help.
NETCDF = (
    ("OUTPUT_REANALYSIS", "write_era5_fluxes", "ERA5-Land fluxes and temperature",
     "All months in the shape of ERA5-Land: tp, e (negative where water evaporates) and ro as "
     "means in m a day, t2m in K. For 'Import series' with UNITS m day-1."),
    ("OUTPUT_REANALYSIS_STORAGE", "write_era5_storages", "ERA5-Land storages",
     "All months in the shape of ERA5-Land: swvl1 to swvl4 in m³ m⁻³, sd and src in m of water. "
     "For 'Import land-surface storage'."),
)  # fmt: skip
#: Folders of dated rasters: parameter, product of twin_dated, label, help.
FOLDERS = (
    ("OUTPUT_NDVI", "ndvi", "NDVI", "MOD13A3: 16 bits × 0.0001, no unit; 3 % clouds."),
    ("OUTPUT_LST", "lst", "Land surface temperature",
     "MOD11A2, by day: 16 bits × 0.02 K; 3 % clouds."),
    ("OUTPUT_SM", "sm", "Surface soil moisture", "Upper 7 cm: 16 bits × 0.0001 m³ m⁻³."),
    ("OUTPUT_TAS", "tas", "Air temperature", "CHELSA tas: 16 bits × 0.1 K."),
    ("OUTPUT_PR", "pr", "Precipitation", "CHELSA pr: 16 bits × 0.01 kg m⁻² a month."),
    ("OUTPUT_ET", "et", "Evapotranspiration", "PML_V2: 16 bits × 0.001 mm a day."),
)  # fmt: skip
#: Maps: parameter, name in twin_maps, label, unit.
MAPS = (
    ("OUTPUT_DEM", "dem", "Elevation", "m"),
    ("OUTPUT_CLAY", "clay", "Clay", "g/kg of fine earth, 0–30 cm"),
    ("OUTPUT_SILT", "silt", "Silt", "g/kg of fine earth, 0–30 cm"),
    ("OUTPUT_SAND", "sand", "Sand", "g/kg of fine earth, 0–30 cm"),
    ("OUTPUT_CFVO", "cfvo", "Coarse fragments", "cm³/dm³, 0–30 cm"),
    ("OUTPUT_CEC", "cec", "Cation exchange capacity", "mmol(c)/kg, 0–30 cm"),
    ("OUTPUT_PH", "phh2o", "Soil pH in water", "pH × 10, 0–30 cm"),
    ("OUTPUT_SOC", "soc", "Soil organic carbon", "dg/kg, 0–30 cm"),
    ("OUTPUT_NITROGEN", "nitrogen", "Total nitrogen", "cg/kg, 0–30 cm"),
    ("OUTPUT_IRRIGATION", "irrigation", "Area equipped for irrigation", "% of the cell"),
    ("OUTPUT_IRRIGATION_GROUNDWATER", "irrigation_groundwater",
     "Irrigated area supplied by groundwater", "% of the irrigated area"),
    ("OUTPUT_POPULATION", "population", "Population density", "persons a km²"),
)  # fmt: skip
#: Soil maps with a stated uncertainty.
SOILS = MAPS[1:9]
#: True fluxes: parameter, what, label.
FLUXES = (
    ("OUTPUT_FINE_P", "precipitation", "True precipitation, fine"),
    ("OUTPUT_FINE_ET", "evapotranspiration", "True evapotranspiration, fine"),
    ("OUTPUT_FINE_R", "runoff", "True runoff, fine"),
)


def uncertainty_name(name):
    """The parameter of a soil map's uncertainty."""
    return name.replace("OUTPUT_", "OUTPUT_UNCERTAINTY_")


def declare_predictors(algorithm):
    """Add the optional outputs, all of them advanced; SIZE says how much they cover."""
    tr = algorithm.tr
    for name, _, label, text in NETCDF:
        algorithm.add(
            QgsProcessingParameterFileDestination(
                name, tr(label), "NetCDF (*.nc)", optional=True, createByDefault=False
            ),
            text,
            advanced=True,
        )
    for name, _, label, text in FOLDERS:
        algorithm.add(
            QgsProcessingParameterFolderDestination(
                name, tr(f"{label}, a raster a month"), optional=True, createByDefault=False
            ),
            f"Folder of 265 GeoTIFF files for 'Import series', in the shape of {text}",
            advanced=True,
        )
    rasters = [
        (name, label, f"Map on the cells of SIZE, without a month, in {unit}.")
        for name, _, label, unit in MAPS
    ]
    rasters += [
        (uncertainty_name(name), f"Uncertainty of {label[0].lower()}{label[1:]}",
         "As SoilGrids states it: 10 × (95th − 5th percentile) / median, no unit.")
        for name, _, label, _ in SOILS
    ]  # fmt: skip
    rasters += [
        (name, label, "mm a month, without error; P − ET − R is the change of the fine truth.")
        for name, _, label in FLUXES
    ]
    for name, label, text in rasters:
        algorithm.add(
            QgsProcessingParameterRasterDestination(
                name, tr(label), optional=True, createByDefault=False
            ),
            text,
            advanced=True,
        )


def write_predictors(algorithm, parameters, context, twin, files, progress):
    """Write what is wanted; it appears when ``files`` closes. Results by name."""
    from ...core.data import twin_era5, twin_fluxes, twin_maps
    from ...core.data.twin_kilometre_views import fine_truth, views_of

    names = [row[0] for table in (NETCDF, FOLDERS, MAPS, FLUXES) for row in table]
    names += [uncertainty_name(row[0]) for row in SOILS]
    if not any(has_value(parameters, name) for name in names):
        return {}
    truth = fine_truth(twin, algorithm.parameterAsEnumString(parameters, "SIZE", context))
    views, results = views_of(truth), {}
    for k, (name, write, _, _) in enumerate(NETCDF):
        path = results[name] = algorithm.file_target(parameters, name, context)
        if path:
            part = progress.part(0.15 * k, 0.15 * (k + 1))
            getattr(twin_era5, write)(views, files.enter_context(atomic_path(path)), part)
    part = progress.part(0.3, 0.8)
    results.update(_write_folders(algorithm, parameters, context, views, files, part))
    maps = None
    for name, what, _, _ in MAPS:
        progress.check()
        path = results[name] = algorithm.raster_target(parameters, name, context)
        if path:
            maps = twin_maps.land_maps(twin.seed) if maps is None else maps
            twin_maps.write_map(truth, maps, what, files.enter_context(atomic_path(path)))
    for name, what, _, _ in SOILS:
        name = uncertainty_name(name)
        path = results[name] = algorithm.raster_target(parameters, name, context)
        if path:
            twin_maps.write_soil_uncertainty(truth, what, files.enter_context(atomic_path(path)))
    for name, what, label in FLUXES:
        path = results[name] = algorithm.raster_target(parameters, name, context)
        if path:
            partial = files.enter_context(atomic_path(path))
            twin_fluxes.write_flux(views.fluxes, what, label.lower(), partial, progress)
    return {name: path for name, path in results.items() if path}


def _write_folders(algorithm, parameters, context, views, files, progress):
    from ...core.data.twin_dated import write_dated
    from ...core.data.wholefolder import whole_folder

    results, hidden = {}, {}
    for name, product, _, _ in FOLDERS:
        if has_value(parameters, name):
            results[name] = algorithm.parameterAsFileOutput(parameters, name, context)
            hidden[product] = files.enter_context(whole_folder(results[name]))
    if hidden:
        write_dated(views, set(hidden), hidden, progress)
    return results
