"""Tree and dense models: table, search, resume, conversion, chain."""

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import MonthlyStack
from grace_water_toolbox.core.downscaling.model import load_model
from grace_water_toolbox.core.downscaling.predictorset import PredictorSet
from grace_water_toolbox.core.errors import DataError, ModelError, ParameterError
from grace_water_toolbox.export import dense, pixels, trees
from grace_water_toolbox.export.__main__ import main
from grace_water_toolbox.export.coarsetable import Table, build_table
from grace_water_toolbox.export.config import read_config
from grace_water_toolbox.export.folds import random_folds
from grace_water_toolbox.export.importance import permutation
from grace_water_toolbox.export.pixelonnx import difference, probes, write_pixel_model
from grace_water_toolbox.export.pixelscores import fit_scores

from .conftest import FINE

CONFIG = """
name = "pixels"
[data]
predictors = "set.tif"
coarse = "coarse.tif"
patterns = ["pattern.tif"]
truth = "truth.tif"
target = "gwsa"
strata = "classes.tif"
[inputs]
variables = ["rain", "elevation"]
calendar = true
[network]
kind = "trees"
[search]
trials = 3
inner_folds = 2
folds = 3
gap = 1
least = 50
repeats = 1
n_estimators = [10, 30]
max_depth = [2, 3]
layers = [3, 3]
units = [16, 24]
patience = 3
[train]
epochs = 6
batch = 64
seeds = [0, 1]
threads = 1
"""
DENSE = CONFIG.replace('"trees"', '"dense"').replace("trials = 3", "trials = 2")


def quiet(text):
    pass


def table_of(x, y, month=None):
    """A `Table` of rows of one cell and class."""
    zeros = np.zeros(len(y), np.int32)
    names = [f"v{i}" for i in range(x.shape[1])]
    return Table(names, x, y, zeros if month is None else month, zeros, zeros + 1, (1, 1))


@pytest.fixture
def pixel_config(small_world, tmp_path):
    """``pixel_config(text, *overrides)``: two classes, west 12 and east 25."""

    def make(text=CONFIG, *overrides):
        for name in ("set", "coarse", "pattern", "truth"):
            link = tmp_path / f"{name}.tif"
            if not link.exists():
                link.symlink_to(small_world / f"{name}.tif")
        classes = np.full((1, *FINE.shape), 12, np.uint8)
        classes[:, :, 22:] = 25
        if not (tmp_path / "classes.tif").exists():
            with RasterWriter(
                tmp_path / "classes.tif", FINE, ["class"], dtype="uint8", nodata=0
            ) as writer:
                writer.write(classes)
        (tmp_path / "p.toml").write_text(text)
        return read_config(tmp_path / "p.toml", overrides)

    return make


def test_the_table_holds_area_weighted_means_and_the_class_of_most_area(pixel_config):
    config = pixel_config()
    table, contract, months = build_table(config)
    with PredictorSet(str(config.file("set.tif"))) as predictors:
        areas = np.asarray(predictors.grid.cell_areas())[:6, :6]
        band = predictors.bands_at("rain", months[3])
        rain = predictors.read([band], 6, 12, 6, 6)[0].astype(float)
        height = predictors.read([predictors.bands_at("elevation", months[3])], 6, 12, 6, 6)[0]
        areas = np.asarray(predictors.grid.cell_areas())[6:12, 12:18]
    at = np.flatnonzero((table.month == 3) & (table.cell == 8 + 2))
    assert at.size == 1
    row = table.x[at[0]]
    assert row[0] == pytest.approx((rain * areas).sum() / areas.sum(), rel=1e-6)
    assert row[1] == pytest.approx((height * areas).sum() / areas.sum(), rel=1e-6)
    assert row[2:].tolist() == pytest.approx([np.sin(2 * np.pi * 4 / 12), np.cos(2 * np.pi / 3)])
    with MonthlyStack(str(config.file("coarse.tif"))) as coarse:
        assert table.y[at[0]] == coarse.read(bands=[3])[0][1, 2]
    # Fine columns 18 to 23 are 4 of class 12 and 2 of class 25.
    by_column = {c % 8: int(s) for c, s in zip(table.cell, table.stratum)}
    assert by_column == {**dict.fromkeys(range(4), 12), **dict.fromkeys(range(4, 7), 25)}
    assert [v.name for v in contract.inputs] == ["rain", "elevation", "month_sin", "month_cos"]


