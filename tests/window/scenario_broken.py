"""In QGIS: an error in a slot, which QGIS itself would show in a dialog and carry on."""


def scenario(window):
    window.later(lambda: {}["no such key"])
    yield "what never comes", lambda: False
