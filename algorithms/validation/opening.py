"""The stack that is judged, without what was filled."""


def open_observed(algorithm, files):
    """INPUT, opened in the exit stack ``files``; with FLAGS its filled values are missing."""
    from ...core.data.observed import ObservedStack

    stack = files.enter_context(algorithm.open_stack("INPUT"))
    if not algorithm.has("FLAGS"):
        return stack
    return ObservedStack(stack, files.enter_context(algorithm.open_stack("FLAGS")))
