"""The values of parameters as they come, before QGIS reads them."""


def has_value(parameters, name):
    """Whether the parameter ``name`` was given: for an output, whether it is wanted."""
    return parameters.get(name) not in (None, "")
