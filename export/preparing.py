"""Step ``prepare``: the stacks of the cases that the toolbox knows how to make."""

from ..core.errors import ParameterError

CASES = ("sample", "groundwater", "bangladesh")


def prepare(config, say=print):
    """Make the stacks of ``data.prepare`` beside the predictor set; nothing without it.

    ``sample`` or ``sample SIZE SEED``: the synthetic twin; ``groundwater SIZE SEED``: the
    twin as tree and dense models take it, and its window of 0.01 degree where ``use`` has
    predictors. ``bangladesh FACTOR``: the real
    case, from the folder that the environment variable GRACE_WATER_DATA names. Raises
    `ParameterError`.
    """
    words = config.data.prepare.split()
    if not words:
        return
    folder = config.file(config.data.predictors).parent
    if words[0] == "sample":
        from .sampletwin import prepare_sample

        size = words[1] if len(words) > 1 else "standard"
        prepare_sample(folder, size, int(words[2]) if len(words) > 2 else 0, say)
    elif words[0] == "groundwater":
        from .twingroundwater import prepare_groundwater

        size = words[1] if len(words) > 1 else "small"
        seed = int(words[2]) if len(words) > 2 else 0
        prepare_groundwater(folder, size, seed, say)
        if config.use.predictors:
            prepare_groundwater(config.file(config.use.predictors).parent, "kilometre", seed, say)
    elif words[0] == "bangladesh" and len(words) == 2:
        from .bangladesh import prepare_bangladesh

        prepare_bangladesh(folder, int(words[1]), say)
    else:
        raise ParameterError(
            f"one of {', '.join(CASES)}, with SIZE SEED or FACTOR, is expected",
            config.data.prepare,
            "data.prepare",
        )
