"""The toolbox's groups, in the order the work flows; one folder each."""

GROUPS = {
    "data": "1 Data",
    "masks": "2 Masks",
    "gap_filling": "3 Gap filling",
    "groundwater": "4 Groundwater",
    "downscaling": "5 Downscaling",
    "basins": "6 Basins",
    "trends": "7 Trends",
    "validation": "8 Validation",
}
