"""How the algorithms on stacks are called, and what their messages hold."""

import re

import numpy as np
import pytest

T = np.arange(120.0)


#: What each algorithm on stacks needs besides INPUT and OUTPUT, where INPUT may serve.
ON_STACKS = {
    "fillgapslinear": {},
    "fillgapsssa": {},
    "separategroundwater": {"SNOW": "INPUT"},
    "trendmap": {"DESEASONALISE": "harmonic"},
}
each = pytest.mark.parametrize("algorithm", ON_STACKS)


def given(algorithm, stack, target, **more):
    rest = {k: stack if v == "INPUT" else v for k, v in ON_STACKS[algorithm].items()}
    return {"INPUT": stack, "OUTPUT": target, **rest, **more}


def assert_says(message, *parts):
    for part in parts:
        assert re.search(part, message), f"{part!r} is not in {message!r}"
    assert "Traceback" not in message and "NoneType" not in message
