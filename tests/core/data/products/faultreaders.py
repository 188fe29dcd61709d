"""The readers by the kind of their files, and what a refusal says."""

import re

from . import fault_files as faults

COUNT = faults.COUNT
GRACE = ("jpl-mascon", "csr-mascon", "gsfc-mascon", "jpl-tellus")
LAND = (*faults.GLDAS, "era5-land")
NETCDF = (*GRACE, *LAND, "cf-series")
RASTERS = ("dated-rasters", "existing-stack")


#: The variable that a test damages, and the one that holds the times.
FIELD = {
    **dict.fromkeys(GRACE, "lwe_thickness"), "gsfc-mascon": "solution/cmwe",
    "gldas-noah": "SoilMoi0_10cm_inst", "gldas-clsm": "SoilMoist_P_inst",
    "gldas-vic": "SoilMoi_depth2_inst", "era5-land": "swvl2", "cf-series": "water",
}  # fmt: skip


def assert_says(message, match):
    assert re.search(match, message), message
