"""What pip's output means for an analyst, and what to do."""

#: Marks in pip's output, the likeliest cause first, and what they mean.
_CAUSES = (
    (
        ("No module named pip",),
        "The Python of QGIS has no pip. On Debian and Ubuntu: 'sudo apt install python3-pip'; on "
        "Windows select python3-pip in the OSGeo4W Setup; then try again.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError"),
        "The package index was reached, but its certificate is not trusted: a proxy that reads "
        "the traffic needs its certificate in the environment variable PIP_CERT.",
    ),
    (
        ("ProxyError", "407 Proxy"),
        "The proxy refused the connection: set HTTPS_PROXY in the environment of QGIS (Settings > "
        "Options > System), restart QGIS and try again.",
    ),
    (
        (
            "NewConnectionError",
            "ConnectTimeout",
            "ReadTimeout",
            "Read timed out",
            "Connection refused",
            "Connection reset",
            "connection broken",
            "name resolution",
            "getaddrinfo failed",
            "Network is unreachable",
            "Could not fetch URL",
        ),
        "The package index cannot be reached: this computer seems to be offline or behind a proxy "
        "(then set HTTPS_PROXY in the environment of QGIS). Where there is no connection, copy "
        "the wheel of onnxruntime to a folder, set PIP_NO_INDEX=1 and PIP_FIND_LINKS to it.",
    ),
    (
        ("No space left", "not enough space"),
        "The disk of the user profile is full: ONNX Runtime needs about 200 MB while installing.",
    ),
    (
        ("No matching distribution",),
        "There is no ONNX Runtime for this Python and processor at the package index. With conda "
        "there may be one: 'conda install -c conda-forge onnxruntime'.",
    ),
    (
        ("DLL load failed",),
        "ONNX Runtime was fetched but does not load: install the current Microsoft Visual C++ "
        "Redistributable, restart Windows and try again.",
    ),
    (
        ("ImportError", "ModuleNotFoundError"),
        "ONNX Runtime was fetched but the Python of QGIS cannot load it; its own words are above.",
    ),
    (("Permission denied", "Access is denied"), "A folder of the user profile is not writable."),
)


def explain(output):
    """One sentence or two for the output of a pip that failed; says nothing was installed."""
    known = (text for marks, text in _CAUSES if any(mark in output for mark in marks))
    cause = next(known, None)
    if cause is None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        cause = lines[-1] if lines else "pip ended without a word."
    return f"Nothing was installed. {cause}"
