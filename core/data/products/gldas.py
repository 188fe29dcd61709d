"""GLDAS monthly files of NASA: Noah, CLSM and VIC, storages in kg m⁻²."""

import re

from .layers import LandProduct, Layer

_SNOW_AND_CANOPY = (Layer("SWE_inst", "snow"), Layer("CanopInt_inst", "canopy"))


def _soil(*names):
    return tuple(Layer(name, "soilmoisture") for name in names)


NOAH = LandProduct(
    "gldas-noah",
    "GLDAS Noah",
    (
        *_soil(
            "SoilMoi0_10cm_inst",
            "SoilMoi10_40cm_inst",
            "SoilMoi40_100cm_inst",
            "SoilMoi100_200cm_inst",
        ),
        *_SNOW_AND_CANOPY,
    ),
    "noah",
)
CLSM = LandProduct(
    "gldas-clsm",
    "GLDAS Catchment (CLSM)",
    (*_soil("SoilMoist_P_inst"), *_SNOW_AND_CANOPY),
    "clsm",
    "The profile moisture of CLSM (SoilMoist_P) reaches down to the bedrock and includes shallow "
    "groundwater: subtracted from total storage it takes groundwater along.",
)
VIC = LandProduct(
    "gldas-vic",
    "GLDAS VIC",
    (
        *_soil("SoilMoi0_30cm_inst", "SoilMoi_depth2_inst", "SoilMoi_depth3_inst"),
        *_SNOW_AND_CANOPY,
    ),
    "vic",
)

_MODELS = {"noah": "noah", "clsm": "clsm|catchment", "vic": "vic"}


def stated_model(attributes):
    """The model that the attribute ``source`` names (``Noah_v3.6``), or an empty text."""
    source = str(attributes.get("source", "")).lower()
    for model, pattern in _MODELS.items():
        if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", source):
            return model
    return ""


def stated_version(attributes):
    """The version in the title (``GLDAS2.1 LIS land surface model output``), or nothing."""
    match = re.search(r"GLDAS\D?(\d\.\d)", str(attributes.get("title", "")))
    return match[1] if match else ""
