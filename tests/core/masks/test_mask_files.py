"""Combining masks and taking them out of stacks."""

import itertools

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.errors import DataError, GridError, ParameterError
from grace_water_toolbox.core.masks.applying import apply_mask
from grace_water_toolbox.core.masks.combining import combine, combine_masks
from grace_water_toolbox.core.masks.maskfile import MaskFile

GRID = Grid(70, 62, 1, 1, 3, 2)
#: 0 kept, 1 excluded, 255 unknown, as Python's False, True, None.
TRUTH = {0: False, 1: True, 255: None}


@pytest.fixture
def mask(tmp_path):
    def write(name, values, grid=GRID, dtype="uint8", nodata=255, bands=1):
        values = np.asarray(values, dtype)
        path = tmp_path / name
        tags = {"history": f"{name} made"}
        with RasterWriter(path, grid, ["mask"] * bands, dtype=dtype, nodata=nodata,
                          tags=tags) as file:  # fmt: skip
            file.write(np.broadcast_to(values, (bands, *values.shape)))
        return str(path)

    return write


def kleene(values, method):
    values = [TRUTH[v] for v in values]
    decisive = method == "union"
    if decisive in values:
        return int(decisive)
    return 255 if None in values else int(not decisive)


@pytest.mark.parametrize("method", ["union", "intersection"])
@pytest.mark.parametrize("count", [2, 3])
def test_every_case_of_three_values(method, count):
    cases = np.array(list(itertools.product((0, 1, 255), repeat=count)), "uint8")
    got = combine(cases.T[:, None, :], method)[0]
    assert got.tolist() == [kleene(case, method) for case in cases.tolist()]


def test_combining_files(mask, tmp_path):
    a = mask("a.tif", [[1, 0, 255], [0, 0, 1]])
    b = mask("b.tif", [[1, 1, 0], [0, 255, 0]])
    summary = combine_masks([a, b], tmp_path / "u.tif", memory=1)
    with MaskFile(tmp_path / "u.tif") as union:
        assert union.read().tolist() == [[1, 1, 255], [0, 255, 1]]
        assert union.history == [
            "a.tif made",
            "b.tif made",
            "union of INPUTS (a.tif), INPUTS (b.tif)",
        ]
    areas = GRID.cell_areas()
    assert (summary.cells, summary.excluded, summary.unknown) == (6, 3, 2)
    assert summary.excluded_area == pytest.approx(2 * areas[0, 0] + areas[1, 0])
    combine_masks([a, b], tmp_path / "i.tif", method="intersection")
    with MaskFile(tmp_path / "i.tif") as both:
        assert both.read().tolist() == [[1, 0, 0], [0, 0, 0]]


def test_masks_of_other_programs(mask, tmp_path):
    # Floats with NaN, and a file in which 0 is nodata.
    with MaskFile(mask("f.tif", [[1, 0, np.nan], [0, 0, 1]], dtype="float32", nodata=np.nan)) as m:
        assert m.read().tolist() == [[1, 0, 255], [0, 0, 1]]
    with MaskFile(mask("z.tif", [[1, 0, 0], [0, 0, 1]], nodata=0)) as m:
        assert m.read().tolist() == [[1, 0, 0], [0, 0, 1]]
    with MaskFile(mask("n.tif", [[1, 0, -9], [0, 0, 1]], dtype="int16", nodata=-9)) as m:
        assert m.read(0, 1, 1, 2).tolist() == [[0, 255]]


def test_what_is_no_mask(mask, tmp_path):
    good = mask("good.tif", np.zeros((2, 3)))
    classes = mask("classes.tif", [[0, 3, 0], [0, 0, 0]])
    says = r"MASK \(classes.tif\): a mask of 0.*value 3"
    with MaskFile(classes) as m, pytest.raises(DataError, match=says):
        m.read()
    with pytest.raises(ParameterError, match="one band is expected; found 2 bands"):
        MaskFile(mask("two.tif", np.zeros((2, 3)), bands=2))
    with pytest.raises(ParameterError, match="INPUTS: at least two masks"):
        combine_masks([good], tmp_path / "o.tif")
    other = mask("other.tif", np.zeros((2, 3)), Grid(70, 62, 0.5, 0.5, 3, 2))
    with pytest.raises(GridError, match=r"good.tif\) and INPUTS \(other.tif\) must share one grid"):
        combine_masks([good, other], tmp_path / "o.tif")
    assert not (tmp_path / "o.tif").exists()


