"""Whole runs: stacks in, stacks out."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.stack import MonthlyStack, StackInfo, write_stack
from grace_water_toolbox.core.downscaling.coarsefield import CoarseField
from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable
from grace_water_toolbox.core.downscaling.domain import choose_domain, choose_months
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet, predictor_writer
from grace_water_toolbox.core.downscaling.product import make_product
from grace_water_toolbox.core.downscaling.running import Job, downscale
from grace_water_toolbox.core.errors import (
    Cancelled,
    DataError,
    GridError,
    ModelError,
    TimeAxisError,
)
from grace_water_toolbox.core.progress import Progress

from .conftest import linear_pixel

MONTHS = np.arange("2004-01", "2004-07", dtype="datetime64[M]")
FINE = Grid(10.0, 40.0, 0.5, 0.5, 12, 8)
COARSE = Grid(10.0, 40.0, 2.0, 2.0, 3, 2)


def contract(**more):
    given = {
        "name": "m",
        "kind": "pixel",
        "target": Target("twsa", "cm", baseline=("2004-01", "2009-12")),
        "inputs": (
            Variable("rain", "mm month-1", lags=(0, 1), range=(0.0, 50.0), source="ERA5-Land tp"),
            Variable("elevation", "m", "static"),
        ),
        "spacing": Spacing(0.5, 0.5),
    }
    return Contract(**{**given, **more})


@pytest.fixture
def predictors(tmp_path, rng):
    rain = rng.uniform(0, 100, (6, 8, 12))
    elevation = rng.uniform(0, 900, (1, 8, 12))
    path = tmp_path / "set.tif"
    variables = [("rain", "mm month-1", MONTHS), ("elevation", "m", None)]
    with predictor_writer(path, FINE, variables) as writer:
        writer.write(np.concatenate([rain, elevation]))
    with PredictorSet(str(path)) as opened:
        opened.values = rain.astype("f4").astype(float), elevation[0].astype("f4").astype(float)
        yield opened


def job_for(predictors, path, extent=None, start="", end="", **more):
    model = load_model(path)
    months, usable = choose_months(model.contract, predictors, start, end)
    return Job(model, predictors, choose_domain(predictors.grid, extent), months, usable, **more)


def read(path):
    with MonthlyStack(str(path)) as stack:
        return stack.info, stack.read()


def test_every_month_that_can_be_made_is_made(tmp_path, predictors):
    rain, elevation = predictors.values
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    summary = downscale(
        job_for(predictors, path), tmp_path / "o.tif", outside_output=tmp_path / "a.tif"
    )
    info, got = read(tmp_path / "o.tif")
    # The first month has no month before it: the axis starts with the second.
    assert info.months[0] == MONTHS[1] and info.units == "cm" and info.baseline
    assert "m 1 (m.onnx" in info.history[-1]
    np.testing.assert_allclose(got, rain[1:] + 10 * rain[:-1] + 0.1 * elevation, rtol=1e-5)
    _, share = read(tmp_path / "a.tif")
    expected = ((rain[1:] > 50).astype(float) + (rain[:-1] > 50)) / 3
    np.testing.assert_allclose(share, expected, atol=1e-6)
    np.testing.assert_allclose(summary.outside, expected.mean(axis=(1, 2)), rtol=1e-6)


def test_the_size_of_blocks_changes_nothing(tmp_path, predictors):
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    downscale(job_for(predictors, path), tmp_path / "a.tif")
    downscale(job_for(predictors, path), tmp_path / "b.tif", memory=5000)
    np.testing.assert_array_equal(read(tmp_path / "a.tif")[1], read(tmp_path / "b.tif")[1])


def test_extent_months_and_area_of_interest(tmp_path, predictors):
    rain, elevation = predictors.values
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    mask = np.zeros((3, 4), bool)
    mask[1:] = True
    job = job_for(
        predictors, path, (11.1, 37.6, 12.9, 38.9), "2004-01", "2004-03",
        inside=lambda r, c, y, x: mask[r : r + y, c : c + x],
    )  # fmt: skip
    downscale(job, tmp_path / "o.tif")
    info, got = read(tmp_path / "o.tif")
    assert info.grid.extent == (11.0, 37.5, 13.0, 39.0) and info.months.size == 3
    assert np.isnan(got[0]).all() and np.isnan(got[:, 0]).all()
    whole = rain[1:3] + 10 * rain[0:2] + 0.1 * elevation
    np.testing.assert_allclose(got[1:, 1:], whole[:, 3:5, 2:6], rtol=1e-5)


@pytest.mark.parametrize("how", ["replicate", "bilinear"])
def test_the_coarse_field_as_input_and_as_what_is_added(tmp_path, predictors, rng, how):
    values = rng.normal(size=(6, 2, 3))
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "mm"), 10 * values)
    given = contract(
        inputs=(
            Variable("rain", "mm month-1"),
            Variable("twsa_coarse", "cm", "coarse", interpolation=how),
        ),
        target=Target("twsa", "cm", adds=how),
    )
    path = linear_pixel([1, 2], given, tmp_path / "m.onnx")
    with MonthlyStack(str(tmp_path / "coarse.tif")) as coarse:
        downscale(job_for(predictors, path, coarse=coarse), tmp_path / "o.tif")
    got = read(tmp_path / "o.tif")[1]
    fine = values.repeat(4, axis=1).repeat(4, axis=2)
    if how == "bilinear":
        y, x = ((np.arange(n) + 0.5) / 4 - 0.5 for n in (8, 12))
        across = np.stack([[np.interp(x, np.arange(3), row) for row in month] for month in values])
        fine = np.stack(
            [[np.interp(y, np.arange(2), c) for c in month.T] for month in across]
        ).transpose(0, 2, 1)
    np.testing.assert_allclose(got, predictors.values[0] + 3 * fine, rtol=1e-4, atol=1e-4)


def coarse_means(fine):
    """Area-weighted means (time, 2, 3) of fine values on `COARSE`, by hand."""
    height = -np.diff(np.sin(np.radians(40 - 0.5 * np.arange(9))))
    weighted = fine.reshape(-1, 2, 4, 3, 4) * height.reshape(2, 4, 1, 1)
    return weighted.sum(axis=(2, 4)) / (4 * height.reshape(2, 4).sum(axis=1)[:, None])


def test_the_conserving_field_has_the_coarse_values_as_its_means(tmp_path, predictors, rng):
    """As an input channel and as what is added, in small blocks as in one; holes stay holes."""
    values = rng.normal(size=(6, 2, 3))
    values[2, 0, 1] = np.nan
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "mm"), 10 * values)
    given = contract(
        inputs=(
            Variable("rain", "mm month-1"),
            Variable("twsa_coarse", "cm", "coarse", interpolation="conserving"),
        ),
        target=Target("twsa", "cm", adds="conserving"),
    )
    path = linear_pixel([0, 1], given, tmp_path / "m.onnx")
    with MonthlyStack(str(tmp_path / "coarse.tif")) as coarse:
        downscale(job_for(predictors, path, coarse=coarse), tmp_path / "o.tif")
        downscale(job_for(predictors, path, coarse=coarse), tmp_path / "small.tif", memory=500)
    got = read(tmp_path / "o.tif")[1]
    np.testing.assert_allclose(read(tmp_path / "small.tif")[1], got, atol=1e-5)
    np.testing.assert_allclose(coarse_means(got), 2 * values, atol=1e-4)
    # Within a coarse cell it is not one value, and across its borders there is no step.
    inner = np.abs(np.diff(got[0], axis=1))
    assert inner[:, 3].max() < 2 * inner[:, 2].max() and got[0, :4, :4].std() > 0.1


def test_the_conserving_field_goes_around_the_globe(tmp_path, rng):
    coarse = Grid(-180.0, 30.0, 30.0, 30.0, 12, 2)
    fine = Grid(-180.0, 30.0, 5.0, 5.0, 72, 12)
    values = rng.normal(size=(1, 2, 12))
    write_stack(tmp_path / "coarse.tif", StackInfo(coarse, MONTHS[:1], "cm"), values)
    with MonthlyStack(str(tmp_path / "coarse.tif")) as stack:
        field = CoarseField(stack, fine)
        whole = field.at(MONTHS[0], "conserving", 0, 0, 12, 72)
        seam = field.at(MONTHS[0], "conserving", -1, 66, 14, 12)
        assert np.isnan(field.at(MONTHS[1], "conserving", 0, 0, 12, 72)).all()
    height = np.diff(np.sin(np.radians(np.arange(-30, 31, 5))))[::-1].reshape(2, 6, 1, 1)
    means = (whole.reshape(2, 6, 12, 6) * height).sum(axis=(1, 3)) / (6 * height.sum(axis=1)[:, 0])
    np.testing.assert_allclose(means, values[0], atol=1e-5)
    np.testing.assert_array_equal(seam[1:-1], np.roll(whole, 6, axis=1)[:, :12])
    assert np.isnan(seam[[0, -1]]).all()
    # The step over the date line is one like any other.
    assert np.abs(whole[:, 0] - whole[:, -1]).max() < 2 * np.abs(np.diff(whole, axis=1)).max()


def test_a_model_that_conserves_gives_the_coarse_means_unasked(tmp_path, predictors, rng):
    values = rng.normal(size=(6, 2, 3))
    values[3] = np.nan
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "cm"), values)
    weights = [1, 10, 0.1]
    target = Target("twsa", "cm", conserves=True)
    plain = linear_pixel(weights, contract(target=Target("twsa", "cm")), tmp_path / "plain.onnx")
    path = linear_pixel(weights, contract(target=target), tmp_path / "m.onnx")
    assert load_model(path).contract.target.conserves
    with MonthlyStack(str(tmp_path / "coarse.tif")) as coarse:
        _, closed = make_product(job_for(predictors, path, coarse=coarse), tmp_path / "o.tif")
        plain_job = job_for(predictors, plain, coarse=coarse)
        _, none = make_product(plain_job, tmp_path / "raw.tif")
        make_product(plain_job, tmp_path / "corrected.tif", correction="conserving")
    got, raw = read(tmp_path / "o.tif")[1], read(tmp_path / "raw.tif")[1]
    seen = np.array([0, 1, 3, 4])
    assert none is None and np.nanmax(closed.most_after) < 0.01
    np.testing.assert_allclose(coarse_means(got)[seen], values[1:][seen], atol=0.01)
    # A month that the satellite did not see is what the network says.
    np.testing.assert_array_equal(got[2], raw[2])
    np.testing.assert_array_equal(got, read(tmp_path / "corrected.tif")[1])
    with pytest.raises(ModelError, match="coarse field"):
        make_product(job_for(predictors, path), tmp_path / "none.tif")


def _refused(tmp_path, predictors, given, weights, **more):
    path = linear_pixel(weights, given, tmp_path / "m.onnx")
    downscale(job_for(predictors, path, **more), tmp_path / "o.tif")


def test_what_does_not_fit_is_named_and_nothing_is_written(tmp_path, predictors):
    rain = Variable("rain", "mm month-1")
    cases = [
        (contract(inputs=(rain, Variable("ndvi", "1", source="MODIS"))), "ndvi.*MODIS", ModelError),
        (contract(inputs=(Variable("rain", "K"), rain.__class__("elevation", "m", "static"))),
         "other units", ModelError),
        (contract(inputs=(rain, Variable("rain2", "m", "coarse"))), "coarse field", ModelError),
        (contract(inputs=(rain, Variable("elevation", "m", "static")), spacing=Spacing(0.1, 0.1)),
         "0.1", GridError),
        (contract(inputs=(Variable("rain", "mm month-1", lags=(0, 60)),)), "lags", TimeAxisError),
    ]  # fmt: skip
    for given, word, error in cases:
        with pytest.raises(error, match=word):
            _refused(tmp_path, predictors, given, [1, 1])
    assert not (tmp_path / "o.tif").exists()


def test_an_uncertainty_that_the_model_cannot_give_is_refused(tmp_path, predictors):
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="OUTPUT_UNCERTAINTY"):
        downscale(job_for(predictors, path), tmp_path / "o.tif", std_output=tmp_path / "s.tif")


def test_nothing_to_make_is_an_error(tmp_path, predictors):
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    job = job_for(predictors, path, inside=lambda r, c, y, x: np.zeros((y, x), bool))
    with pytest.raises(DataError):
        downscale(job, tmp_path / "o.tif")
    assert [p.name for p in tmp_path.glob("*o.tif*")] == []


def test_cancel_leaves_nothing(tmp_path, predictors):
    class Impatient(Progress):
        calls = 0

        def is_cancelled(self):
            self.calls += 1
            return self.calls > 3

    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    with pytest.raises(Cancelled):
        downscale(job_for(predictors, path), tmp_path / "o.tif", progress=Impatient())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.onnx", "set.tif"]


def test_the_product_agrees_with_the_coarse_field(tmp_path, predictors, rng):
    values = rng.normal(size=(6, 2, 3))
    write_stack(tmp_path / "coarse.tif", StackInfo(COARSE, MONTHS, "cm"), values)
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    with MonthlyStack(str(tmp_path / "coarse.tif")) as coarse:
        job = job_for(predictors, path, coarse=coarse)
        _, corrected = make_product(
            job, tmp_path / "o.tif", correction="conserving", flags_output=tmp_path / "f.tif",
            outside_output=tmp_path / "a.tif",
        )  # fmt: skip
        _, raw = make_product(job, tmp_path / "raw.tif")
    got = read(tmp_path / "o.tif")[1]
    assert np.abs(coarse_means(got) - values[1:]).max() < 0.01
    assert raw is None and np.nanmax(corrected.most_after) < 0.01
    names = {"a.tif", "coarse.tif", "f.tif", "m.onnx", "o.tif", "raw.tif", "set.tif"}
    assert {p.name for p in tmp_path.iterdir()} == names


def test_a_correction_without_a_coarse_field_is_refused(tmp_path, predictors):
    path = linear_pixel([1, 10, 0.1], contract(), tmp_path / "m.onnx")
    with pytest.raises(ModelError, match="coarse field"):
        make_product(job_for(predictors, path), tmp_path / "o.tif", correction="spline")
