"""Coarse means are met, whatever the coast, the blocks and the nesting of cells."""

from dataclasses import replace

import numpy as np
import pytest
from grace_water_toolbox.core.data.aligning import align_stack
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.correcting import correct_residuals
from grace_water_toolbox.core.downscaling.delta import downscale_delta
from grace_water_toolbox.core.errors import BaselineError, GridError, TimeAxisError, UnitsError

MONTHS = np.arange("2004-01", "2004-05", dtype="datetime64[M]")
COARSE = Grid(0.0, 45.0, 3.0, 3.0, 8, 5)
NESTED = Grid(3.0, 42.0, 0.25, 0.25, 60, 40)
ASKEW = Grid(3.4, 41.3, 0.23, 0.23, 60, 40)


def pair(folder, rng, fine=NESTED, mask=None, units="cm", coarse=COARSE, months=MONTHS):
    small = rng.normal(0, 2, (4, *fine.shape))
    if mask is not None:
        small[:, mask] = np.nan
    large = rng.normal(0, 8, (4, *coarse.shape))
    write_stack(folder / "fine.tif", StackInfo(fine, MONTHS, "cm"), small)
    factor = {"cm": 1, "mm": 10}[units]
    write_stack(folder / "coarse.tif", StackInfo(coarse, months, units), factor * large)
    return small, large


def corrected(folder, **more):
    with (
        MonthlyStack(str(folder / "fine.tif")) as fine,
        MonthlyStack(str(folder / "coarse.tif")) as coarse,
    ):
        summary = correct_residuals(fine, coarse, folder / "out.tif", **more)
    with MonthlyStack(str(folder / "out.tif")) as out:
        return summary, out.read(), out.info


def means(folder, share=0.5):
    """Coarse means of the result by the toolbox's own conservative alignment."""
    with MonthlyStack(str(folder / "out.tif")) as out:
        align_stack(out, COARSE, folder / "mean.tif", min_share=share)
    with MonthlyStack(str(folder / "mean.tif")) as mean:
        return mean.read()


def coast(rng, shape):
    mask = rng.random(shape) < 0.1
    mask[:, :13] = True
    mask[np.add.outer(np.arange(shape[0]), np.arange(shape[1])) < 35] = True
    return mask


@pytest.mark.parametrize("fine", [NESTED, ASKEW], ids=["nested", "askew"])
@pytest.mark.parametrize("masked", [False, True])
def test_conserving_meets_the_coarse_means(tmp_path, rng, fine, masked):
    mask = coast(rng, fine.shape) if masked else None
    _, large = pair(tmp_path, rng, fine, mask)
    summary, got, info = corrected(tmp_path)
    mean = means(tmp_path)
    known = np.isfinite(mean)
    assert known.any() and np.abs(mean - large)[known].max() < 0.01
    assert np.nanmax(summary.most_after) < 0.01 < np.nanmin(summary.most_before)
    if masked:
        assert (np.isnan(got[0]) == mask).all()
    assert "residual correction" in info.history[-1]


def test_the_published_pass_does_not_conserve(tmp_path, rng):
    _, _large = pair(tmp_path, rng)
    summary, _, _ = corrected(tmp_path, method="spline")
    assert np.nanmin(summary.most_after) > 0.5


def test_the_published_pass_is_a_spline_through_the_residuals(tmp_path, rng):
    """Plain transcription: block means, natural spline by scipy on both axes, added."""
    from scipy.interpolate import CubicSpline

    small, large = pair(tmp_path, rng)
    _, got, _ = corrected(tmp_path, method="spline")
    edges = np.radians(42 - 0.25 * np.arange(41))
    height = -np.diff(np.sin(edges))
    for t in range(4):
        field = small[t].astype("f4").astype(float)
        rows = np.arange(40) // 12
        mean = np.zeros((4, 5))
        for r in range(4):
            part = rows == r
            for c in range(5):
                cell = field[part, 12 * c : 12 * c + 12]
                mean[r, c] = np.average(cell.mean(axis=1), weights=height[part])
        # The fourth row is covered by 4 of its 12 rows: under half, so unknown.
        residual = large[t].astype("f4").astype(float)[1:4, 1:6] - mean[:3]
        residual = np.vstack([residual, residual[-1:]])
        y = (42 - NESTED.y) / 3 - 0.5
        x = (NESTED.x - 3) / 3 - 0.5
        fine = np.empty((4, 60))
        for r in range(4):
            fine[r] = natural(CubicSpline(np.arange(5), residual[r], bc_type="natural"), x, 4)
        out = np.empty((40, 60))
        for c in range(60):
            out[:, c] = natural(CubicSpline(np.arange(4), fine[:, c], bc_type="natural"), y, 3)
        np.testing.assert_allclose(got[t], field + out, atol=1e-4)


