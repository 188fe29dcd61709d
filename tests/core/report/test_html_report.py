"""The report page: plain, escaped, balanced, written whole or not at all."""

import base64
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from grace_water_toolbox.core.errors import ParameterError, WriteError
from grace_water_toolbox.core.report.html import FACT_WIDTH, Report, format_cell
from hypothesis import given
from hypothesis import strategies as st

VOID = {"meta", "img", "br", "hr"}


class Page(HTMLParser):
    """Collects tags and texts; an end tag must close the tag that is open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def within(self, tag):
        return [text for where, text in self.texts if where == tag]


def small_png(width=3, height=2):
    def chunk(kind, data):
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    rows = b"".join(b"\0" + b"\x10" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def full_report(text="plain"):
    report = Report(text, text, version=text)
    report.heading(text)
    report.heading(text, level=3)
    report.paragraph(text)
    report.note(text, label=text)
    report.warning(text)
    report.table([[text, 1.5], [text, None]], [text, "number"], caption=text)
    report.facts([(text, text)], caption=text)
    report.figure(small_png(), text, text)
    return report


def test_page_holds_what_was_put_in_in_order():
    page = Page(full_report("word").html())
    assert page.open == []
    blocks = [tag for tag in page.tags if tag in ("h1", "h2", "h3", "table", "img", "hr")]
    assert blocks == ["h1", "h2", "h3", "table", "table", "img", "hr"]
    assert page.within("title") == ["word"]
    assert page.within("p")[-1] == "GRACE Water Toolbox word"


def test_names_of_facts_keep_their_width_beside_a_long_value():
    report = Report("title")
    report.facts([("Months missing everywhere", "2002-06, " * 40)])
    assert f'<th align="left" width="{FACT_WIDTH}">Months missing' in report.html()


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"])))
def test_any_text_stays_text(text):
    page = Page(full_report(text).html())
    assert page.open == []
    assert page.tags == Page(full_report("plain").html()).tags or not text
    assert "".join(page.within("h2")) == text
    picture = next(attributes for tag, attributes in page.attributes if tag == "img")
    assert picture["alt"] == text


def test_markup_in_every_text_is_escaped():
    evil = "</td><script>alert('1')</script><img src=x onerror=\"y\"> & <b>"
    text = full_report(evil).html()
    assert "<script" not in text.lower()
    page = Page(text)
    assert "script" not in page.tags
    assert page.tags.count("img") == 1
    assert not any(name.startswith("on") for _, pairs in page.attributes for name in pairs)


def test_page_reaches_for_nothing_outside():
    text = full_report().html()
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(sources) == 1
    assert sources[0].startswith("data:image/png;base64,")
    assert "@import" not in text and "url(" not in text and "<svg" not in text


def test_picture_comes_back_bit_for_bit_with_its_size():
    report = Report("t")
    report.figure(small_png(7, 5), "caption", "alt")
    (picture,) = [pairs for tag, pairs in Page(report.html()).attributes if tag == "img"]
    assert base64.b64decode(picture["src"].split(",")[1]) == small_png(7, 5)
    assert (picture["width"], picture["height"]) == ("7", "5")


def test_figure_refuses_other_bytes():
    for other in (b"", b"\x89PNG\r\n\x1a\n", b"<svg/>" * 20):
        with pytest.raises(ParameterError):
            Report("t").figure(other, "", "")


def test_line_breaks_of_a_paragraph_are_kept():
    report = Report("t")
    report.paragraph("one\ntwo")
    assert "<p>one<br>two</p>" in report.html()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (np.float32("nan"), "–"),
        (1.23456, "1.235"),
        (np.float32(0.5), "0.5"),
        (-2.5, "−2.5"),
        (-3, "−3"),
        (np.int64(284), "284"),
        (155067.931, "155068"),
        (2.5e-12, "2.5e-12"),
        (float("inf"), "inf"),
        (True, "True"),
        ("2004-01", "2004-01"),
    ],
)
def test_cells(value, shown):
    assert format_cell(value) == shown


def test_number_columns_are_flush_right():
    report = Report("t")
    report.table([["a", 1.0, "x"], ["b", None, 2]], ["name", "value", "mixed"])
    cells = [pairs["align"] for tag, pairs in Page(report.html()).attributes if tag in ("th", "td")]
    assert cells == ["left", "right", "left"] * 3


def test_numeric_columns_can_be_named():
    report = Report("t")
    report.table([["1.50", 2]], ["a", "b"], numeric=[0])
    cells = [pairs["align"] for tag, pairs in Page(report.html()).attributes if tag == "td"]
    assert cells == ["right", "left"]


def test_table_refuses_ragged_rows_and_absent_columns():
    with pytest.raises(ParameterError, match="row 2"):
        Report("t").table([[1, 2], [1]], ["a", "b"])
    with pytest.raises(ParameterError):
        Report("t").table([[1, 2]], ["a", "b"], numeric=[2])


def test_empty_table_keeps_its_header():
    report = Report("t")
    report.table([], ["a", "b"])
    assert Page(report.html()).within("th") == ["a", "b"]


def test_heading_levels():
    for level in (1, 5):
        with pytest.raises(ParameterError):
            Report("t").heading("x", level=level)


def test_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    report = full_report("Niederschlag σ ² 水")
    assert report.write(str(target)) == target
    assert target.read_text(encoding="utf-8") == report.html()
    assert list(tmp_path.iterdir()) == [target]


def test_write_copes_with_a_name_that_is_not_unicode(tmp_path):
    report = Report("t")
    report.paragraph("file \udcff.nc")
    report.write(tmp_path / "r.html")
    assert "file &#56575;.nc" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_write_below_a_file_fails_and_leaves_nothing(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_bytes(b"kept")
    with pytest.raises(WriteError, match=r"report\.html"):
        full_report().write(blocker / "report.html")
    assert blocker.read_bytes() == b"kept"
    assert list(tmp_path.iterdir()) == [blocker]


def test_write_onto_a_folder_fails_after_writing_and_leaves_nothing(tmp_path):
    folder = tmp_path / "report.html"
    folder.mkdir()
    (folder / "inside").write_bytes(b"kept")
    with pytest.raises(WriteError):
        full_report().write(folder)
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "inside").read_bytes() == b"kept"


def test_write_into_an_absent_folder_fails(tmp_path):
    with pytest.raises(WriteError):
        full_report().write(tmp_path / "absent" / "report.html")
    assert list(tmp_path.iterdir()) == []
