"""Tiles, blocks, strata and members: none of them may change what a model says."""

import numpy as np
import onnx
import onnxruntime
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.downscaling.channels import Channels, column_runs
from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Tile, Variable
from grace_water_toolbox.core.downscaling.ensembles import combine
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.patchrunner import PatchRunner
from grace_water_toolbox.core.downscaling.pixelrunner import PixelRunner
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet, predictor_writer
from grace_water_toolbox.core.downscaling.session import ModelSession
from grace_water_toolbox.core.downscaling.windows import axis_patches
from onnx import TensorProto, helper, numpy_helper

from .conftest import linear_pixel, save

MONTH = np.datetime64("2004-01", "M")
KERNEL = 2  # cells that two 3 × 3 convolutions see to each side


def two_inputs(kind, **more):
    given = {
        "name": "m",
        "kind": kind,
        "target": Target("twsa", "cm"),
        "inputs": (
            Variable("rain", "mm month-1", range=(-1.0, 1.0), fill=0.25),
            Variable("elevation", "m", "static"),
        ),
        "spacing": Spacing(1.0, 1.0),
    }
    return Contract(**{**given, **more})


def convolution(path, tile):
    """Two 3 × 3 convolutions with a square between, padded with zeros: sees two cells around."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(1, 4, 3, 3))
    nodes = [
        helper.make_node("Conv", ["predictors", "a"], ["h"], pads=[1, 1, 1, 1]),
        helper.make_node("Mul", ["h", "h"], ["h2"]),
        helper.make_node("Conv", ["h2", "b"], ["mean"], pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("predictors", TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [
            numpy_helper.from_array(first.astype(np.float32), "a"),
            numpy_helper.from_array(second.astype(np.float32), "b"),
        ],
    )
    return save(graph, two_inputs("patch", tile=tile), path)


def predictor_set(path, grid, rain, elevation):
    variables = [("rain", "mm month-1", [MONTH]), ("elevation", "m", None)]
    with predictor_writer(path, grid, variables) as writer:
        writer.write(np.stack([rain, elevation]))
    return PredictorSet(str(path))


@pytest.fixture
def fields(rng):
    return rng.normal(size=(37, 53)), rng.normal(size=(37, 53))


def patch_result(folder, fields, tile, domain=None, blocks=None, world=False):
    ny, nx = fields[0].shape
    grid = Grid(-180.0 if world else 0.0, 40.0, 360.0 / nx if world else 1.0, 1.0, nx, ny)
    model = load_model(convolution(folder / "conv.onnx", tile))
    domain = domain or (0, 0, ny, nx)
    with predictor_set(folder / "set.tif", grid, *fields) as predictors:
        runner = PatchRunner(
            model.contract,
            Channels(model.contract, predictors),
            [ModelSession(model.files[0], model.contract)],
            domain,
        )
        rows, columns = domain[2:]
        out = np.full((rows, columns), np.inf, np.float32)
        step_y, step_x = blocks or (rows, columns)
        for row in range(0, rows, step_y):
            for col in range(0, columns, step_x):
                size = min(step_y, rows - row), min(step_x, columns - col)
                part = runner.predict(MONTH, row, col, *size)
                out[row : row + size[0], col : col + size[1]] = part.mean
    return out


@pytest.mark.parametrize(
    "tile",
    [
        Tile(37, 53, fixed=False),
        Tile(16, 16, 4, "crop", fixed=False),
        Tile(11, 9, 5, "crop", fixed=False),
        Tile(37, 7, 4, "crop", fixed=False),
        Tile(5, 5, 4, "crop", fixed=False),
    ],
)
def test_tiled_equals_untiled_inside(tmp_path, fields, tile):
    whole = patch_result(tmp_path, fields, Tile(37, 53, fixed=False))
    tiled = patch_result(tmp_path, fields, tile)
    assert np.isfinite(whole).all()
    scale = np.abs(whole).max()
    # Every cell: at the domain's edge a patch ends where the domain does.
    assert np.abs(tiled - whole).max() < 1e-5 * scale


@pytest.mark.parametrize("blend", ["crop", "average"])
@pytest.mark.parametrize("blocks", [(1, 53), (8, 8), (16, 50), (37, 53)])
def test_the_size_of_blocks_changes_nothing(tmp_path, fields, blend, blocks):
    tile = Tile(12, 10, 6, blend, fixed=False)
    whole = patch_result(tmp_path, fields, tile)
    parts = patch_result(tmp_path, fields, tile, blocks=blocks)
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-5)


def test_average_is_the_mean_of_all_windows_over_a_cell(tmp_path, fields):
    """A plain transcription of the published prediction by overlapping windows."""
    tile = Tile(12, 10, 6, "average", fixed=False)
    got = patch_result(tmp_path, fields, tile)
    session = onnxruntime.InferenceSession(str(tmp_path / "conv.onnx"))
    values = np.stack(fields).astype(np.float32)
    total, count = np.zeros((37, 53)), np.zeros((37, 53))
    for y in [*range(0, 37 - 12, 6), 37 - 12]:
        for x in [*range(0, 53 - 10, 4), 53 - 10]:
            cut = values[None, :, y : y + 12, x : x + 10]
            total[y : y + 12, x : x + 10] += session.run(None, {"predictors": cut})[0][0, 0]
            count[y : y + 12, x : x + 10] += 1
    np.testing.assert_allclose(got, total / count, rtol=1e-5, atol=1e-5)


def test_a_domain_smaller_than_a_patch_is_padded_with_the_fill(tmp_path, fields):
    small = [f[:5, :6] for f in fields]
    got = patch_result(tmp_path, small, Tile(16, 16, 4, "crop", fixed=False))
    padded = np.zeros((1, 2, 16, 16), np.float32)
    padded[0, 0] = 0.25
    padded[0, :, :5, :6] = small
    session = onnxruntime.InferenceSession(str(tmp_path / "conv.onnx"))
    expected = session.run(None, {"predictors": padded})[0][0, 0, :5, :6]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_a_domain_across_the_date_line_is_one_piece(tmp_path, fields):
    """On a world of 53 columns the extent from column 40 reaches to column 12 of the next turn."""
    tile = Tile(12, 10, 4, "crop", fixed=False)
    around = patch_result(tmp_path, fields, tile, domain=(0, 40, 37, 25), world=True)
    rolled = [np.roll(f, -40, axis=1)[:, :25] for f in fields]
    np.testing.assert_allclose(around, patch_result(tmp_path, rolled, tile), rtol=1e-5, atol=1e-5)


def test_an_unknown_predictor_is_no_value_and_disturbs_only_what_sees_it(tmp_path, fields):
    rain, elevation = fields
    holed = rain.copy()
    holed[20, 30] = np.nan
    tile = Tile(12, 10, 4, "crop", fixed=False)
    clean = patch_result(tmp_path, (rain, elevation), tile)
    got = patch_result(tmp_path, (holed, elevation), tile)
    assert np.isnan(got[20, 30]) and np.isnan(got).sum() == 1
    far = np.ones(got.shape, bool)
    far[20 - KERNEL : 21 + KERNEL, 30 - KERNEL : 31 + KERNEL] = False
    np.testing.assert_allclose(got[far], clean[far], rtol=1e-5, atol=1e-5)


def test_patches_without_any_value_are_not_run(tmp_path, fields):
    empty = np.full((37, 53), np.nan)
    assert np.isnan(patch_result(tmp_path, (empty, fields[1]), Tile(8, 8, 4, fixed=False))).all()


def test_patches_cover_every_cell_once_when_cropped_and_keep_their_margin():
    for cells in range(1, 60):
        for size, overlap in ((8, 4), (8, 0), (7, 3), (12, 11)):
            axis = axis_patches(cells, size, overlap, "crop")
            assert axis.first[0] == 0 and axis.last[-1] == cells
            assert (axis.first[1:] == axis.last[:-1]).all()
            inner = axis.first[1:] - axis.starts[1:]
            assert (inner >= overlap // 2).all()
            assert (axis.starts[:-1] + size - axis.last[:-1] >= overlap // 2).all()


class TestPixelModels:
    def run(self, folder, fields, strata=None, missing="refuse", files=None, **more):
        contract = two_inputs("pixel", missing=missing, **more)
        sessions = {}
        for stratum, weights in (files or {None: (1, 2)}).items():
            path = linear_pixel(weights, contract, folder / f"{stratum}.onnx")
            model = load_model(path)
            sessions[stratum] = [ModelSession(model.files[0], contract)]
        ny, nx = fields[0].shape
        grid = Grid(0.0, 40.0, 1.0, 1.0, nx, ny)
        with predictor_set(folder / "set.tif", grid, *fields) as predictors:
            reader = None
            if strata is not None:
                reader = lambda r, c, y, x: strata[r : r + y, c : c + x]  # noqa: E731
            runner = PixelRunner(contract, Channels(contract, predictors), sessions, reader)
            return runner, runner.predict(MONTH, 0, 0, ny, nx)

    def test_each_cell_gets_its_own_value(self, tmp_path, fields):
        _, got = self.run(tmp_path, fields)
        np.testing.assert_allclose(got.mean, fields[0] + 2 * fields[1], rtol=1e-5, atol=1e-5)
        assert got.std is None
        outside = np.abs(fields[0]) > 1
        np.testing.assert_array_equal(got.outside, np.where(outside, 0.5, 0.0))

    def test_each_stratum_has_its_model_and_one_without_is_counted(self, tmp_path, fields):
        strata = np.full(fields[0].shape, 11)
        strata[:, 20:] = 12
        strata[:3] = 99
        runner, got = self.run(tmp_path, fields, strata, files={11: (1, 0), 12: (0, 1)})
        expected = np.where(strata == 11, fields[0], fields[1])
        expected[strata == 99] = np.nan
        np.testing.assert_allclose(got.mean, expected, rtol=1e-6)
        assert runner.without == {99: 3 * 53}

    def test_each_class_has_its_own_range(self, tmp_path, fields):
        strata = np.full(fields[0].shape, 11)
        strata[:, 20:] = 12
        strata[:, 40:] = 13
        strata[:3] = 99
        ranges = {11: ((-9.0, 0.0), (-9.0, 0.0)), 12: ((-9.0, 9.0), (0.5, 9.0))}
        files = {11: (1, 0), 12: (0, 1), 13: (1, 1)}
        _, got = self.run(tmp_path, fields, strata, files=files, class_ranges=ranges)
        rain, height = fields
        expected = np.where(
            strata == 11, 0.5 * ((rain > 0) + 0.0 + (height > 0)), 0.5 * (height < 0.5)
        )
        # Class 13 states none: the range of all counts.
        expected = np.where(strata == 13, 0.5 * (np.abs(rain) > 1), expected)
        np.testing.assert_array_equal(got.outside, np.where(strata == 99, np.nan, expected))

    def test_unknown_predictors_give_no_value_unless_the_model_accepts_them(self, tmp_path, fields):
        holed = fields[0].copy()
        holed[5, 5] = np.nan
        _, got = self.run(tmp_path, (holed, fields[1]))
        assert np.isnan(got.mean[5, 5]) and np.isnan(got.mean).sum() == 1
        assert np.isnan(got.outside[5, 5])


def test_lags_calendar_and_units_reach_the_channels(tmp_path):
    grid = Grid(0.0, 2.0, 1.0, 1.0, 2, 2)
    months = np.arange(MONTH, MONTH + 3)
    rain = np.arange(12.0).reshape(3, 2, 2)
    with predictor_writer(
        tmp_path / "set.tif", grid, [("rain", "cm/month", months), ("t2m", "°C", None)]
    ) as writer:
        writer.write(np.concatenate([rain, np.full((1, 2, 2), 20.0)]))
    contract = two_inputs(
        "pixel",
        inputs=(
            Variable("rain", "mm month-1", lags=(0, 2)),
            Variable("t2m", "K", "static"),
            Variable("month_sin", "1", "calendar"),
        ),
    )
    with PredictorSet(str(tmp_path / "set.tif")) as predictors:
        got = Channels(contract, predictors).read(MONTH + 2, 0, 0, 2, 2)
    np.testing.assert_allclose(got[0], 10 * rain[2])
    np.testing.assert_allclose(got[1], 10 * rain[0])
    np.testing.assert_allclose(got[2], 293.15)
    np.testing.assert_allclose(got[3], 1.0)  # March: sin(2π 3/12)


def test_columns_wrap_on_a_globe_only():
    world, region = Grid(-180.0, 90.0, 36.0, 36.0, 10, 5), Grid(0.0, 90.0, 36.0, 36.0, 4, 5)
    assert column_runs(world, 8, 4) == [(8, 10, -8), (0, 2, 2)]
    assert column_runs(world, -2, 3) == [(8, 10, -8), (0, 1, 2)]
    assert column_runs(region, -2, 8) == [(0, 4, 2)]


def test_members_make_a_mean_and_a_spread():
    mean, std = combine([np.array([1.0, np.nan]), np.array([3.0, 1.0])], [None, None])
    assert mean[0] == 2 and std[0] == 1 and np.isnan(mean[1])
    _, std = combine([np.array([1.0]), np.array([3.0])], [np.array([2.0]), np.array([2.0])])
    np.testing.assert_allclose(std, np.sqrt(5))


def test_the_graph_here_has_no_operator_that_every_qgis_cannot_run(tmp_path):
    path = convolution(tmp_path / "c.onnx", Tile(8, 8, 4, fixed=False))
    onnx.checker.check_model(str(path))
