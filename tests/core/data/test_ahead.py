"""Reading ahead: order, errors at their turn, one ahead and no more, an end that waits."""

import threading
import time
from contextlib import closing

import pytest
from grace_water_toolbox.core.data.ahead import read_ahead


def calls(results, log):
    def one(value):
        def read():
            log.append(value)
            if isinstance(value, Exception):
                raise value
            return value

        return read

    return [one(value) for value in results]


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_order(count):
    assert list(read_ahead(calls(range(count), []))) == list(range(count))


def test_one_is_read_ahead_and_no_more():
    log = []
    with closing(read_ahead(calls(range(9), log))) as values:
        assert next(values) == 0
        time.sleep(0.05)
        assert log == [0, 1]
        assert next(values) == 1
        time.sleep(0.05)
        assert log == [0, 1, 2]


def test_an_error_comes_at_its_turn():
    values = read_ahead(calls([1, ValueError("second"), 3], []))
    assert next(values) == 1
    with pytest.raises(ValueError, match="second"):
        next(values)


def test_the_caller_that_stops_waits_for_the_thread():
    done = threading.Event()

    def slow():
        time.sleep(0.1)
        done.set()

    with closing(read_ahead([lambda: 1, slow, slow])) as values:
        next(values)
    assert done.is_set()
    assert not [t for t in threading.enumerate() if t.name.startswith("gracewater-read")]
