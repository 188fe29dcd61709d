"""How the rasters of the sample data look when QGIS loads them."""

from ...core.data.sample import STORAGES
from ..styling import classes, diverging, sequential
from .sampleextras import FINE
from .samplepredictors import FLUXES

#: A winter month in the middle of the record, in which every storage has something to show.
SHOWN_BAND = 142

TRUTH_STACKS = (
    ("OUTPUT_TRUE_TWS", "tws", "True total water storage anomaly"),
    ("OUTPUT_TRUE_GWS", "groundwater", "True groundwater storage anomaly"),
)


def styles():
    """How the rasters look in QGIS; by parameter."""
    cm, mm = diverging(SHOWN_BAND, "cm"), sequential(SHOWN_BAND, "mm month⁻¹")
    stacks = [name for name, _, _ in TRUTH_STACKS] + [name for name, what, _ in FINE if what]
    storages = [f"OUTPUT_{kind}{name}" for name, _, _ in STORAGES for kind in ("", "UNCERTAINTY_")]
    water = [(1, "not water", "#e8e4dc"), (2, "seasonal", "#92c5de"), (3, "permanent", "#2166ac")]
    return {
        **dict.fromkeys(storages, sequential(SHOWN_BAND, "kg m⁻²")),
        **dict.fromkeys(stacks, cm),
        **{name: mm for name, _, _ in FLUXES},
        "OUTPUT_FINE_TREND": diverging(1, "cm/yr"),
        "OUTPUT_WATER": classes(1, water),
    }
