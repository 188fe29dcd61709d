"""Rows of what 'Compare with series' writes; NaN becomes NULL."""

from .sinks import real

SERIES_FIELDS = (
    ("level", "text"), ("period", "text"), ("stack_cm", "real"), ("table_value", "real"),
    ("stack_months", "integer"), ("table_months", "integer"),
)  # fmt: skip
SCORE_FIELDS = (
    ("level", "text"), ("n", "integer"), ("cc", "real"), ("cc_detrended", "real"), ("r2", "real"),
    ("rmse_cm", "real"), ("table_per_cm", "real"), ("stack_cm_yr", "real"),
    ("table_per_year", "real"),
)  # fmt: skip


def series_rows(levels):
    """One row a period and level."""
    for level in levels:
        for i, label in enumerate(level.labels):
            yield [
                level.name, label, real(level.stack[i]), real(level.table[i]),
                int(level.n_stack[i]), int(level.n_table[i]),
            ]  # fmt: skip


def score_rows(levels):
    """One row a level."""
    for v in levels:
        numbers = (v.cc, v.cc_detrended, v.r2, v.rmse, v.slope, v.trend_stack, v.trend_table)
        yield [v.name, v.n, *(real(x) for x in numbers)]