def test_the_table_is_the_same_in_narrow_strips(pixel_config, monkeypatch):
    config = pixel_config()
    whole = np.array(build_table(config)[0].x)
    shutil.rmtree(config.folder)
    monkeypatch.setattr("grace_water_toolbox.export.coarsetable._STRIP", 1)
    np.testing.assert_array_equal(build_table(config)[0].x, whole)


def test_the_coarse_field_is_no_input(pixel_config):
    text = CONFIG.replace("calendar = true", 'calendar = true\ncoarse = "bilinear"')
    with pytest.raises(ParameterError, match="no coarse input"):
        build_table(pixel_config(text))


def test_held_out_rows_are_never_learnt_from(pixel_config):
    text = CONFIG + '[split]\nkind = "held-out"\ntest_start = "2004-11"\ntest_blocks = 0.25\n'
    run = pixels.Run(pixel_config(text), quiet)
    blocks = np.flatnonzero(run.holdout.blocks)
    assert 0 < blocks.size < 16
    for stratum in run.classes:
        rows = run.rows(stratum)
        assert rows.month.max() == 9
        assert not np.isin(rows.cell, blocks).any()
        assert (rows.stratum == stratum).all()
    fine = run.holdout.fine_blocks(FINE)
    assert fine.sum() == blocks.size * 36


