"""Every algorithm of the toolbox, in the order of the groups."""

from .data.importgrace import ImportGrace

ALGORITHMS = (ImportGrace,)
