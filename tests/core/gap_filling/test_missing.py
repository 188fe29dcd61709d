"""What is missing: small records counted in the head, and by brute force."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, TimeAxisError
from grace_water_toolbox.core.gap_filling.missing import gaps_by_pixel, missing_months
from grace_water_toolbox.core.gap_filling.missing_report import PARTLY, calendar_status
from grace_water_toolbox.core.report.coverage import FILLED_A, FILLED_B, MISSING, OBSERVED
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

NAN = np.nan


def test_gaps_in_the_head():
    record = np.array([list("x.x..x"), list(".x.x.."), list("......"), list("xxxxxx")]) == "x"
    missing, inside, longest, first, last = gaps_by_pixel(record.T)
    assert missing.tolist() == [3, 4, 6, 0]
    assert inside.tolist() == [3, 1, 0, 0]
    assert longest.tolist() == [2, 1, 0, 0]
    assert first.tolist() == [0, 1, -1, 0] and last.tolist() == [5, 3, -1, 5]


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 25), st.integers(1, 6))))
def test_gaps_by_brute_force(observed):
    missing, inside, longest, first, last = gaps_by_pixel(observed)
    for pixel, column in enumerate(observed.T):
        text = "".join("x" if seen else "." for seen in column)
        assert missing[pixel] == text.count(".")
        assert inside[pixel] == text.strip(".").count(".")
        assert longest[pixel] == max((len(run) for run in text.strip(".").split("x")), default=0)
        assert (first[pixel], last[pixel]) == (text.find("x"), text.rfind("x"))


@pytest.fixture
def field():
    """Six months, 2 × 3 cells: month 2 missing everywhere, and patterns of their own."""
    values = np.ones((6, 2, 3))
    values[2] = NAN
    values[3, 0, 0] = NAN  # a gap of two months
    values[0, 0, 1] = NAN  # begins later
    values[4:, 0, 2] = NAN  # ends earlier
    values[:, 1, 0] = NAN  # ocean
    return values


def summary_of(tmp_path, make_stack, values, flags=None, **more):
    source = make_stack(tmp_path / "in.tif", values)
    if flags is None:
        with MonthlyStack(source) as stack:
            return missing_months(stack, **more)
    marks = make_stack(tmp_path / "flags.tif", flags, flags=True, units="")
    with MonthlyStack(source) as stack, MonthlyStack(marks) as flagged:
        return missing_months(stack, flagged, **more)


def test_a_field_by_month_and_cell(tmp_path, make_stack, field):
    import rasterio

    found = summary_of(
        tmp_path, make_stack, field, map_output=tmp_path / "map.tif", points=True, memory=1
    )
    assert found.cells == 5
    assert found.observed.tolist() == [4, 5, 0, 4, 4, 4]
    assert (found.uneven, found.late, found.early) == (1, 1, 1)
    assert [(str(a), str(b), n) for a, b, n in found.runs()] == [("2004-03", "2004-03", 1)]
    assert found.run_lengths().tolist() == [0, 0, 1, 0, 0, 0]
    # Cells of the upper row are a little smaller than those of the lower one.
    upper, lower = (np.cos(np.radians(phi)) for phi in (29.5, 28.5))
    want = upper / (3 * upper + 2 * lower)
    np.testing.assert_allclose(found.missing_share, [want, 0, 1, want, want, want], rtol=1e-4)
    want = {
        "missing": [[2, 2, 3], [NAN, 1, 1]],
        "missing_inside": [[2, 1, 1], [NAN, 1, 1]],
        "longest_gap": [[2, 1, 1], [NAN, 1, 1]],
    }
    with rasterio.open(tmp_path / "map.tif") as file:
        assert file.descriptions == tuple(want) and file.units == ("months",) * 3
        for band, name in enumerate(want, 1):
            np.testing.assert_array_equal(found.map[name], want[name])
            written = file.read(band)
            np.testing.assert_array_equal(np.where(written < 0, NAN, written), want[name])
    points = {(x, y): tuple(rest) for x, y, *rest in found.points.T.tolist()}
    assert points[0, 0] == (2, 2, 2, 0, 5) and points[2, 0] == (3, 1, 1, 0, 3) and len(points) == 5
    assert calendar_status(found).tolist() == [PARTLY, OBSERVED, MISSING, PARTLY, PARTLY, PARTLY]


def test_filled_values_are_missing_observations(tmp_path, make_stack, field):
    flags = np.where(np.isnan(field), 1, 0)
    flags[4:, 0, 2] = 2
    flags[:, 1, 0] = 255
    filled = np.where((flags > 0) & (flags < 255), 5.0, field)
    found = summary_of(tmp_path, make_stack, filled, flags)
    plain = summary_of(tmp_path, make_stack, field)
    assert (found.observed == plain.observed).all() and found.cells == 5
    for name, band in plain.map.items():
        np.testing.assert_array_equal(found.map[name], band)
    assert found.filled_a.tolist() == [1, 0, 5, 1, 0, 0]
    assert found.filled_b.tolist() == [0, 0, 0, 0, 1, 1]
    want = [FILLED_A, OBSERVED, FILLED_A, FILLED_A, FILLED_B, FILLED_B]
    assert calendar_status(found).tolist() == want


def test_what_does_not_fit(tmp_path, make_stack, field):
    with pytest.raises(DataError, match="empty stack"):
        summary_of(tmp_path, make_stack, np.full((4, 2, 2), NAN), map_output=tmp_path / "m.tif")
    assert not (tmp_path / "m.tif").exists()
    with pytest.raises(TimeAxisError):
        summary_of(tmp_path, make_stack, field, np.zeros((5, 2, 3)))


@pytest.mark.real
def test_the_real_record(csr, tmp_path):
    from grace_water_toolbox.core.data.importing import import_grace

    import_grace(csr, tmp_path / "tws.tif", extent=(60, 5, 100, 40))
    with MonthlyStack(tmp_path / "tws.tif") as stack:
        found = missing_months(stack)
    assert found.missing.sum() == 36 and found.uneven == found.late == found.early == 0
    assert ("2017-07", "2018-05", 11) in [(str(a), str(b), n) for a, b, n in found.runs()]
    assert (found.map["longest_gap"] == 11).all() and (found.map["missing"] == 36).all()
