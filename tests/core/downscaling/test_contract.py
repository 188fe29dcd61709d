import json
import math

import pytest
from grace_water_toolbox.core.downscaling.contract import Variable
from grace_water_toolbox.core.downscaling.contractreading import parse_contract
from grace_water_toolbox.core.errors import ModelError

from .conftest import changed, contract_of


@pytest.mark.parametrize("kind", ["pixel", "patch"])
def test_a_contract_survives_its_json(kind):
    contract = contract_of(kind)
    assert parse_contract(contract.to_json()) == contract


def test_channels_are_variables_by_lag_in_order():
    assert [(v.name, lag) for v, lag in contract_of().channels] == [
        ("precipitation", 0),
        ("precipitation", 1),
        ("elevation", 0),
    ]


def test_an_unbounded_range_is_null_in_json_not_infinity():
    contract = contract_of(inputs=(Variable("x", "1"),))
    assert json.loads(contract.to_json())["inputs"][0]["range"] == [None, None]
    assert parse_contract(contract.to_json()).inputs[0].range == (-math.inf, math.inf)


def test_ranges_of_a_class_are_those_of_its_channels():
    inputs = (Variable("x", "1", range=(0.0, 9.0), lags=(0, 2)), Variable("y", "1"))
    ranges = {12: ((1.0, 2.0), (-math.inf, 5.0)), 25: ((3.0, 4.0), (0.0, 1.0))}
    contract = contract_of(inputs=inputs, class_ranges=ranges, beyond="held")
    assert json.loads(contract.to_json())["class_ranges"]["12"] == [[1.0, 2.0], [None, 5.0]]
    again = parse_contract(contract.to_json())
    assert again == contract and again.beyond == "held"
    assert again.channel_ranges(12) == [(1.0, 2.0), (1.0, 2.0), (-math.inf, 5.0)]
    for other in (None, 99):
        assert again.channel_ranges(other) == [(0.0, 9.0)] * 2 + [(-math.inf, math.inf)]


def test_an_older_contract_states_no_edge():
    content = json.loads(contract_of().to_json())
    del content["beyond"], content["class_ranges"]
    again = parse_contract(json.dumps(content))
    assert again.beyond == "" and again.class_ranges == {}


def _inputs(**fields):
    first = json.loads(contract_of().to_json())["inputs"][0]
    return [{**first, **fields}]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"schema": 2}, "schema"),
        ({"kind": "voxel"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": _inputs() * 2}, "twice"),
        ({"inputs": _inputs(role="lunar")}, "role"),
        ({"inputs": _inputs(lags=[-1])}, "lags"),
        ({"inputs": _inputs(lags=[0, 0])}, "lags"),
        ({"inputs": _inputs(lags=[0.5])}, "lags"),
        ({"inputs": _inputs(role="static")}, "lags"),
        ({"inputs": _inputs(units=None)}, "units"),
        ({"inputs": _inputs(range=[2, 1])}, "range"),
        ({"inputs": _inputs(range=[1])}, "range"),
        ({"inputs": _inputs(role="calendar", lags=[0])}, "name"),
        ({"target": None}, "target"),
        ({"target": {"name": "twsa"}}, "units"),
        ({"target": {"name": "twsa", "units": "cm", "adds": "spline"}}, "adds"),
        ({"spacing": {"dx": 0, "dy": 1}}, "dx"),
        ({"spacing": {"dx": "0.1", "dy": 1}}, "dx"),
        ({"spacing": {"dx": True, "dy": 1}}, "dx"),
        ({"kind": "patch", "tile": None}, "tile"),
        ({"tile": {"height": 8, "width": 8, "overlap": 8}}, "overlap"),
        ({"tile": {"height": 10**6, "width": 8}}, "height"),
        ({"beyond": "wall"}, "beyond"),
        ({"class_ranges": [1]}, "class_ranges"),
        ({"class_ranges": {"basalt": [[0, 1]] * 2}}, "class_ranges"),
        ({"class_ranges": {"--3": [[0, 1]] * 2}}, "class_ranges"),
        ({"class_ranges": {"12": [[0, 1]]}}, "2 pairs for class 12"),
        ({"class_ranges": {"12": [[0, 1], [2, 1]]}}, "low before high"),
        ({"class_ranges": {"12": [[0, 1], 3]}}, "two numbers"),
    ],
)
def test_what_is_wrong_is_named(fields, word):
    with pytest.raises(ModelError) as caught:
        parse_contract(changed(contract_of(), **fields), "model.onnx")
    assert word in str(caught.value) and "model.onnx" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"schema": 1', "[" * 100_000, '{"schema": NaN}']
)
def test_what_is_no_contract_is_refused(text):
    with pytest.raises(ModelError):
        parse_contract(text)