def test_robust_scaling_equals_scikit_learn():
    from sklearn.preprocessing import RobustScaler

    rng = np.random.default_rng(0)
    x = rng.normal(50, 9, (301, 4)) ** 2
    x[:, 2] = 7.0
    y = rng.normal(3, 5, 301)
    network = dense.Dense(4, 3, 8)
    network.learn_scaling(x, y)
    scaler = RobustScaler().fit(x)
    np.testing.assert_allclose(network.x_centre, scaler.center_, rtol=1e-6)
    np.testing.assert_allclose(network.x_scale, scaler.scale_, rtol=1e-6)
    other = RobustScaler().fit(y[:, None])
    assert float(network.y_scale) == pytest.approx(other.scale_[0], rel=1e-6)
    assert float(network.y_centre) == pytest.approx(other.center_[0], rel=1e-6)
    # In the graph: the output is the scaled one brought back.
    found = dense.predict(network, x)
    again = network.body(dense.torch.tensor(scaler.transform(x), dtype=dense.torch.float32))
    expected = other.inverse_transform(again.detach().numpy())[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_search_finds_what_scikit_learn_finds(pixel_config, tmp_path):
    """RandomizedSearchCV over the same draws and folds."""
    from sklearn.model_selection import RandomizedSearchCV
    from xgboost import XGBRegressor

    config = pixel_config(CONFIG, "search.trials=5")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + rng.normal(0, 0.1, 300)
    settings, rmse = trees.search(table_of(x, y), config, 0, tmp_path, quiet)
    peer = RandomizedSearchCV(
        XGBRegressor(tree_method="hist", random_state=0, n_jobs=1),
        [{k: [v] for k, v in d.items()} for d in trees.draws(config.search, 0)],
        n_iter=5, cv=random_folds(300, 2, np.random.default_rng(0)),
        scoring="neg_root_mean_squared_error", random_state=0,
    ).fit(x, y)  # fmt: skip
    assert peer.best_params_ == settings
    assert -peer.best_score_ == pytest.approx(rmse, rel=1e-6)


def trained_trees(config, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 5)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = (
        np.nan_to_num(x[:, 0]) * 3
        + np.where(np.isnan(x[:, 1]), 2.0, np.abs(np.nan_to_num(x[:, 2])))
        + 20
    )
    settings = {"n_estimators": 60, "max_depth": 5, "learning_rate": 0.2, "min_child_weight": 2}
    return trees.fit(x, y, settings, config, 0), x


def contract_of(count, missing):
    from grace_water_toolbox.core.downscaling.contract import Contract, Spacing, Target, Variable

    return Contract(
        "m", "pixel", Target("gwsa", "cm"), tuple(Variable(f"v{i}", "1") for i in range(count)),
        Spacing(0.1, 0.1), missing=missing,
    )  # fmt: skip


def test_trees_are_equal_in_onnx_with_holes_and_on_thresholds(pixel_config, tmp_path):
    model, x = trained_trees(pixel_config())
    path = tmp_path / "t.onnx"
    assert write_pixel_model("trees", model, contract_of(5, "accept"), path, x) < 1e-5
    rows = probes("trees", model, x, 100_000)
    splits = {f: set() for f in range(5)}
    for feature, value in trees.thresholds(model):
        splits[feature].add(np.float32(value))
    on = sum(int(np.isin(rows[:, f], np.array(sorted(v))).sum()) for f, v in splits.items())
    assert len(rows) == 100_000 and on > 10_000 and np.isnan(rows).sum() > 10_000
    assert np.isnan(rows).all(axis=1).any()
    assert difference("trees", model, path, rows) < 1e-5
    made = onnx.load(str(path))
    versions = {o.domain: o.version for o in made.opset_import}
    assert made.ir_version <= 8 and versions.get("", 0) <= 17 and versions["ai.onnx.ml"] <= 3


def test_a_file_that_says_something_else_is_not_kept(pixel_config, tmp_path, monkeypatch):
    model, x = trained_trees(pixel_config())
    other = trees.fit(x, np.arange(len(x)) % 7.0, {"n_estimators": 5}, pixel_config(), 0)
    honest = trees.predict
    monkeypatch.setattr(trees, "predict", lambda m, rows: honest(other, rows))
    with pytest.raises(ModelError, match="within"):
        write_pixel_model("trees", model, contract_of(5, "accept"), tmp_path / "t.onnx", x, 1000)
    assert not list(tmp_path.glob("*.onnx")) and not list(tmp_path.glob(".*.onnx"))


@pytest.mark.parametrize(
    ("text", "seeds", "stops"), [(CONFIG, (0, 1), (2, 9)), (DENSE, (0,), (2, 5))]
)
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(pixel_config, text, seeds, stops):
    """Cut off in the middle of a search, then again between classes."""

    def predictions(config):
        run = pixels.Run(config, quiet)
        rows = run.rows(12).x[:50]
        found = [run.learner.predict(run.model(s, c), rows) for s in seeds for c in (12, 25)]
        settings = [run.facts(s, c)["settings"] for s in seeds for c in (12, 25)]
        return np.stack(found), settings

    config = pixel_config(text, f"train.seeds={list(seeds)}")
    pixels.train(config, quiet)
    expected, settings = predictions(config)
    if len(seeds) > 1:
        assert not np.array_equal(expected[0], expected[2])
    shutil.rmtree(config.folder)

    class Killed(Exception):
        pass

    for stop in stops:
        said = []

        def kill(line, said=said, stop=stop):
            said.append(line)
            if len(said) == stop:
                raise Killed

        with pytest.raises(Killed):
            pixels.train(config, kill)
    pixels.train(config, quiet)
    found, again = predictions(config)
    np.testing.assert_array_equal(found, expected)
    assert again == settings
    # Nothing is trained anew for what is there, everything for other settings.
    said = []
    pixels.train(config, said.append)
    assert not said
    pixels.train(pixel_config(text, "search.holdout=0.4", "train.seeds=[0]"), said.append)
    assert said


def test_dense_networks_stop_early_and_learn(pixel_config):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(600, 3)).astype(np.float32)
    y = 5 * x[:, 0] - 2 * x[:, 1] + 100
    config = pixel_config(DENSE, "train.epochs=200", "search.patience=5", "search.stop=random")
    settings = {"layers": 3, "units": 32, "rate": 0.01}
    network, epochs, error = dense.stopped(table_of(x, y), settings, config, 0)
    assert 1 < epochs < 200 and error < 0.1 * y.std()
    # The state that is kept is that of the best epoch.
    order = np.random.default_rng(0).permutation(600)[:120]
    again = np.sqrt(np.mean((dense.predict(network, x[order]) - y[order]) ** 2))
    assert again == pytest.approx(error, rel=1e-6)


