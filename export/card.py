"""The model card: written from what was measured, never by hand."""

from .extrascores import noise_lines
from .scorelines import score_lines, seed_lines


def write_card(config, manifest, contract, results, verdicts):
    """Write ``<name>.md`` beside the manifest; returns its path."""
    training = contract.training
    west, east, south, north = training.extent
    lines = [
        f"# {contract.title or contract.name}",
        "",
        contract.description,
        "",
        "| | |",
        "|---|---|",
        f"| gives | {contract.target.name}, {contract.target.units}"
        + (f", added to the coarse field ({contract.target.adds})" if contract.target.adds else "")
        + (", with the coarse field's means (last layer)" if contract.target.conserves else "")
        + " |",
        f"| kind | {contract.kind} |",
        f"| cells | {contract.spacing.dx:g} × {contract.spacing.dy:g} {contract.spacing.units} |",
        f"| trained on | {training.data} |",
        f"| region | {west:g} to {east:g}, {south:g} to {north:g} |",
        f"| period | {' to '.join(training.period)} |",
        f"| licence of the data | {training.licence or 'not stated'} |",
        f"| members | {len(config.train.seeds)} |",
        "",
        "## Predictors",
        "",
        "| name | unit | role | lags | training range |",
        "|---|---|---|---|---|",
    ]
    for v in contract.inputs:
        lags = ", ".join(map(str, v.lags))
        lines.append(
            f"| {v.name} | {v.units} | {v.role} | {lags} | {v.range[0]:.4g} to {v.range[1]:.4g} |"
        )
    lines += [
        "",
        "## Scores",
        "",
        "Coarse scores are against the coarse field that was downscaled, fine and within-cell "
        "scores against a fine truth where one exists; RMSE, sub-grid SD in cm.",
        *score_lines(results),
        *seed_lines(results),
        "",
        "## Verdict",
        "",
        *(f"- {line}" for line in (*verdicts, *noise_lines(results))),
        "",
        "## Limits",
        "",
        *(f"- {line}" for line in contract.limits),
        "",
        "Made with the configuration below; every number above was measured by `evaluate`.",
        "",
        "```",
        *_settings(config),
        "```",
        "",
    ]
    path = manifest.with_suffix(".md")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _settings(config):
    for part in ("network", "loss", "patches", "split", "train"):
        values = ", ".join(f"{k} = {v!r}" for k, v in vars(getattr(config, part)).items())
        yield f"{part}: {values}"
