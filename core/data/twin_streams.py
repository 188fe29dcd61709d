"""The random streams of the synthetic twin: one a part, so parts do not disturb each other."""

import numpy as np

#: The storages that make up total water storage.
COMPONENTS = ("groundwater", "soil_moisture", "snow", "canopy")
#: Random streams of the twin itself, then those of optional parts. Only append:
#: a stream is told by its place, and the numbers of published seeds must stay.
STREAMS = (*COMPONENTS, "model", "satellite")
EXTRA_STREAMS = (
    "wells", "fine", "fine courses", "rain", "weather", "climate", "views", "cells", "maps",
    "kilometre",
)  # fmt: skip


def extra_stream(seed, name):
    """The random generator of an optional part in `EXTRA_STREAMS`, fresh at each call."""
    return np.random.default_rng(_child(seed, name))


def row_stream(seed, name, row, number):
    """A generator for one row of cells: strips of rows then get the same numbers as the whole."""
    return np.random.default_rng([*_child(seed, name).generate_state(4), row, number])


def _child(seed, name):
    names = (*STREAMS, *EXTRA_STREAMS)
    return np.random.SeedSequence(seed).spawn(len(names))[names.index(name)]