def test_a_span_of_months_decides_when_to_stop_and_none_of_its_neighbours_train(pixel_config):
    month = np.repeat(np.arange(60), 3)[np.random.default_rng(5).permutation(180)]
    table = table_of(np.zeros((180, 2), np.float32), np.zeros(180), month)
    config = pixel_config(DENSE, "search.gap=4")
    starts = set()
    for seed in range(12):
        rest, stop = dense.stopping(table, config, seed)
        held = np.unique(month[stop])
        starts.add(int(held[0]))
        assert len(stop) == 36 and np.array_equal(held, np.arange(held[0], held[0] + 12))
        assert np.abs(month[rest][:, None] - held).min() == 5
        assert set(month[rest]) | set(range(held[0] - 4, held[-1] + 5)) >= set(range(60))
        again = dense.stopping(table, config, seed)
        assert all(np.array_equal(a, b) for a, b in zip((rest, stop), again))
    assert len(starts) > 2
    rest, stop = dense.stopping(table, pixel_config(DENSE, "search.stop=random"), 0)
    assert len(stop) == 36 and len(set(rest) | set(stop)) == 180
    with pytest.raises(DataError, match=r"search\.gap"):
        dense.stopping(table, pixel_config(DENSE, "search.gap=60"), 0)


def wild_networks(config):
    """Networks with and without the edge, and rows far outside what they learnt from."""
    rng = np.random.default_rng(6)
    x = rng.normal(20, 3, (400, 3)).astype(np.float32)
    y = x[:, 0] - 3 * np.abs(x[:, 1] - 20) + 0.01 * x[:, 2]
    settings = {"layers": 3, "units": 32, "rate": 0.003, "epochs": 20}
    held, line = (
        dense.fit(x, y, settings, config(DENSE, f"network.beyond={kind}"), 0)
        for kind in ("held", "line")
    )
    return x, held, line, (20 + 1000 * rng.normal(size=(500, 3))).astype(np.float32)


def test_beyond_the_training_range_a_network_says_what_it_says_at_the_edge(pixel_config):
    x, held, line, wild = wild_networks(pixel_config)
    # Inside, the edge changes nothing at all, in training neither.
    np.testing.assert_array_equal(dense.predict(held, x), dense.predict(line, x))
    edge = np.clip(wild, x.min(axis=0), x.max(axis=0))
    np.testing.assert_array_equal(dense.predict(held, wild), dense.predict(held, edge))
    reached, gone = np.abs(dense.predict(held, wild)), np.abs(dense.predict(line, wild))
    assert reached.max() < 60 and gone.max() > 500


@pytest.mark.parametrize("kind", ["held", "line"])
def test_the_edge_is_in_the_graph_and_in_the_contract(pixel_config, tmp_path, kind):
    x, held, line, wild = wild_networks(pixel_config)
    network = held if kind == "held" else line
    contract = replace(contract_of(3, "refuse"), beyond=kind)
    assert write_pixel_model("dense", network, contract, tmp_path / "d.onnx", x, 5000) < 1e-4
    probed = np.abs(probes("dense", network, x, 5000) - 20).max()
    assert probed > 200 if kind == "held" else probed < 20
    assert difference("dense", network, tmp_path / "d.onnx", wild) < 1e-4
    made = onnx.load(str(tmp_path / "d.onnx"))
    assert ("Max" in {n.op_type for n in made.graph.node}) == (kind == "held")
    assert made.ir_version <= 8 and {o.domain: o.version for o in made.opset_import}[""] <= 17
    assert load_model(tmp_path / "d.onnx").contract.beyond == kind
    dense.save(network, tmp_path / "d.pt")
    again = dense.predict(dense.load(tmp_path / "d.pt"), wild)
    np.testing.assert_array_equal(again, dense.predict(network, wild))