def apply(stack, mask_path, output, **settings):
    with MonthlyStack(stack) as opened, MaskFile(mask_path) as taken:
        return apply_mask(opened, taken, output, **settings)


def test_masked_means_are_those_by_hand(mask, make_stack, read_stack, tmp_path):
    values = np.array([[[1.0, 2, 3], [4, 5, np.nan]], [[2, 4, 6], [8, 10, np.nan]]])
    stack = make_stack(tmp_path / "s.tif", values, grid=GRID, baseline=("2004-01", "2009-12"))
    taken = mask("m.tif", [[1, 0, 255], [0, 1, 1]])
    summary = apply(stack, taken, tmp_path / "o.tif", memory=1)
    got, info = read_stack(tmp_path / "o.tif")
    expected = values.copy()
    expected[:, [0, 1, 1], [0, 1, 2]] = np.nan
    np.testing.assert_array_equal(got, expected)
    # Rows 61 to 62 and 60 to 61 north: weights by the sines.
    sine = np.sin(np.radians([60, 61, 62]))
    top, bottom = sine[2] - sine[1], sine[1] - sine[0]
    areas = GRID.cell_areas()
    for month, (b, c, d) in enumerate([(2, 3, 4), (4, 6, 8)]):
        ok = np.isfinite(got[month])
        mean = (got[month][ok] * areas[ok]).sum() / areas[ok].sum()
        hand = (top * (b + c) + bottom * d) / (2 * top + bottom)
        assert mean == pytest.approx(hand, rel=1e-12)
    assert (summary.cells, summary.taken, summary.unknown) == (6, 3, 1)
    assert (summary.valued, summary.valued_taken) == (5, 2)
    assert summary.share == pytest.approx((top + bottom) / (3 * top + 2 * bottom))
    assert info.baseline == ("2004-01", "2009-12") and info.units == "cm"
    assert info.history[0] == "made for a test"
    assert "masked by MASK (m.tif): 3 of 6 cells" in info.history[-1]


def test_inverted_and_not_are_all(mask, make_stack, read_stack, tmp_path):
    values = np.arange(12.0).reshape(2, 2, 3)
    stack = make_stack(tmp_path / "s.tif", values, grid=GRID)
    taken = mask("m.tif", [[1, 0, 1], [0, 0, 255]])
    apply(stack, taken, tmp_path / "a.tif")
    apply(stack, taken, tmp_path / "b.tif", invert=True)
    one, other = (read_stack(tmp_path / n)[0] for n in ("a.tif", "b.tif"))
    both = np.isfinite(one) & np.isfinite(other)
    assert both[0].tolist() == [[False, False, False], [False, False, True]]
    np.testing.assert_array_equal(np.where(np.isfinite(one), one, other), values)


def test_flags_stay_flags(mask, make_stack, tmp_path):
    stack = make_stack(tmp_path / "s.tif", np.array([[[0.0, 1, 2], [0, 1, 255]]]), grid=GRID,
                       flags=True)  # fmt: skip
    summary = apply(stack, mask("m.tif", [[1, 0, 0], [0, 1, 0]]), tmp_path / "o.tif")
    with rasterio.open(tmp_path / "o.tif") as file:
        assert file.dtypes == ("uint8",) and file.nodata == 255
        assert file.read(1).tolist() == [[255, 1, 2], [0, 255, 255]]
    assert (summary.valued, summary.valued_taken) == (5, 2)


def test_double_precision_is_kept(mask, tmp_path, read_stack):
    from grace_water_toolbox.core.data.stack import StackInfo, stack_writer

    values = np.full((1, 2, 3), 1 / 3)
    info = StackInfo(GRID, np.array(["2004-01"], "datetime64[M]"), "cm")
    with stack_writer(tmp_path / "s.tif", info, "float64") as file:
        file.write(values)
    apply(tmp_path / "s.tif", mask("m.tif", np.eye(2, 3)), tmp_path / "o.tif")
    assert read_stack(tmp_path / "o.tif")[0][0, 0, 1] == 1 / 3


def test_other_grids_are_refused(mask, make_stack, tmp_path):
    stack = make_stack(tmp_path / "s.tif", np.zeros((1, 2, 3)), grid=GRID)
    other = mask("m.tif", np.zeros((2, 3)), Grid(71, 62, 1, 1, 3, 2))
    with pytest.raises(GridError, match=r"s.tif and MASK \(m.tif\) must share one grid"):
        apply(stack, other, tmp_path / "o.tif")
    assert not (tmp_path / "o.tif").exists()
