"""Units of storage."""

import re

import pytest
from grace_water_toolbox.core.data.units import STORAGE_UNITS, storage_factor
from grace_water_toolbox.core.errors import UnitsError


@pytest.mark.parametrize(
    ("units", "factor"),
    [("cm", 1), ("CM", 1), (" cm ", 1), ("centimeters", 1), ("mm", 0.1), ("Millimetres", 0.1),
     ("m", 100), ("Meters", 100), ("kg m-2", 0.1), ("kg  m-2", 0.1), ("kg m**-2", 0.1),
     ("kg/m^2", 0.1), ("kg m⁻²", 0.1), ("cm EWH", 1), ("cm of equivalent water height", 1),
     ("mm_ewt", 0.1), ("cm LWE", 1), ("m of equivalent water height", 100), ("mm h2o", 0.1)],
)  # fmt: skip
def test_factor_to_centimetres(units, factor):
    assert storage_factor(units) == factor


def test_units_offered_to_the_user_are_understood():
    assert [storage_factor(u) for u in STORAGE_UNITS] == [1.0, 0.1, 100.0, 0.1]


@pytest.mark.parametrize("units", ["", None, "   "])
def test_missing_units(units):
    with pytest.raises(UnitsError, match=r"^p\.nc: .*cm, mm, m, kg m-2.*found no units.*UNITS"):
        storage_factor(units, "p.nc")


@pytest.mark.parametrize("units", ["K", "km", "1", "mm/day", "mm month-1", "kg m-2 s-1", "cm3"])
def test_units_of_something_else(units):
    with pytest.raises(UnitsError, match=f"are expected; found {re.escape(repr(units))}"):
        storage_factor(units)