def natural(spline, x, last):
    inside = np.clip(x, 0, last)
    return spline(inside) + (x - inside) * spline(inside, 1)


def test_the_size_of_blocks_changes_nothing(tmp_path, rng):
    pair(tmp_path, rng, mask=coast(rng, NESTED.shape))
    _, whole, _ = corrected(tmp_path)
    _, parts, _ = corrected(tmp_path, memory=3000)
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_units_are_converted(tmp_path, rng):
    _, large = pair(tmp_path, rng, units="mm")
    _, _, info = corrected(tmp_path)
    mean = means(tmp_path)
    known = np.isfinite(mean)
    assert info.units == "cm" and np.abs(mean - large)[known].max() < 0.01


def test_unobserved_months_are_kept_or_dropped_or_filled(tmp_path, rng):
    small, large = pair(tmp_path, rng)
    large[1] = np.nan
    marks = np.zeros((4, *COARSE.shape))
    marks[2] = 2
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "cm"), large)
    write_stack(tmp_path / "flags.tif", StackInfo(COARSE, MONTHS), marks)
    with MonthlyStack(str(tmp_path / "flags.tif")) as flags:
        summary, kept, _ = corrected(tmp_path, flags=flags, flags_output=tmp_path / "how.tif")
        np.testing.assert_allclose(kept[1:3], small[1:3], rtol=1e-6)
        assert summary.corrected.tolist() == [True, False, False, True]
        with MonthlyStack(str(tmp_path / "how.tif")) as how:
            assert [set(np.unique(m)) for m in how.read_flags()] == [{0}, {255}, {255}, {0}]
        _, dropped, _ = corrected(tmp_path, flags=flags, unobserved="missing")
        assert np.isnan(dropped[1:3]).all() and np.isfinite(dropped[0]).all()
        summary, _, _ = corrected(
            tmp_path, flags=flags, unobserved="filled", flags_output=tmp_path / "how.tif"
        )
        assert summary.corrected.tolist() == [True, False, True, True]
        with MonthlyStack(str(tmp_path / "how.tif")) as how:
            assert [set(np.unique(m)) for m in how.read_flags()] == [{0}, {255}, {1}, {0}]


def test_across_the_date_line(tmp_path, rng):
    """A globe of coarse cells from −180, fine cells from 170 to 190."""
    world = Grid(-180.0, 30.0, 5.0, 5.0, 72, 12)
    fine = Grid(170.0, 20.0, 0.5, 0.5, 40, 40)
    _small, large = pair(tmp_path, rng, fine, coarse=world)
    _summary, got, _ = corrected(tmp_path)
    columns = [70, 71, 0, 1]
    height = -np.diff(np.sin(np.radians(20 - 0.5 * np.arange(41))))
    for r in range(4):
        for c in range(4):
            cell = got[0, 10 * r : 10 * r + 10, 10 * c : 10 * c + 10]
            mean = np.average(cell.mean(axis=1), weights=height[10 * r : 10 * r + 10])
            assert abs(mean - large[0, 2 + r, columns[c]]) < 0.01


def test_one_coarse_cell(tmp_path, rng):
    fine = Grid(3.0, 42.0, 0.5, 0.5, 6, 6)
    pair(tmp_path, rng, fine)
    summary, _, _ = corrected(tmp_path)
    assert summary.cells == 1 and np.nanmax(summary.most_after) < 0.01


