import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.comparing import compare_downscaling
from grace_water_toolbox.core.errors import GridError, TimeAxisError

MONTHS = np.arange("2004-01", "2004-04", dtype="datetime64[M]")
COARSE = Grid(0.0, 44.0, 2.0, 2.0, 4, 3)
FINE = Grid(0.0, 44.0, 0.5, 0.5, 16, 12)


@pytest.fixture
def stacks(tmp_path, rng):
    values = {name: rng.normal(size=(3, 12, 16)) for name in ("a", "b", "truth")}
    values["a"][1, 3, 5] = np.nan
    coarse = rng.normal(size=(3, 3, 4))
    opened = {}
    for name, data in values.items():
        factor = 10 if name == "b" else 1
        write_stack(
            tmp_path / f"{name}.tif", StackInfo(FINE, MONTHS, "mm" if factor == 10 else "cm"),
            factor * data,
        )  # fmt: skip
        opened[name] = MonthlyStack(str(tmp_path / f"{name}.tif"))
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "cm"), coarse)
    opened["coarse"] = MonthlyStack(str(tmp_path / "coarse.tif"))
    yield {**values, "coarse_values": coarse}, opened
    for stack in opened.values():
        stack.close()


def plain(values, coarse, truth, known, inside):
    """Loops over cells: a transcription of the definitions."""
    height = -np.diff(np.sin(np.radians(44 - 0.5 * np.arange(13))))
    area = np.repeat(height[:, None], 16, axis=1)
    x, t, g, w, xw, tw, gx, gw = [], [], [], [], [], [], [], []
    for month in range(3):
        for r in range(3):
            for c in range(4):
                cell = np.s_[4 * r : 4 * r + 4, 4 * c : 4 * c + 4]
                use = known[month][cell] & inside[cell]
                if area[cell][use].sum() < 0.5 * area[cell].sum() - 1e-12:
                    continue
                a = area[cell][use]
                v, u = values[month][cell][use], truth[month][cell][use]
                mv, mu = np.average(v, weights=a), np.average(u, weights=a)
                gx.append(mv)
                g.append(coarse[month, r, c])
                gw.append(area[cell].sum())
                x += list(v)
                t += list(u)
                w += list(a)
                xw += list(v - mv)
                tw += list(u - mu)
    return (*score(gx, g, gw), *score(x, t, w), *score(xw, tw, w)[:2],
            np.sqrt(np.average(np.square(xw), weights=w)))  # fmt: skip


def score(x, y, w):
    x, y, w = map(np.asarray, (x, y, w))
    mx, my = np.average(x, weights=w), np.average(y, weights=w)
    cov = np.average((x - mx) * (y - my), weights=w)
    sd = np.sqrt(np.average((x - mx) ** 2, weights=w) * np.average((y - my) ** 2, weights=w))
    return np.sqrt(np.average((x - y) ** 2, weights=w)), cov / sd, mx - my


@pytest.mark.parametrize("region", [False, True])
@pytest.mark.parametrize("memory", [10_000, 10**9])
def test_scores_are_those_of_a_plain_loop(stacks, region, memory):
    values, opened = stacks
    inside = np.ones((12, 16), bool)
    if region:
        inside[:, :7] = False
        inside[0] = False
    got = compare_downscaling(
        {"a": opened["a"], "b": opened["b"]}, opened["coarse"], truth=opened["truth"],
        inside=inside if region else None, memory=memory,
    )  # fmt: skip
    known = np.isfinite(values["a"])
    for found in got:
        expected = plain(
            values[found.name], values["coarse_values"], values["truth"], known, inside
        )
        row = (
            found.coarse_rmse, found.coarse_cc, found.coarse_bias, found.fine_rmse,
            found.fine_cc, found.fine_bias, found.within_rmse, found.within_cc,
            found.subgrid_sd,
        )  # fmt: skip
        np.testing.assert_allclose(row, expected, rtol=1e-5, atol=1e-6)


def test_without_a_truth_only_the_coarse_scores_are_known(stacks):
    _, opened = stacks
    (found,) = compare_downscaling({"b": opened["b"]}, opened["coarse"], months=MONTHS[:2])
    assert np.isfinite([found.coarse_rmse, found.subgrid_sd]).all() and found.months == 2
    assert np.isnan([found.fine_rmse, found.within_cc, found.truth_subgrid_sd]).all()


def test_what_has_nothing_in_common_is_refused(stacks, tmp_path):
    _, opened = stacks
    with pytest.raises(TimeAxisError):
        compare_downscaling({"b": opened["b"]}, opened["coarse"], months=MONTHS + 99)
    with pytest.raises(GridError):
        compare_downscaling({"b": opened["b"], "c": opened["coarse"]}, opened["coarse"])