def test_importance_finds_the_predictor_that_matters(pixel_config):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1500, 3)).astype(np.float32)
    y = 4 * x[:, 1] + 0.5 * x[:, 2]
    model = trees.fit(x, y, {"n_estimators": 50, "max_depth": 3}, pixel_config(), 0)
    gain = trees.gain(model, 3)
    assert gain.sum() == pytest.approx(1) and gain[1] > 0.9 > gain[2] > gain[0]
    exact = permutation(lambda v: 4 * v[:, 1] + 0.5 * v[:, 2], x, y, 20, rng)
    # An exact model: shuffling x makes an error of sd(a (x − x')) = a √2 sd(x).
    np.testing.assert_allclose(exact, [0, 4 * np.sqrt(2), 0.5 * np.sqrt(2)], rtol=0.05)


def test_scores_by_hand():
    found = fit_scores([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    assert found["r2"] == pytest.approx(0.5) and found["rmse"] == pytest.approx(np.sqrt(1 / 3))
    assert found["cc"] == pytest.approx(np.corrcoef([1, 2, 4], [1, 2, 3])[0, 1])


@pytest.mark.parametrize("text", [CONFIG, DENSE])
def test_one_command_goes_from_stacks_to_a_scored_model(pixel_config, text):
    text += '[split]\nkind = "held-out"\ntest_start = "2004-11"\ntest_blocks = 0.25\n'
    config = pixel_config(text, "search.trials=1")
    assert main(["all", config.path, "search.trials=1", "network.conserves=true"]) == 0
    manifest = config.folder / "model" / "pixels.json"
    model = load_model(manifest)
    assert model.strata == (12, 25) and len(model.files) == 4
    assert model.contract.target.conserves
    # The layer is the toolbox's: what was trained with it is what is trained without.
    assert all(pixels.Run(config, quiet).facts(seed, 12) for seed in config.train.seeds)
    run = pixels.Run(config, quiet)
    assert model.contract.beyond == "held"
    for stratum in (12, 25):
        found = np.array(model.contract.class_ranges[stratum])
        rows = run.rows(stratum).x
        np.testing.assert_array_equal(found, np.stack([rows.min(axis=0), rows.max(axis=0)], 1))
        own = load_model(model.members(stratum)[0].path).contract
        assert own.class_ranges == {stratum: model.contract.class_ranges[stratum]}
    scores = model.contract.metrics["held out in both"]
    assert scores["model, corrected"]["coarse_rmse"] < 0.01 < scores["model"]["coarse_rmse"]
    assert "delta (conserving)" in scores and "bilinear" in scores
    folds = model.contract.metrics["cross-validation"]
    assert set(folds) == {"random", "space", "time"} and folds["time"]["all"]["rmse"] > 0
    card = manifest.with_suffix(".md").read_text()
    assert "| space | all |" in card and "| model, corrected |" in card and "Verdict" in card
    assert "| last layer | closes the coarse means" in card
    assert (config.folder / "importance.png").stat().st_size > 5000
    lines = (config.folder / "importance.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 2 * 4


def halve_cells(source, path):
    """A raster with every cell cut into four of the same value, tags and bands kept."""
    import rasterio

    with rasterio.open(source) as file:
        profile, values = file.profile, np.repeat(np.repeat(file.read(), 2, 1), 2, 2)
        profile.update(width=2 * file.width, height=2 * file.height)
        profile.update(transform=file.transform * file.transform.scale(0.5))
        with rasterio.open(path, "w", **profile) as out:
            out.write(values)
            out.update_tags(**file.tags())
            out.descriptions, out.units = file.descriptions, file.units
            for band in file.indexes:
                out.update_tags(band, **file.tags(band))


def test_a_model_is_used_on_finer_cells_than_it_learnt_from(pixel_config, tmp_path):
    text = CONFIG.replace("seeds = [0, 1]", "seeds = [0]")
    plain = pixel_config(text, "search.trials=1")
    for name in ("set", "truth", "pattern", "classes"):
        halve_cells(plain.file(f"{name}.tif"), tmp_path / f"half-{name}.tif")
    use = """[use]
predictors = "half-set.tif"
truth = "half-truth.tif"
strata = "half-classes.tif"
patterns = ["half-pattern.tif"]
"""
    table, contract, _ = build_table(plain)
    finer = pixel_config(text + use, "search.trials=1")
    again, used, _ = build_table(finer)
    assert np.array_equal(table.x, again.x) and np.array_equal(table.y, again.y)
    assert (used.spacing.dx, used.spacing.dy) == (FINE.dx / 2, FINE.dy / 2)
    assert replace(used, spacing=contract.spacing) == contract
    assert main(["all", finer.path, "search.trials=1"]) == 0
    manifest = finer.folder / "model" / "pixels.json"
    with (
        MonthlyStack(str(finer.folder / "evaluation" / "model.tif")) as fine,
        MonthlyStack(str(finer.file("half-truth.tif"))) as truth,
    ):
        assert not fine.grid.difference(truth.grid) and np.isfinite(fine.read()).any()
    scores = load_model(manifest).contract.metrics["all"]
    assert scores["model, corrected"]["coarse_rmse"] < 0.01 < scores["model"]["coarse_rmse"]
    assert f"{FINE.dx / 2:g}" in manifest.with_suffix(".md").read_text()


WELLS = """
name = "wells"
[data]
target = "gwla"
[inputs]
calendar = true
[network]
kind = "trees"
[wells]
file = "wells.csv"
target = "depth"
sign = -1.0
[wells.features]
rain = ["rain", "mm month-1", "dynamic"]
rock = ["rock", "m", "static"]
[wells.valid]
rain = [0.0, 1000.0]
[search]
trials = 2
folds = 4
block = 1
gap = 2
least = 20
n_estimators = [20, 40]
max_depth = [2, 3]
[train]
seeds = [0]
threads = 1
"""


def test_a_table_of_wells(tmp_path):
    """Anomalies rise where depths fall; holes, a wild value and wells left out are as stated."""
    rng = np.random.default_rng(8)
    lines, depth = ["well,year,month,rain,rock,depth"], {}
    for well in "abcdefgh":
        for t in range(48):
            rain = rng.gamma(2, 30)
            depth[well, t] = 10 + ord(well) - 0.02 * rain + rng.normal(0, 0.05)
            text = "" if (well, t) == ("a", 5) else f"{depth[well, t]:.6f}"
            rain = -999 if (well, t) == ("b", 0) else rain
            lines.append(f"{well},{2004 + t // 12},{t % 12 + 1},{rain},{ord(well)},{text}")
    (tmp_path / "wells.csv").write_text("\n".join(lines))
    (tmp_path / "w.toml").write_text(WELLS)
    with pytest.raises(ParameterError, match="no coarse field"):
        pixels.Run(read_config(tmp_path / "w.toml", ["network.conserves=true"]), quiet)
    config = read_config(tmp_path / "w.toml")
    run = pixels.Run(config, quiet)
    table = run.table
    assert len(table) == 8 * 48 - 1 and np.isnan(table.x[:, 0]).sum() == 1
    of_b = np.array([depth["b", t] for t in range(48)])
    np.testing.assert_allclose(table.y[table.cell == 1], of_b.mean() - of_b, atol=1e-5)
    assert main(["all", config.path]) == 0
    results = json.loads((config.folder / "evaluation" / "scores.json").read_text())
    space = results["cross-validation"]["space"]["all"]
    assert space["r2"] > 0.7 > results["baselines"]["space"]["climatology"]["r2"]
    assert results["baselines"]["space"]["per-well mean"]["rmse"] == pytest.approx(
        np.sqrt(np.mean(table.y**2))
    )
    assert "climatology of the well" not in results["baselines"]["space"]
    assert load_model(config.folder / "model" / "wells.json").contract.target.units == "m"


def test_climatology_by_hand():
    from grace_water_toolbox.export.pixelscores import _climatology

    folds = [(np.array([0, 1, 2]), np.array([3, 4]))]
    found = _climatology(folds, np.array([0, 0, 1, 0, 2]), np.array([1.0, 3.0, 9.0, 5.0, 6.0]))
    assert found.tolist() == [2.0, 0.0]


def test_the_twin_as_predictors(tmp_path):
    """Names, months and truth of the sample; satellite minus model has its holes."""
    from grace_water_toolbox.export.twingroundwater import DYNAMIC, SEEN, STATIC, write_twin

    write_twin(tmp_path)
    with PredictorSet(str(tmp_path / "predictors.tif")) as predictors:
        names = [n for n, _ in (*DYNAMIC, *STATIC, SEEN)]
        assert list(predictors.variables) == names and len(DYNAMIC) + len(STATIC) + 2 == 19
        bands = [predictors.bands_at(n, np.datetime64("2010-07")) for n, _ in DYNAMIC]
        fields = predictors.read(bands)
        seen = predictors.read([predictors.bands_at("twsa", np.datetime64("2010-07"))])[0]
    land = np.isfinite(fields[0])
    assert land.mean() > 0.8 and np.isfinite(fields[:, land]).mean() > 0.999
    with MonthlyStack(str(tmp_path / "gwsa.tif")) as coarse:
        values = coarse.read()
        assert coarse.grid.dx == 1.0 and values.shape == (265, 8, 8)
    known = np.isfinite(values).any(axis=(1, 2))
    assert known.sum() == 229
    # The total storage on fine cells has the coarse values as its means.
    with MonthlyStack(str(tmp_path / "twsa.tif")) as total:
        at = int(np.flatnonzero(total.months == np.datetime64("2010-07"))[0])
        wanted = total.read(bands=[at])[0]
        areas = np.asarray(predictors.grid.cell_areas()) * np.ones(seen.shape)
    parts = [(v * 1.0).reshape(8, 10, 8, 10).sum(axis=(1, 3)) for v in (seen * areas, areas)]
    np.testing.assert_allclose(parts[0] / parts[1], wanted, atol=1e-3)
    with MonthlyStack(str(tmp_path / "truth.tif")) as truth:
        mean = truth.read().reshape(265, 8, 10, 8, 10).mean(axis=(2, 4))
    use = np.isfinite(values)
    assert np.corrcoef(values[use], mean[use])[0, 1] > 0.7
    assert isinstance(coarse.grid, Grid)


def test_a_verdict_names_what_is_better_than_the_model():
    from grace_water_toolbox.export.pixelscores import verdicts

    def row(fine, within, coarse=0.0):
        return {"fine_rmse": fine, "within_cc": within, "coarse_rmse": coarse}

    rows = {"model": row(3.0, 0.5, 1.5), "model, corrected": row(4.0, 0.5)}
    rows.update({"bilinear": row(3.5, 0.6), "replicate": row(5.0, None)})
    found = " ".join(verdicts({"all": rows}))
    assert "does not beat 'bilinear' at fine RMSE" in found
    assert "beats 'replicate' at fine RMSE" in found
    assert "does not beat 'bilinear' at within-cell correlation (0.50 against 0.60, all)" in found
    assert "Without the correction fine RMSE is lower (3.00 against 4.00 cm)" in found
