"""The contract of a patch network, as far as its configuration settles it."""

from ..core.downscaling.contract import Contract, Spacing, Target, Tile, Variable
from ..core.errors import ParameterError


def contract_of(config, predictors):
    """The `Contract` of the model a configuration trains, ranges not yet known."""
    inputs, network = [], config.network
    # What is added in training is the coarse input channel, or the value of the coarse cell.
    if network.adds not in ("", "replicate", config.inputs.coarse):
        raise ParameterError(
            f"'{network.adds}' is expected, as network.adds", config.inputs.coarse, "inputs.coarse"
        )
    for name in config.inputs.variables:
        entry = predictors.variables.get(name)
        if entry is None:
            raise ParameterError(
                f"one of {', '.join(predictors.variables)} is expected", name, "inputs.variables"
            )
        lags = tuple(config.inputs.lags.get(name, [0]))
        role = "static" if entry.is_static else "dynamic"
        inputs.append(Variable(name, entry.units, role, lags))
    if config.inputs.calendar:
        inputs += [Variable(n, "1", "calendar") for n in ("month_sin", "month_cos")]
    if config.inputs.years:
        inputs.append(Variable("years", "year", "calendar"))
    if config.inputs.coarse:
        how = config.inputs.coarse
        inputs.append(Variable("coarse", "cm", "coarse", interpolation=how))
    grid, size = predictors.grid, config.patches.size
    overlap = config.patches.overlap
    tile = Tile(size, size, size - config.patches.stride if overlap < 0 else overlap, "average")
    units = "degree" if grid.is_geographic else "m"
    return Contract(
        name=config.name,
        kind="patch",
        target=Target("twsa", "cm", adds=network.adds, conserves=network.conserves),
        inputs=tuple(inputs),
        spacing=Spacing(grid.dx, grid.dy, units),
        title=config.title,
        description=config.description,
        tile=tile,
    )
