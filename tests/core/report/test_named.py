"""Named points: each method has its own colour, mark and name."""

import io

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError
from grace_water_toolbox.core.report.canvas import CYCLE
from grace_water_toolbox.core.report.named import MARKS, named_plot


def pixels(png):
    from matplotlib.image import imread

    return (imread(io.BytesIO(png))[..., :3] * 255).round().astype(int)


def count(png, colour):
    """Pixels of just that colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((pixels(png) == wanted).all(axis=-1).sum())


def test_every_point_is_drawn_in_its_colour_and_named():
    given = (["trees", "network", "bilinear"], [1.0, 2.0, 3.0], [0.2, 0.5, 0.8])
    png, filled = named_plot(*given, hollow=("bilinear",), line=1.5), named_plot(*given, line=1.5)
    # On the axes and in the legend: two marks of 9 points each.
    assert count(png, CYCLE[0]) > 200 and count(png, CYCLE[1]) > 200
    assert 0 < count(png, CYCLE[2]) < count(filled, CYCLE[2]) / 2
    assert count(png, CYCLE[3]) == 0


def test_a_point_without_a_score_is_named_and_not_drawn():
    both = named_plot(["a", "b"], [1.0, 2.0], [0.2, 0.5])
    one = named_plot(["a", "b"], [1.0, 2.0], [0.2, np.nan], lacking="(no CC)")
    assert count(one, CYCLE[1]) < count(both, CYCLE[1])
    assert count(one, CYCLE[0]) > 200
    none = named_plot(["a"], [np.nan], [np.nan], line=1.0)
    assert none.startswith(b"\x89PNG")


def test_no_two_of_many_look_alike():
    count = len(CYCLE) * len(MARKS)
    pairs = {(n % len(CYCLE), (n + n // len(CYCLE)) % len(MARKS)) for n in range(count)}
    assert len(pairs) == count


@pytest.mark.parametrize("given", [([], [], []), (["a"], [1.0, 2.0], [1.0, 2.0])])
def test_other_shapes_are_refused(given):
    with pytest.raises(ParameterError, match="a name, x and y"):
        named_plot(*given)
