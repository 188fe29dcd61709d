"""The help panel, built from what an algorithm says of itself and its parameters."""

from html import escape


def help_html(algorithm):
    """HTML for QGIS's help panel: what it does, parameters, citation."""
    parts = [
        f"<p>{escape(algorithm.tr(text))}</p>" for text in (algorithm.SUMMARY, *algorithm.HELP)
    ]
    rows = []
    for definition in algorithm.parameterDefinitions():
        if definition.help():
            label = escape(definition.description())
            rows.append(f"<b>{label}</b><br>{escape(definition.help())}")
    if rows:
        parts.append(f"<h3>{algorithm.tr('Parameters')}</h3>")
        parts.extend(f"<p>{row}</p>" for row in rows)
    if algorithm.CITATION:
        parts.append(f"<h3>{algorithm.tr('Source')}</h3><p>{escape(algorithm.CITATION)}</p>")
    return "\n".join(parts)
