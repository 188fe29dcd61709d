"""The losses: dual constraint (Li et al.), correlation and dynamic soft constraint (Uz et al.).

Shapes: ``prediction``, ``coarse`` (the coarse value of each cell), ``cells`` (index of its
coarse cell), ``valid`` (patch, y, x); ``patterns`` and ``pattern_valid`` (patch, source,
y, x); ``weight`` (patch, y, x) relative area of a cell, 0 off land. NaN never enters: what
is unknown is marked and holds 0.
"""

from dataclasses import dataclass

import torch

#: Decay of the running correlation, and what the least trusted source still counts.
MOMENTUM, FLOOR = 0.9, 0.05


@dataclass
class Batch:
    """One minibatch, tensors as in the module's text; ``sigma`` (patch, y, x) relative error."""

    inputs: torch.Tensor
    coarse: torch.Tensor
    coarse_valid: torch.Tensor
    cells: torch.Tensor
    whole: torch.Tensor
    sigma: torch.Tensor
    patterns: torch.Tensor
    pattern_valid: torch.Tensor
    weight: torch.Tensor
    valid: torch.Tensor


def patch_mean_loss(prediction, batch):
    """L_AE = mean over patches of |mean ŷ − mean G| (Eq. 6), over cells with both.

    A patch without an observed coarse value does not count; none at all gives 0.
    """
    use = batch.valid & batch.coarse_valid
    count = use.sum(dim=(1, 2))
    difference = torch.where(use, prediction - batch.coarse, torch.zeros_like(prediction))
    mean = difference.sum(dim=(1, 2)) / count.clamp(min=1)
    some = count > 0
    return (mean.abs() * some).sum() / some.sum().clamp(min=1)


def pattern_loss(prediction, batch, source=0):
    """L_MAE = Σ |ŷ − y_PI| / Σ |Ω| over all valid cells of the batch (Eq. 7)."""
    use = batch.valid & batch.pattern_valid[:, source]
    difference = (prediction - batch.patterns[:, source]).abs()
    return torch.where(use, difference, torch.zeros_like(difference)).sum() / use.sum().clamp(min=1)


def anomaly_pattern_loss(prediction, batch, source=0):
    """L_MAE between departures from the mean over each coarse cell, of both fields.

    What the pattern says at large scale then no longer pulls against the coarse field.
    """
    use = batch.valid & batch.pattern_valid[:, source]
    groups = group_index(batch.cells, use)
    weight = batch.weight * use
    own = prediction - group_mean(prediction, groups, weight)
    other = batch.patterns[:, source] - group_mean(batch.patterns[:, source], groups, weight)
    difference = (own - other).abs()
    return torch.where(use, difference, torch.zeros_like(difference)).sum() / use.sum().clamp(min=1)


def dual_loss(prediction, batch, weights=(1.0, 1.0), anomalies=False):
    """L = λ_AE L_AE + λ_MAE L_MAE (Eq. 8). Returns (L, L_AE, L_MAE)."""
    large = patch_mean_loss(prediction, batch)
    fine = (anomaly_pattern_loss if anomalies else pattern_loss)(prediction, batch)
    return weights[0] * large + weights[1] * fine, large.detach(), fine.detach()


def group_index(cells, use):
    """(group of each cell of each patch (patch, y, x), number of groups); −1 where not used.

    A group is one coarse cell in one patch.
    """
    span = max(int(cells.max()) + 1, 1)
    patches = torch.arange(len(cells), device=cells.device)[:, None, None]
    # Every coarse cell has a place in every patch: most stay empty, and nothing is sorted.
    index, number = cells.long() + patches * span, len(cells) * span
    return torch.where(use & (cells >= 0), index, torch.full_like(index, number)), number


def group_mean(values, groups, weight):
    """U A values: each cell gets the weighted mean of its group (0 where the group is empty)."""
    index, number = groups
    flat, w = index.reshape(-1), weight.reshape(-1)
    total = values.new_zeros(number + 1).index_add(0, flat, (values * weight).reshape(-1))
    mass = values.new_zeros(number + 1).index_add(0, flat, w)
    mean = total / mass.clamp(min=1e-12)
    mean = torch.cat([mean[:number], mean.new_zeros(1)])
    return mean[index]


