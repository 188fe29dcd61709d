"""One HTML page that any viewer shows: no script, no outside file, plain tables.

QGIS shows reports in a rich-text widget on some versions. That widget knows
the tags and attributes of HTML 4 and little CSS, and draws pictures only from
``<img>``; so layout rests on tags, and the style sheet only refines it.
"""

import base64
import math
import numbers
import struct
from html import escape
from pathlib import Path

from ..data.atomic import atomic_path
from ..errors import ParameterError, WriteError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

FACT_WIDTH = 190  # pixels of the names in a table of facts

STYLE = """
body { font-family: "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; font-size: 10.5pt;
  color: #22303c; background-color: #ffffff; margin: 20px; max-width: 940px; }
h1 { font-size: 18pt; color: #0b3c5d; margin-bottom: 2px; }
h2 { font-size: 14pt; color: #0b3c5d; margin-top: 24px; margin-bottom: 6px; }
h3, h4 { font-size: 11.5pt; color: #22303c; margin-top: 16px; margin-bottom: 4px; }
p { margin-top: 4px; margin-bottom: 8px; }
table { border-collapse: collapse; margin-top: 4px; margin-bottom: 12px; }
th, td { border: 1px solid #cfd8df; padding: 4px 9px; vertical-align: top; }
th { background-color: #e8eff5; }
img { max-width: 100%; height: auto; }
.subtitle { font-size: 11.5pt; color: #5b6b79; }
.caption { font-size: 9.5pt; color: #5b6b79; margin-bottom: 14px; }
.tabletitle { font-weight: bold; margin-top: 12px; margin-bottom: 2px; }
.note { background-color: #e8f1f8; border-left: 4px solid #0072b2; padding: 7px 11px; }
.warning { background-color: #fdf0dc; border-left: 4px solid #d55e00; padding: 7px 11px; }
.footer { font-size: 9pt; color: #5b6b79; }
"""


def format_cell(value):
    """Return one table value as text: None and NaN as a dash, floats to four digits."""
    if value is None:
        return "–"
    if not _is_number(value):
        return str(value)
    if isinstance(value, numbers.Integral):
        text = str(value)
    elif math.isnan(value):
        return "–"
    else:
        text = f"{value:.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}") if "e" not in text else text


