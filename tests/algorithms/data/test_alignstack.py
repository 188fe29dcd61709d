"""Align stack, through Processing."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid

FINE, COARSE = Grid(0, 4, 1, 1, 4, 4), Grid(0, 4, 2, 2, 2, 2)


def test_down_and_up(run, make_stack, read_stack, tmp_path, log):
    values = np.arange(32.0).reshape(2, 4, 4)
    fine = make_stack(tmp_path / "fine.tif", values, grid=FINE)
    coarse = make_stack(tmp_path / "coarse.tif", np.zeros((1, 2, 2)), grid=COARSE)
    run("alignstack", log, INPUT=fine, REFERENCE=coarse, OUTPUT=tmp_path / "down.tif")
    down, info = read_stack(tmp_path / "down.tif")
    np.testing.assert_allclose(down[0, 0], [2.5, 4.5], atol=1e-2)
    assert down.shape == (2, 2, 2) and info.units == "cm" and len(info.history) == 2
    assert "4 of 4 cells have values" in log.text
    run(
        "alignstack", INPUT=tmp_path / "down.tif", REFERENCE=fine, METHOD="nearest",
        OUTPUT=tmp_path / "up.tif",
    )  # fmt: skip
    up, info = read_stack(tmp_path / "up.tif")
    np.testing.assert_array_equal(up, np.kron(down, np.ones((2, 2))))
    assert "no new detail" in info.history[-1]


def test_across_the_date_line(run, make_stack, read_stack, tmp_path):
    values = np.arange(2 * 4 * 20.0).reshape(2, 4, 20)
    source = make_stack(tmp_path / "in.tif", values, grid=Grid(170, 4, 1, 1, 20, 4))
    reference = make_stack(
        tmp_path / "globe.tif", np.zeros((1, 90, 180)), grid=Grid(-180, 90, 2, 2, 180, 90)
    )
    run("alignstack", INPUT=source, REFERENCE=reference, OUTPUT=tmp_path / "out.tif")
    got, _ = read_stack(tmp_path / "out.tif")
    assert np.isfinite(got[0]).sum() == 20
    # The row of 0° to 2° is the mean of the stack's last two.
    np.testing.assert_allclose(got[0, 44, [175, 179, 0, 4]], [50.5, 58.5, 60.5, 68.5], atol=0.01)


def test_cells_without_enough_values_are_reported(run, make_stack, tmp_path, log):
    values = np.full((1, 4, 4), np.nan)
    values[0, 0, 0] = 1
    fine = make_stack(tmp_path / "fine.tif", values, grid=FINE)
    coarse = make_stack(tmp_path / "coarse.tif", np.zeros((1, 2, 2)), grid=COARSE)
    run("alignstack", log, INPUT=fine, REFERENCE=coarse, OUTPUT=tmp_path / "down.tif")
    assert "No cell has a value" in log.text


@pytest.mark.parametrize(
    ("settings", "grids", "texts"),
    [
        ({}, (COARSE, FINE), ["METHOD", "'nearest' or 'bilinear'", "FORCE"]),
        ({"METHOD": "bilinear"}, (FINE, COARSE), ["METHOD", "Choose 'mean'"]),
        ({}, (FINE, Grid(0, 4, 2, 2, 2, 2, "EPSG:32645")), ["Warp", "INPUT (a.tif)"]),
        ({}, (FINE, Grid(90, 4, 2, 2, 2, 2)), ["REFERENCE (b.tif) must meet INPUT (a.tif)"]),
    ],
)
def test_refusals(refused, make_stack, tmp_path, settings, grids, texts):
    a, b = (
        make_stack(tmp_path / name, np.zeros((1, *grid.shape)), grid=grid)
        for name, grid in zip(("a.tif", "b.tif"), grids)
    )
    message = refused(
        "alignstack", tmp_path, INPUT=a, REFERENCE=b, OUTPUT=tmp_path / "o.tif", **settings
    )
    for text in texts:
        assert text in message, message
