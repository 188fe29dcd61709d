"""What the help panel and the Results Viewer say."""

import re
from collections import Counter
from html import unescape

import pytest
from grace_water_toolbox.algorithms.feedback import tell_accelerator
from grace_water_toolbox.algorithms.registry import ALGORITHMS
from grace_water_toolbox.core.accelerate import SWITCH
from grace_water_toolbox.core.progress import Progress


def initialised(algorithm):
    made = algorithm()
    made.initAlgorithm()
    return made


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.ID)
def test_the_panel_begins_with_what_the_algorithm_does(algorithm):
    first = re.search(r"<p>(.*?)</p>", initialised(algorithm).shortHelpString())[1]
    assert unescape(first) == algorithm.SUMMARY


def test_no_two_reports_have_one_name():
    """The Results Viewer shows nothing but the name and the time."""
    labels = Counter()
    for algorithm in ALGORITHMS:
        made = initialised(algorithm)
        html = made.parameterDefinition("OUTPUT_HTML")
        if html is not None:
            labels[html.description()] += 1
    assert len(labels) > 10
    assert [label for label, count in labels.items() if count > 1 or label == "Report"] == []


def test_the_log_says_what_numba_would_gain(monkeypatch):
    lines = []

    class Log(Progress):
        def info(self, message):
            lines.append(message)

    monkeypatch.setenv(SWITCH, "off")
    tell_accelerator(Log())
    assert lines == [
        f"The optional package numba is switched off by {SWITCH}=off. The results are the same "
        "without it, but take several times as long. How to install it: README, Install."
    ]
