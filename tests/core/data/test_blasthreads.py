"""BLAS threads are held to one while ours work, and given back."""

import threading

import numpy as np
import pytest
from grace_water_toolbox.core.data.blasthreads import blas_threads, single_blas_thread


@pytest.fixture(autouse=True)
def several_threads():
    """Every BLAS that is found at two threads, so that one can be told from before."""
    from grace_water_toolbox.core.data import blasthreads

    before = blas_threads()
    if not before:
        pytest.skip("numpy's BLAS is not OpenBLAS: nothing to hold")
    for _, put in blasthreads._controls():
        put(2)
    if set(blas_threads()) != {2}:
        pytest.skip("this OpenBLAS cannot run two threads")
    yield
    for (_, put), threads in zip(blasthreads._controls(), before):
        put(threads)


def test_one_inside_and_restored():
    with single_blas_thread():
        assert set(blas_threads()) == {1}
        np.testing.assert_allclose(np.eye(200) @ np.ones((200, 5)), 1.0)
    assert set(blas_threads()) == {2}


def test_restored_after_an_error():
    with pytest.raises(KeyError), single_blas_thread():
        raise KeyError("x")
    assert set(blas_threads()) == {2}


def test_nested():
    with single_blas_thread():
        with single_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_the_last_of_several_threads_restores():
    """A enters, B enters, A leaves: still one; B leaves: as before."""
    inside, leave, done = threading.Event(), threading.Event(), threading.Event()

    def second():
        with single_blas_thread():
            inside.set()
            leave.wait(10)
        done.set()

    with single_blas_thread():
        other = threading.Thread(target=second)
        other.start()
        assert inside.wait(10)
    assert set(blas_threads()) == {1}
    leave.set()
    other.join()
    assert done.is_set() and set(blas_threads()) == {2}


def test_many_at_once():
    wrong = []

    def work():
        for _ in range(200):
            with single_blas_thread():
                if set(blas_threads()) != {1}:
                    wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and set(blas_threads()) == {2}