def _swap(folder, which, **changes):
    with MonthlyStack(str(folder / f"{which}.tif")) as stack:
        info, values = stack.info, stack.read()
    write_stack(folder / f"{which}.tif", replace(info, **changes), values)


@pytest.mark.parametrize(
    ("which", "changes", "error"),
    [
        ("coarse", {"units": ""}, UnitsError),
        ("coarse", {"units": "K"}, UnitsError),
        ("fine", {"units": ""}, UnitsError),
        ("coarse", {"months": MONTHS + 100}, TimeAxisError),
        ("coarse", {"grid": Grid(100.0, 45.0, 3.0, 3.0, 8, 5)}, GridError),
        ("coarse", {"grid": Grid(3.0, 42.0, 0.1, 0.1, 8, 5)}, GridError),
        ("coarse", {"grid": Grid(0.0, 45.0, 3.0, 3.0, 8, 5, "EPSG:3857")}, GridError),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, rng, which, changes, error):
    pair(tmp_path, rng)
    _swap(tmp_path, which, **changes)
    with pytest.raises(error):
        corrected(tmp_path)
    assert not (tmp_path / "out.tif").exists()


def test_other_baselines_are_refused(tmp_path, rng):
    pair(tmp_path, rng)
    _swap(tmp_path, "coarse", baseline=("2004-01", "2009-12"))
    _swap(tmp_path, "fine", baseline=("2003-01", "2009-12"))
    with pytest.raises(BaselineError):
        corrected(tmp_path)


@pytest.mark.parametrize("method", ["replicate", "bilinear"])
def test_delta_is_the_coarse_field_plus_what_the_model_departs(tmp_path, rng, method):
    """A plain transcription on cells that nest: U coarse + fine − U A fine."""
    small, large = pair(tmp_path, rng)
    with (
        MonthlyStack(str(tmp_path / "fine.tif")) as fine,
        MonthlyStack(str(tmp_path / "coarse.tif")) as coarse,
    ):
        downscale_delta(coarse, fine, tmp_path / "d.tif", method=method, min_share=0.0)
    with MonthlyStack(str(tmp_path / "d.tif")) as out:
        got = out.read()
        assert "delta" in out.info.history[-1]
    height = -np.diff(np.sin(np.radians(42 - 0.25 * np.arange(41))))
    rows, columns = np.arange(40) // 12, np.arange(60) // 12
    for t in range(4):
        mean = np.zeros((4, 5))
        for r in range(4):
            weights = height[rows == r]
            for c in range(5):
                cell = small[t][np.ix_(rows == r, columns == c)]
                mean[r, c] = np.average(cell.mean(axis=1), weights=weights)
        residual = large[t, 1:5, 1:6] - mean
        if method == "replicate":
            up = residual[np.ix_(rows, columns)]
        else:
            y, x = (np.arange(40) + 0.5) / 12 - 0.5, (np.arange(60) + 0.5) / 12 - 0.5
            across = np.stack([np.interp(x, np.arange(5), r) for r in residual])
            up = np.stack([np.interp(y, np.arange(4), c) for c in across.T]).T
        np.testing.assert_allclose(got[t], small[t] + up, atol=1e-4)


def test_delta_re_bases_an_absolute_model(tmp_path, rng):
    small, large = pair(tmp_path, rng)
    write_stack(tmp_path / "fine.tif", StackInfo(NESTED, MONTHS, "cm"), small + 500)
    with (
        MonthlyStack(str(tmp_path / "fine.tif")) as fine,
        MonthlyStack(str(tmp_path / "coarse.tif")) as coarse,
    ):
        downscale_delta(coarse, fine, tmp_path / "out.tif", baseline=("2004-01", "2004-02"))
        with pytest.raises(BaselineError):
            downscale_delta(coarse, fine, tmp_path / "x.tif", baseline=("2014-01", "2014-02"))
    mean = means(tmp_path)
    known = np.isfinite(mean)
    assert np.abs(mean - large)[known].max() < 0.01
    with MonthlyStack(str(tmp_path / "out.tif")) as out:
        assert out.baseline == ("2004-01", "2004-02")