class SoftConstraint:
    """The dynamic soft constraint (METHODS §7) and its two simpler forms, in one code.

    L = L_G + λ Σ_k q_k d_k MAE(y′, h′_k) with y′ = ŷ − U A ŷ, h′_k = H_k − U A H_k and
    L_G = Σ_c a_c |A ŷ − G|_c / σ̃_c over mascons wholly in a patch. ``mode``:
    ``dynamic`` (d_k = (1 − r_k) / 2 from a running correlation, no gradient),
    ``correlation`` (weight 1 − ρ per patch, with gradient, raw fields: Gou & Soja 2024),
    ``static`` (d_k = 1, raw fields).
    """

    def __init__(self, mode, trust, weight=2.0):
        self.mode, self.weight = mode, weight
        trust = torch.clamp(torch.as_tensor(trust, dtype=torch.float32), min=0) + FLOOR
        self.trust = trust / trust.sum()
        self.running = torch.full((len(self.trust),), float("nan"))

    def state(self):
        """What a checkpoint keeps."""
        return {"running": self.running.clone()}

    def load(self, state):
        """Go on from a checkpoint."""
        self.running = state["running"].clone()

    def distances(self):
        """d_k = (1 − clip(r_k, −1, 1)) / 2."""
        return (1 - self.running.clamp(-1, 1)) / 2

    def coarse_loss(self, prediction, batch):
        """L_G: area- and land-weighted misfit at mascons that lie wholly in their patch."""
        use = batch.valid & batch.coarse_valid & batch.whole
        groups = group_index(batch.cells, use)
        index, number = groups
        weight = batch.weight * use
        mean = group_mean(prediction, groups, weight)
        share = weight / batch.sigma.clamp(min=1e-6)
        total = prediction.new_zeros(number + 1).index_add(0, index.reshape(-1), weight.reshape(-1))
        if not bool((total[:number] > 0).any()):
            return prediction.sum() * 0.0
        misfit = ((mean - batch.coarse).abs() * share * use).sum()
        return misfit / weight.sum().clamp(min=1e-12)

    def __call__(self, prediction, batch, update=True):
        """(L, L_G, pattern part), the last two detached."""
        large = self.coarse_loss(prediction, batch)
        parts = []
        sources = batch.patterns.shape[1]
        for k in range(sources):
            use = batch.valid & batch.pattern_valid[:, k]
            own, other = prediction, batch.patterns[:, k]
            if self.mode == "dynamic":
                groups, weight = group_index(batch.cells, use), batch.weight * use
                own = own - group_mean(own, groups, weight)
                other = other - group_mean(other, groups, weight)
            parts.append((own, other, use))
        if self.mode == "dynamic" and update:
            with torch.no_grad():
                for k, (own, other, use) in enumerate(parts):
                    self._follow(k, patch_correlation(own, other, use))
        total = prediction.new_zeros(())
        for k, (own, other, use) in enumerate(parts):
            misfit = (own - other).abs() * use
            count = use.sum(dim=(1, 2))
            if self.mode == "correlation":
                rho = patch_correlation(own, other, use)
                by_patch = misfit.sum(dim=(1, 2)) / count.clamp(min=1)
                some = count > 0
                term = ((1 - rho) * by_patch * some).sum() / some.sum().clamp(min=1)
            else:
                term = misfit.sum() / count.sum().clamp(min=1)
            d = self.distances()[k] if self.mode == "dynamic" else 1.0
            d = d.to(prediction.device) if isinstance(d, torch.Tensor) else d
            total = total + self.trust[k].to(prediction.device) * d * term
        return large + self.weight * total, large.detach(), total.detach()

    def _follow(self, k, rho):
        """r_k ← 0.9 r_k + 0.1 ρ_k, starting at the first ρ_k; ρ_k is the mean over patches."""
        mean = float(rho.mean()) if rho.numel() else 0.0
        old = float(self.running[k])
        self.running[k] = mean if old != old else MOMENTUM * old + (1 - MOMENTUM) * mean


def patch_correlation(first, second, use):
    """Correlation over the used cells of each patch, (patch,); 0 where there is no spread."""
    count = use.sum(dim=(1, 2)).clamp(min=1)
    a = torch.where(use, first, torch.zeros_like(first))
    b = torch.where(use, second, torch.zeros_like(second))
    a = (a - (a.sum(dim=(1, 2)) / count)[:, None, None]) * use
    b = (b - (b.sum(dim=(1, 2)) / count)[:, None, None]) * use
    scale = torch.sqrt((a**2).sum(dim=(1, 2)) * (b**2).sum(dim=(1, 2)) + 1e-12)
    return (a * b).sum(dim=(1, 2)) / scale
