"""Scores as lines of the card: tables by region, the spread between seeds, what beats what."""

import numpy as np

from .extrascores import ALONE

#: Parts of the scores of a chain that are no region.
SEEDS, RAW_SEEDS = "seeds", "seeds, uncorrected"
NO_REGION = ("members", SEEDS, RAW_SEEDS)
#: Rows that are the model itself; the last there is of them is judged.
OWN = (ALONE, "model", "model, corrected")


def score_lines(results):
    """The scores as lines of a Markdown table, one table a region."""
    lines = []
    columns = ("coarse_rmse", "coarse_cc", "subgrid_sd", "fine_rmse", "fine_cc",
               "within_rmse", "within_cc")  # fmt: skip
    for region, rows in results.items():
        if region in NO_REGION:
            continue
        lines += ["", f"**{region}**", "", "| product | " + " | ".join(columns) + " |"]
        lines.append("|---" * (len(columns) + 1) + "|")
        for name, scores in rows.items():
            values = ("–" if scores[c] is None else f"{scores[c]:.3f}" for c in columns)
            lines.append(f"| {name} | " + " | ".join(values) + " |")
    return lines


#: What the spread between members is given of.
SPREAD = ("coarse_rmse", "fine_rmse", "fine_cc", "within_rmse", "within_cc")


def spread_of(rows):
    """{score: [mean, standard deviation]} between members, each alone."""
    if len(rows) < 2:
        return {}
    found = {}
    for name in SPREAD:
        values = [r[name] for r in rows]
        if None not in values:
            found[name] = [float(np.mean(values)), float(np.std(values, ddof=1))]
    return found


def seed_lines(results):
    """Each member alone, as lines of Markdown tables; none for one member."""
    lines = []
    for part, what in ((SEEDS, "corrected"), (RAW_SEEDS, "before correction")):
        rows = {region: found for region, found in results.get(part, {}).items() if found}
        if not rows:
            continue
        lines += ["", f"**Each seed alone, {what}** (mean ± standard deviation between seeds)", ""]
        lines += ["| region | " + " | ".join(SPREAD) + " |", "|---" * (len(SPREAD) + 1) + "|"]
        for region, found in rows.items():
            values = (
                f"{found[c][0]:.3f} ± {found[c][1]:.3f}" if c in found else "–" for c in SPREAD
            )
            lines.append(f"| {region} | " + " | ".join(values) + " |")
    return lines


def beats(results, score="fine_rmse"):
    """What the model beats and what beats it, by the held-out region with a truth: sentences."""
    for region in ("held out in both", "held out in space", "held out in time", "all"):
        rows = results.get(region)
        better = next((name for name in reversed(OWN) if name in (rows or ())), "")
        if not rows or rows.get(better, {}).get(score) is None:
            continue
        own = rows[better][score]
        lines = []
        for name, scores in rows.items():
            if name in OWN or scores.get(score) is None:
                continue
            verdict = "beats" if own < scores[score] else "does not beat"
            lines.append(
                f"The model {verdict} '{name}' at fine RMSE ({own:.2f} against "
                f"{scores[score]:.2f} cm, {region})."
            )
        return lines
    return ["There is no fine truth to score the model's detail against."]
