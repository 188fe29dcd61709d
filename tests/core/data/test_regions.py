"""Connected regions: by hand, against scipy on the whole array, seam, strips."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.regions import find_regions


def regions(codes, grid=None, field=None, **more):
    codes = np.asarray(codes)
    grid = grid or Grid(70.0, 30.0, 1.0, 1.0, codes.shape[1], codes.shape[0])
    field = np.ones(codes.shape) if field is None else np.asarray(field, float)

    def scan(row, ny):
        return codes[row : row + ny], field[row : row + ny]

    return find_regions(grid, scan, 1, **more), grid


def area_of(parts):
    """Planar area of polygons, holes taken off (shoelace)."""

    def shoelace(ring):
        x, y = ring.T
        return abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2

    return sum(shoelace(outer) - sum(map(shoelace, holes)) for outer, holes in parts)


def test_by_hand():
    found, grid = regions(
        [[1, 0, 2], [0, 1, 2], [1, 0, 0]], field=[[1, 9, 5], [9, 2, 7], [3, 9, 9]]
    )
    # Corners join: the three cells of code 1 are one region of three polygons.
    assert sorted(found.code) == [1, 2] and sorted(found.cells) == [2, 3]
    one = list(found.code).index(1)
    areas = grid.cell_areas()
    assert found.area[one] == pytest.approx(areas[0, 0] + areas[1, 1] + areas[2, 0])
    assert found.sums[one, 0] == pytest.approx(areas[0, 0] + 2 * areas[1, 1] + 3 * areas[2, 0])
    assert found.highest[:, 0].tolist() == [3, 7] if one == 0 else [7, 3]
    assert len(found.parts[one]) == 3 and area_of(found.parts[one]) == 3
    ((ring, holes),) = found.parts[1 - one]
    assert holes == [] and ring[:, 0].min() == 72 and ring[:, 0].max() == 73
    assert ring[:, 1].min() == 28 and ring[:, 1].max() == 30


def test_hole():
    found, _ = regions([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    ((_, holes),) = found.parts[0]
    assert len(holes) == 1 and area_of(found.parts[0]) == 8


def test_nothing_and_one_cell():
    found, _ = regions([[0]])
    assert found.parts == [] and found.area.size == 0 and found.sums.shape == (0, 1)
    found, grid = regions([[3]])
    assert found.code.tolist() == [3] and found.area == pytest.approx(grid.cell_areas()[0, 0])


@pytest.mark.parametrize("rows", [([1, 0, 0, 1], [0] * 4), ([1, 0, 0, 0], [0, 0, 0, 1]),
                                  ([0, 0, 0, 1], [1, 0, 0, 0])])  # fmt: skip
@pytest.mark.parametrize("memory", [None, 1])
def test_the_seam_of_the_globe_does_not_part_them(rows, memory):
    globe = Grid(-180.0, 45.0, 90.0, 45.0, 4, 2)
    found, _ = regions(rows, globe, memory=memory)
    assert found.cells.tolist() == [2] and len(found.parts[0]) == 2
    # Not on a grid that only looks alike.
    found, _ = regions(rows, Grid(-90.0, 45.0, 45.0, 45.0, 4, 2), memory=memory)
    assert found.cells.tolist() == [1, 1]


def test_least_area():
    codes = [[1, 0, 1], [1, 0, 0]]
    grid = Grid(0.0, 0.0, 1000.0, 1000.0, 3, 2, "EPSG:6933")
    assert regions(codes, grid, min_area=2.0)[0].cells.tolist() == [2]
    assert regions(codes, grid, min_area=2.01)[0].cells.tolist() == []
    assert regions(codes, grid)[0].area.tolist() == [2, 1]


@pytest.mark.parametrize("memory", [None, 8 * 7 * 60 * 5, 1])
def test_equals_labelling_the_whole(memory):
    from scipy.ndimage import label

    rng = np.random.default_rng(5)
    codes = rng.choice([0, 1, 2], (40, 60), p=[0.55, 0.3, 0.15])
    field = rng.normal(size=codes.shape)
    found, grid = regions(codes, field=field, memory=memory)
    expected = []
    for code in (1, 2):
        labels, n = label(codes == code, np.ones((3, 3)))
        for i in range(1, n + 1):
            inside = labels == i
            weight = grid.cell_areas()[inside]
            expected.append(
                (code, inside.sum(), weight.sum(), (field[inside] * weight).sum(),
                 field[inside].max())
            )  # fmt: skip
    got = zip(found.code, found.cells, found.area, found.sums[:, 0], found.highest[:, 0])
    np.testing.assert_allclose(sorted(got), sorted(expected), rtol=1e-12)
    for cells, parts in zip(found.cells, found.parts):
        assert area_of(parts) == pytest.approx(cells)


def test_cancel():
    from grace_water_toolbox.core.errors import Cancelled
    from grace_water_toolbox.core.progress import Progress

    class Stop(Progress):
        def is_cancelled(self):
            return True

    with pytest.raises(Cancelled):
        regions([[1]], progress=Stop())
