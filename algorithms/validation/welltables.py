"""Rows of what 'Validate by wells' writes; NaN becomes NULL."""

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle

from .sinks import real

WELL_FIELDS = (
    ("well", "text"), ("cell", "integer"), ("readings", "integer"), ("set_aside", "integer"),
    ("months", "integer"), ("cc", "real"), ("cc_before", "real"), ("cc_change", "real"),
    ("level_cm_yr", "real"), ("stack_cm_yr", "real"), ("specific_yield", "real"),
    ("class_value", "real"), ("in_cell_mean", "integer"),
)  # fmt: skip
CELL_FIELDS = (
    ("cell", "integer"), ("wells", "integer"), ("months", "integer"), ("cc", "real"),
    ("r2", "real"), ("rmse_cm", "real"), ("specific_yield", "real"), ("wells_cm_yr", "real"),
    ("stack_cm_yr", "real"), ("difference_cm_yr", "real"), ("season_kept", "integer"),
)  # fmt: skip
BIN_FIELDS = (
    ("bin", "integer"), ("cells", "integer"), ("predicted_from", "real"), ("predicted_to", "real"),
    ("predicted", "real"), ("observed", "real"), ("standard_error", "real"),
)  # fmt: skip
SCORE_FIELDS = (
    ("what", "text"), ("yield_factor", "real"), ("n", "integer"), ("cc", "real"), ("p", "real"),
    ("cc_squared", "real"), ("r2", "real"), ("rmse", "real"), ("bias", "real"), ("slope", "real"),
    ("intercept", "real"),
)  # fmt: skip


def well_rows(result):
    """One point a well."""
    r = result
    nothing = [None] * len(r.names)
    before = nothing if r.cc_before is None else r.cc_before
    yields = nothing if r.specific_yield is None else r.specific_yield
    classes = nothing if r.classes is None else r.classes
    for i, name in enumerate(r.names):
        change = None if r.cc_before is None else real(r.cc[i] - before[i])
        row = [
            name, int(r.cell[i]) + 1, int(r.readings[i]), int(r.outliers[i]), int(r.common[i]),
            real(r.cc[i]), real(before[i]), change, real(r.trend_level[i]),
            real(r.trend_simulated[i]), real(yields[i]), real(classes[i]), int(r.used[i]),
        ]  # fmt: skip
        yield row, QgsGeometry.fromPointXY(QgsPointXY(float(r.x[i]), float(r.y[i])))


def cell_rows(result):
    """One rectangle a cell with wells; cells are numbered as in the wells' column ``cell``."""
    c, grid, m = result.cells, result.grid, result.cells.metrics
    storage = result.specific_yield is not None
    for i in range(c.row.size):
        west, north = grid.x0 + c.col[i] * grid.dx, grid.y0 - c.row[i] * grid.dy
        row = [
            i + 1, int(c.wells[i]), int(c.months[i]), real(m.cc[i]),
            real(m.nse[i]) if storage else None, real(m.rmse[i]) if storage else None,
            real(c.specific_yield[i]) if storage else None, real(c.trend_observed[i]),
            real(c.trend_predicted[i]),
            real(c.trend_predicted[i] - c.trend_observed[i]) if storage else None,
            int(c.raw_season[i]),
        ]  # fmt: skip
        yield row, QgsGeometry.fromRect(QgsRectangle(west, north - grid.dy, west + grid.dx, north))


def bin_rows(bins):
    """One row a bin; none where there are no bins."""
    if bins is None:
        return
    for i in range(bins.n.size):
        values = (bins.low, bins.high, bins.predicted, bins.observed, bins.sem)
        yield [i + 1, int(bins.n[i]), *(real(v[i]) for v in values)]


def score_rows(scores):
    """One row a score."""
    for s in scores:
        yield [s.name, s.factor, s.n, *(real(v) for v in s[3:])]