class Report:
    """A report built from the top down; every text is escaped."""

    def __init__(self, title, subtitle="", version=""):
        """Start a page; ``version`` of the toolbox is printed in the footer."""
        self.title = str(title)
        self.subtitle = str(subtitle)
        self.version = str(version)
        self._parts = []

    def heading(self, text, level=2):
        """Add a heading of level 2, 3 or 4 (1 is the title)."""
        if level not in (2, 3, 4):
            raise ParameterError("a heading has level 2, 3 or 4", found=level)
        self._parts.append(f"<h{level}>{_text(text)}</h{level}>")

    def paragraph(self, text):
        """Add a paragraph; line breaks in the text are kept."""
        self._parts.append(f"<p>{_text(text)}</p>")

    def note(self, text, label="Note"):
        """Add a remark that stands out, after its label in bold."""
        self._parts.append(f'<p class="note"><b>{_text(label)}:</b> {_text(text)}</p>')

    def warning(self, text, label="Warning"):
        """Add a warning that stands out, after its label in bold."""
        self._parts.append(f'<p class="warning"><b>{_text(label)}:</b> {_text(text)}</p>')

    def say_synthetic(self, history):
        """Warn where a line of ``history`` says that the data are synthetic."""
        if any("synthetic" in line.lower() for line in history):
            self.warning("The data are synthetic: generated, not observed.")

    def table(self, rows, header, caption="", numeric=None):
        """Add a table.

        ``rows``: sequences as long as ``header``; None and NaN print as a dash,
        floats with four digits (give text to choose the format). ``numeric``:
        indexes of the columns to set flush right; by default those that hold
        nothing but numbers. Raises ``ParameterError`` for a row of another
        length or a column that does not exist.
        """
        header = list(header)
        rows = [list(row) for row in rows]
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise ParameterError(
                    f"each row of the table has {len(header)} columns",
                    found=f"{len(row)} in row {number}",
                )
        if numeric is None:
            numeric = [index for index, column in enumerate(zip(*rows)) if _all_numbers(column)]
        right = set(numeric)
        if not right <= set(range(len(header))):
            raise ParameterError(
                f"numeric columns are indexes from 0 to {len(header) - 1}", found=sorted(right)
            )
        lines = [
            "<tr>" + "".join(_cell("th", n, i in right) for i, n in enumerate(header)) + "</tr>"
        ]
        lines += [
            "<tr>" + "".join(_cell("td", v, i in right) for i, v in enumerate(row)) + "</tr>"
            for row in rows
        ]
        self._table(lines, caption)

    def facts(self, pairs, caption=""):
        """Add a table of ``(name, value)`` pairs, the names as row headings."""
        self._table(
            [
                # A column of its own width: long values would squeeze the names to a word a line.
                f"<tr>{_cell('th', name, width=FACT_WIDTH)}{_cell('td', value)}</tr>"
                for name, value in pairs
            ],
            caption,
        )

    def figure(self, png_bytes, caption, alt):
        """Add a PNG picture with its caption; ``alt`` says in words what it shows.

        Raises ``ParameterError`` when the bytes are not a PNG.
        """
        png_bytes = bytes(png_bytes)
        if png_bytes[:8] != PNG_SIGNATURE or len(png_bytes) < 33:
            raise ParameterError("a figure is given as PNG bytes", found=repr(png_bytes[:8]))
        width, height = struct.unpack(">II", png_bytes[16:24])
        code = base64.b64encode(png_bytes).decode("ascii")
        self._parts.append(
            f'<p><img src="data:image/png;base64,{code}" width="{width}" height="{height}"'
            f' alt="{escape(str(alt))}"></p>'
        )
        if caption:
            self._parts.append(f'<p class="caption">{_text(caption)}</p>')

    def html(self):
        """Return the whole page."""
        subtitle = f'<p class="subtitle">{_text(self.subtitle)}</p>' if self.subtitle else ""
        footer = f"GRACE Water Toolbox {self.version}".strip()
        head = [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{_text(self.title)}</h1>",
        ]
        tail = ["<hr>", f'<p class="footer">{_text(footer)}</p>', "</body>", "</html>", ""]
        return "\n".join(head + [subtitle] * bool(subtitle) + self._parts + tail)

    def write(self, path):
        """Write the page to ``path`` (its folder exists), whole or not at all; return the path.

        Raises ``WriteError``; a file that was there before is then unchanged.
        """
        path = Path(path)
        # A name from a damaged file system may hold what UTF-8 cannot express.
        content = self.html().encode("utf-8", errors="xmlcharrefreplace")
        with atomic_path(path) as partial:
            try:
                partial.write_bytes(content)
            except OSError as error:
                raise WriteError(
                    "room to write the report is expected", error.strerror or error, str(path)
                ) from error
        return path

    def _table(self, lines, caption):
        if caption:
            self._parts.append(f'<p class="tabletitle">{_text(caption)}</p>')
        self._parts.append('<table border="1" cellspacing="0" cellpadding="4">')
        self._parts.extend(lines)
        self._parts.append("</table>")


def _text(value):
    return escape(str(value)).replace("\n", "<br>")


def _cell(tag, value, right=False, width=0):
    align = "right" if right else "left"
    wide = f' width="{width}"' if width else ""
    return f'<{tag} align="{align}"{wide}>{_text(format_cell(value))}</{tag}>'


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _all_numbers(column):
    given = [value for value in column if value is not None]
    return bool(given) and all(_is_number(value) for value in given)
