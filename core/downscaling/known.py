"""The predictors of the two papers: what they are called, their unit, where they come from."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A predictor: its name here, unit, the names products give it, and such a product."""

    name: str
    units: str
    aliases: tuple
    source: str


#: Single letters count only as a whole name.
KNOWN = (
    Known("precipitation", "mm month-1", ("tp", "pr", "pre", "prcp", "precip", "rain", "rainfall",
          "total_precipitation", "p"), "ERA5-Land tp; CHELSA pr"),
    Known("evapotranspiration", "mm month-1", ("e", "et", "aet", "eta", "evaporation",
          "total_evaporation", "actual_evapotranspiration"),
          "ERA5-Land e (negative where water evaporates: write -1 * e); PML_V2"),
    Known("runoff", "mm month-1", ("ro", "r", "q"), "ERA5-Land ro"),
    Known("temperature", "K", ("t2m", "tas", "tair", "tmp", "air_temperature",
          "2_metre_temperature", "2m_temperature", "near_surface_air_temperature", "t"),
          "ERA5-Land t2m; CHELSA tas"),
    Known("ndvi", "1", ("mod13a3", "normalized_difference_vegetation_index"), "MODIS MOD13A3"),
    Known("lst", "K", ("land_surface_temperature", "mod11a2"), "MODIS MOD11A2, by day"),
    Known("soil_moisture", "m3 m-3", ("sm", "ssm", "swvl1", "surface_soil_moisture",
          "soilmoisture"), "global daily surface soil moisture at 1 km; ERA5-Land swvl1"),
    Known("elevation", "m", ("dem", "height", "altitude", "topography", "srtm", "gmted2010"),
          "SRTM; GMTED2010"),
    Known("clay", "g kg-1", (), "SoilGrids 2.0, 0–30 cm"),
    Known("silt", "g kg-1", (), "SoilGrids 2.0, 0–30 cm"),
    Known("sand", "g kg-1", (), "SoilGrids 2.0, 0–30 cm"),
    Known("coarse_fragments", "cm3 dm-3", ("cfvo",), "SoilGrids 2.0 cfvo, 0–30 cm"),
    Known("cation_exchange_capacity", "mmol kg-1", ("cec",), "SoilGrids 2.0 cec, 0–30 cm"),
    Known("ph", "pH x 10", ("phh2o", "soil_ph", "ph_water"), "SoilGrids 2.0 phh2o, 0–30 cm"),
    Known("organic_carbon", "dg kg-1", ("soc", "soil_organic_carbon"),
          "SoilGrids 2.0 soc, 0–30 cm"),
    Known("nitrogen", "cg kg-1", ("tn", "total_nitrogen"), "SoilGrids 2.0 nitrogen, 0–30 cm"),
    Known("irrigation", "%", ("irrigation_fraction", "irrigated_area", "aei",
          "area_equipped_for_irrigation"), "Global Map of Irrigation Areas v5 (FAO)"),
    Known("irrigation_groundwater", "%", ("groundwater_irrigation",
          "groundwater_irrigated_fraction", "irrigation_groundwater_fraction", "aeigw"),
          "Global Map of Irrigation Areas v5 (FAO)"),
    Known("population", "people km-2", ("population_density", "pop", "popdens", "gpw"),
          "Gridded Population of the World v4"),
)  # fmt: skip
_BY_NAME = {alias: known for known in KNOWN for alias in (known.name, *known.aliases)}
#: Words that make another quantity of a name: nothing matches across them unasked.
OTHER = frozenset(
    (
        *("cumulative", "cum", "cumulated", "accumulated", "anomaly", "trend"),
        *("uncertainty", "error", "sigma", "std", "flags", "mask"),
    )
)


def plain_name(text):
    """Lower case, words parted by one underscore: ``CHELSA pr-1`` is ``chelsa_pr_1``."""
    return re.sub(r"[^0-9a-z]+", "_", str(text or "").lower()).strip("_")


def find_known(name):
    """The `Known` predictor of that name or alias, or None."""
    return _BY_NAME.get(plain_name(name))


def source_of(variable):
    """Where data of a variable come from: what its contract says, else what is known."""
    known = find_known(variable.name)
    return variable.source or (known.source if known else "")


def likeness(variable, names, long_name=""):
    """How well a layer called ``names`` fits a variable: 0 not at all, more is better.

    4 its own name; 3 another name of the same predictor; 2 the layer's or the variable's
    long name says so; 1 and a bit: one of these stands as whole words in a name, longer
    ones first.
    """
    known = find_known(variable.name)
    own = {plain_name(variable.name)}
    aliases = {known.name, *known.aliases} if known else set()
    said = {plain_name(variable.long_name)} - {""}
    best = 0.0
    words = set(plain_name(variable.name).split("_"))
    for name in map(plain_name, names):
        if not name or (set(name.split("_")) & OTHER) - words:
            continue
        if name in own:
            return 4.0
        if name in aliases:
            best = max(best, 3.0)
        elif name in said:
            best = max(best, 2.0)
        for alias in own | aliases:
            if len(alias) > 1 and f"_{alias}_" in f"_{name}_":
                best = max(best, 1.0 + min(0.9, len(alias) / 100))
    title = plain_name(long_name)
    if best < 2 and title and not (set(title.split("_")) & OTHER) - words:
        wanted = {a for a in own | aliases | said if len(a) > 3}
        if any(f"_{a}_" in f"_{title}_" for a in wanted):
            best = 2.0
    return best
