"""What every run of the sample data writes, and where."""

REQUIRED = {
    "OUTPUT_GRACE": "grace.nc",
    "OUTPUT_SOILMOISTURE": "soil.tif",
    "OUTPUT_SNOW": "snow.tif",
    "OUTPUT_CANOPY": "canopy.tif",
    "OUTPUT_BASINS": "basins.gpkg",
}


def paths(folder, names):
    return {key: str(folder / name) for key, name in names.items()}
