"""Pictures of classes: bars that fit, whatever is larger, and maps of any shape."""

import io
import warnings

import numpy as np
import pytest
from grace_water_toolbox.core.errors import GridError, ParameterError
from grace_water_toolbox.core.report.shares import class_map, share_bars
from grace_water_toolbox.core.trends.classes import CLASSES
from matplotlib.colors import to_rgb
from matplotlib.image import imread

NAMES = [name for _, name, _ in CLASSES]
COLOURS = [colour for _, _, colour in CLASSES]


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def pixels(data, colour):
    shown = np.round(imread(io.BytesIO(data), format="png")[..., :3] * 255).astype(int)
    wanted = np.round(np.array(to_rgb(colour)) * 255).astype(int)
    return (shown == wanted).all(axis=-1)


@pytest.mark.parametrize("largest", ["shares", "other", "marks", "none"])
def test_bars_fit_whatever_is_larger(largest):
    shares = np.array([60.0, 1, 2, 3, 4, 10, 20]) if largest == "shares" else np.full(7, 1.0)
    other = np.array([80.0, 1, 1, 1, 1, 1, 15]) if largest == "other" else np.full(7, np.nan)
    marks = [(0, 0, 90.0), (2, 4, 12.0)] if largest == "marks" else None
    if largest == "none":
        shares, other = np.full(7, np.nan), None
    data = share_bars(NAMES, COLOURS, shares, other, marks, name="a", other_name="b", mark_name="c")
    picture = imread(io.BytesIO(data), format="png")
    assert picture.shape[1] == 900
    # Nothing but the white margin at the right edge.
    assert (picture[:, -4:, :3] == 1).all()


def test_bars_have_the_colour_of_their_class_and_its_length():
    data = share_bars(NAMES, COLOURS, np.array([40.0, 0, 0, 0, 0, 0, 20.0]))
    red, blue = pixels(data, COLOURS[0]), pixels(data, COLOURS[6])
    assert red.any(axis=0).sum() == pytest.approx(2 * blue.any(axis=0).sum(), rel=0.05)


def test_other_lengths_are_refused():
    with pytest.raises(ParameterError, match="7 classes"):
        share_bars(NAMES, COLOURS, [1.0, 2.0])


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (40, 2), (24, 19)])
def test_maps_of_any_shape(shape):
    classes = np.full(shape, 7)
    classes[0, 0] = 1
    data = class_map(classes, (0, 0, shape[1] / 4, shape[0] / 4), CLASSES)
    assert pixels(data, COLOURS[0]).sum() > 100
    assert shape == (1, 1) or pixels(data, COLOURS[6]).sum() > 1000


def test_unknown_classes_are_grey_and_empty_extents_refused():
    data = class_map(np.zeros((4, 4), int), (0, 0, 1, 1), CLASSES)
    assert pixels(data, "#d4d4d4").sum() > 10_000
    with pytest.raises(GridError):
        class_map(np.zeros((4, 4), int), (1, 0, 0, 1), CLASSES)
