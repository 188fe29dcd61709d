"""The losses against numbers worked out by hand and against their stated properties."""

import numpy as np
import pytest
import torch
from grace_water_toolbox.export.losses import (
    Batch,
    SoftConstraint,
    anomaly_pattern_loss,
    dual_loss,
    group_index,
    group_mean,
    patch_correlation,
    patch_mean_loss,
)


def batch_of(coarse, patterns, cells=None, valid=None, coarse_valid=None, pattern_valid=None,
             weight=None, sigma=None, whole=None):  # fmt: skip
    """A `Batch` from nested lists; everything valid unless said otherwise."""
    coarse = torch.tensor(coarse, dtype=torch.float32)
    patterns = torch.tensor(patterns, dtype=torch.float32)
    yes = torch.ones_like(coarse, dtype=torch.bool)
    given = {
        "inputs": coarse[:, None],
        "coarse": coarse,
        "coarse_valid": yes if coarse_valid is None else torch.tensor(coarse_valid),
        "cells": torch.zeros_like(coarse, dtype=torch.long) if cells is None else
                 torch.tensor(cells),
        "whole": yes if whole is None else torch.tensor(whole),
        "sigma": torch.ones_like(coarse) if sigma is None else torch.tensor(sigma),
        "patterns": patterns,
        "pattern_valid": torch.ones_like(patterns, dtype=torch.bool) if pattern_valid is None else
                         torch.tensor(pattern_valid),
        "weight": torch.ones_like(coarse) if weight is None else torch.tensor(weight),
        "valid": yes if valid is None else torch.tensor(valid),
    }  # fmt: skip
    return Batch(**given)


class TestDualLoss:
    """Two patches of 2 × 2, worked out on paper.

    Patch 1: ŷ = 1 2 / 3 4, G = 2 everywhere, y_PI = 1 1 / 1 100 (100 is an outlier).
    Patch 2: ŷ = 0 0 / 0 8, G = 1 everywhere, the last cell is sea.
    L_AE = (|2.5 − 2| + |0 − 1|) / 2 = 0.75.
    L_MAE = (0 + 1 + 2 + 2 + 2 + 2) / 6 with y_PI = 2 in patch 2: 9 / 6 = 1.5.
    """

    prediction = torch.tensor([[[1.0, 2], [3, 4]], [[0, 0], [0, 8]]])
    batch = batch_of(
        [[[2.0, 2], [2, 2]], [[1, 1], [1, 1]]],
        [[[[1.0, 1], [1, 100]]], [[[2, 2], [2, 2]]]],
        valid=[[[True, True], [True, True]], [[True, True], [True, False]]],
        pattern_valid=[[[[True, True], [True, False]]], [[[True, True], [True, True]]]],
    )

    def test_by_hand(self):
        total, large, fine = dual_loss(self.prediction, self.batch, (2.0, 0.5))
        assert large.item() == pytest.approx(0.75)
        assert fine.item() == pytest.approx(1.5)
        assert total.item() == pytest.approx(2 * 0.75 + 0.5 * 1.5)

    def test_a_patch_without_an_observation_does_not_count(self):
        batch = batch_of(
            [[[2.0, 2], [2, 2]], [[0, 0], [0, 0]]],
            [[[[0.0, 0], [0, 0]]]] * 2,
            coarse_valid=[[[True] * 2] * 2, [[False] * 2] * 2],
        )
        assert patch_mean_loss(self.prediction, batch).item() == pytest.approx(0.5)
        nothing = batch_of([[[0.0]]], [[[[0.0]]]], coarse_valid=[[[False]]])
        assert patch_mean_loss(torch.tensor([[[5.0]]]), nothing).item() == 0.0

    def test_anomalies_do_not_see_what_is_added_to_a_coarse_cell(self):
        cells = [[[0, 0, 1, 1]]]
        prediction = torch.tensor([[[1.0, 3, 5, 5]]])
        batch = batch_of([[[0.0] * 4]], [[[[11.0, 13, 7, 9]]]], cells=cells)
        # Departures: −1 1 0 0 against −1 1 −1 1.
        assert anomaly_pattern_loss(prediction, batch).item() == pytest.approx(0.5)


def test_group_means_are_weighted_by_coarse_cell_and_patch():
    cells = torch.tensor([[[0, 0, 1]], [[0, 1, -1]]])
    values = torch.tensor([[[1.0, 3, 5]], [[10, 20, 30]]])
    weight = torch.tensor([[[1.0, 3, 1]], [[1, 1, 1]]])
    groups = group_index(cells, torch.ones_like(cells, dtype=torch.bool))
    got = group_mean(values, groups, weight)
    np.testing.assert_allclose(got, [[[2.5, 2.5, 5]], [[10, 20, 0]]])


def random_batch(seed=0, sources=2, **more):
    """Two patches of 6 × 6 with four coarse cells each."""
    rng = np.random.default_rng(seed)
    cells = np.kron(np.array([[0, 1], [2, 3]]), np.ones((3, 3), int))
    given = {
        "coarse": (rng.normal(size=(2, 4))[:, cells]).tolist(),
        "patterns": rng.normal(size=(2, sources, 6, 6)).tolist(),
        "cells": np.stack([cells, cells]).tolist(),
        "weight": rng.uniform(0.5, 1.5, (2, 6, 6)).astype("f4").tolist(),
    }
    given.update(more)
    return batch_of(**given)


def prediction_of(seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(size=(2, 6, 6)), dtype=torch.float32)


