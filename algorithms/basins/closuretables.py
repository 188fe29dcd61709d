"""Rows of the water balance tables; NaN becomes NULL on writing."""

MONTHLY_FIELDS = (
    ("basin", "text"),
    ("date", "text"),
    ("twsc_cm", "real"),
    ("flux_cm", "real"),
    ("residual_cm", "real"),
    ("precipitation_cm", "real"),
    ("evapotranspiration_cm", "real"),
    ("runoff_cm", "real"),
)
SUMMARY_FIELDS = (
    ("basin", "text"),
    ("area_km2", "real"),
    ("months", "integer"),
    ("cc", "real"),
    ("rmse_cm", "real"),
    ("bias_cm", "real"),
    ("precipitation_mm_yr", "real"),
    ("irrigated", "real"),
    ("glacier", "real"),
    ("counted", "integer"),
    ("left_out", "text"),
)
#: How the attribute table rounds the summary.
DECIMALS = {name: 2 for name, kind in SUMMARY_FIELDS if kind == "real"}
DECIMALS.update(area_km2=0, precipitation_mm_yr=0, irrigated=3, glacier=3)


def monthly_rows(result):
    """Rows of the long table, basin by basin."""
    b = result.balance
    columns = (
        b.change, b.flux, b.residual, b.precipitation, b.evapotranspiration, b.runoff,
    )  # fmt: skip
    dates = [str(m) for m in result.means.months]
    for i, name in enumerate(result.means.names):
        for date, *values in zip(dates, *(column[:, i].tolist() for column in columns)):
            yield [name, date, *values]


def summary_rows(result):
    """One row a basin."""
    b, kept = result.balance, result.kept
    for i, name in enumerate(result.means.names):
        shares = [None if s is None else float(s[i]) for s in (result.irrigated, result.glacier)]
        reason = result.reasons[i] or (None if kept[i] else "too few months")
        yield [
            name,
            float(result.means.area_km2[i]),
            int(b.n[i]),
            float(b.cc[i]),
            float(b.rmse[i]),
            float(b.bias[i]),
            float(result.precipitation_year[i]),
            *shares,
            int(kept[i]),
            reason,
        ]
