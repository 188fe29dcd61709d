"""In QGIS: something that never comes back."""

import time


def scenario(window):
    yield "the window", lambda: window.main.isVisible()
    time.sleep(3600)
