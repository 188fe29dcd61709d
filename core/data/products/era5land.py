"""ERA5-Land monthly means: volumetric soil water in four layers, snow and canopy in m."""

from .layers import LandProduct, Layer

#: Thickness of the four soil layers, cm (0–7, 7–28, 28–100, 100–289 cm).
THICKNESS = (7.0, 21.0, 72.0, 189.0)

ERA5_LAND = LandProduct(
    "era5-land",
    "ERA5-Land",
    (
        *(Layer(f"swvl{i}", "soilmoisture", cm) for i, cm in enumerate(THICKNESS, 1)),
        Layer("sd", "snow"),
        Layer("src", "canopy"),
    ),
    note="Snow on ice sheets and glaciers is a constant 10 m in ERA5-Land: its anomaly there is 0.",
)
#: Spacing in degrees; the layers of ERA5 bear the same names on a coarser grid.
SPACING = 0.1