class TestSoftConstraint:
    def test_the_coarse_loss_by_hand(self):
        """Two mascons of two cells, weights 1 1 3 3, errors 1 and 2 (relative), G = 0 and 4.

        Means 2 and 1: a = 1/4 and 3/4, L_G = 2 / 1 · 1/4 + 3 / 2 · 3/4 = 1.625.
        """
        batch = batch_of(
            [[[0.0, 0, 4, 4]]], [[[[0.0] * 4]]], cells=[[[0, 0, 1, 1]]],
            weight=[[[1.0, 1, 3, 3]]], sigma=[[[1.0, 1, 2, 2]]],
        )  # fmt: skip
        soft = SoftConstraint("dynamic", [1.0])
        got = soft.coarse_loss(torch.tensor([[[1.0, 3, 0, 2]]]), batch)
        assert got.item() == pytest.approx(1.625)

    def test_mascons_cut_by_the_patch_are_left_out(self):
        batch = batch_of(
            [[[0.0, 0, 4, 4]]], [[[[0.0] * 4]]], cells=[[[0, 0, 1, 1]]],
            whole=[[[True, True, False, False]]],
        )  # fmt: skip
        got = SoftConstraint("dynamic", [1.0]).coarse_loss(torch.tensor([[[1.0, 3, 9, 9]]]), batch)
        assert got.item() == pytest.approx(2.0)

    def test_the_distance_falls_as_the_correlation_rises(self):
        soft = SoftConstraint("dynamic", [1.0] * 5)
        soft.running = torch.tensor([-1.5, -1.0, 0.0, 0.5, 1.0])
        assert soft.distances().tolist() == [1.0, 1.0, 0.5, 0.25, 0.0]

    def test_at_full_correlation_only_the_coarse_loss_is_left(self):
        soft, batch, prediction = (
            SoftConstraint("dynamic", [1.0, 2.0]),
            random_batch(),
            prediction_of(),
        )
        soft.running = torch.ones(2)
        total, large, _ = soft(prediction, batch, update=False)
        assert total.item() == pytest.approx(large.item(), rel=1e-6)

    def test_a_constant_added_to_a_mascon_changes_nothing(self):
        """With the trust held fixed the loss sees only what is finer than a mascon."""
        batch, prediction = random_batch(), prediction_of()
        cells = np.asarray(batch.cells[0])
        shifted = (np.asarray(batch.patterns) + np.array([5.0, -7, 11, 3])[cells]).tolist()
        other = random_batch(patterns=shifted)
        results = []
        for chosen in (batch, other):
            soft = SoftConstraint("dynamic", [0.5, 0.2])
            results.append([v.item() for v in soft(prediction, chosen)])
        np.testing.assert_allclose(results[0], results[1], rtol=1e-4)

    def test_a_missing_month_has_no_coarse_loss_and_a_gradient(self):
        no = np.zeros((2, 6, 6), bool).tolist()
        batch = random_batch(coarse_valid=no)
        prediction = prediction_of().requires_grad_()
        total, large, _ = SoftConstraint("dynamic", [1.0, 1.0])(prediction, batch)
        total.backward()
        assert large.item() == 0.0 and torch.isfinite(prediction.grad).all()
        assert prediction.grad.abs().sum() > 0

    def test_the_running_correlation_by_hand(self):
        soft, batch, prediction = (
            SoftConstraint("dynamic", [1.0]),
            random_batch(sources=1),
            prediction_of(),
        )
        soft(prediction, batch)
        first = soft.running.item()
        other = random_batch(5, sources=1)
        groups = group_index(other.cells, other.valid)
        own = prediction - group_mean(prediction, groups, other.weight)
        fine = other.patterns[:, 0] - group_mean(other.patterns[:, 0], groups, other.weight)
        rho = np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(own, fine)])
        soft(prediction, other)
        assert soft.running.item() == pytest.approx(0.9 * first + 0.1 * rho, abs=1e-5)

    def test_trust_is_floored_and_normalised(self):
        soft = SoftConstraint("dynamic", [0.45, -0.3])
        np.testing.assert_allclose(soft.trust, [0.5 / 0.55, 0.05 / 0.55], rtol=1e-6)

    def test_the_correlation_form_has_a_gradient_through_the_weight(self):
        """1 − ρ is part of the loss there (Gou & Soja); in the dynamic form it is not."""
        batch = random_batch(sources=1)
        for mode in ("correlation", "dynamic"):
            prediction = prediction_of().requires_grad_()
            SoftConstraint(mode, [1.0])(prediction, batch)[0].backward()
            assert torch.isfinite(prediction.grad).all()
        expected = 0.0
        raw = prediction_of()
        for p in range(2):
            a, b = raw[p].numpy().ravel(), batch.patterns[p, 0].numpy().ravel()
            expected += (1 - np.corrcoef(a, b)[0, 1]) * np.abs(a - b).mean() / 2
        soft = SoftConstraint("correlation", [1.0])
        _, _, pattern = soft(raw, batch)
        assert pattern.item() == pytest.approx(expected, rel=1e-5)


def test_patch_correlation_is_pearson_over_used_cells():
    first, second = prediction_of(3), prediction_of(4)
    use = torch.tensor(np.random.default_rng(0).random((2, 6, 6)) > 0.3)
    got = patch_correlation(first, second, use)
    for p in range(2):
        expected = np.corrcoef(first[p][use[p]], second[p][use[p]])[0, 1]
        assert got[p].item() == pytest.approx(expected, abs=1e-5)
