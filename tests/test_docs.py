"""The documentation: nothing it points to is missing, nothing the toolbox has is left out."""

import re
from pathlib import Path

import pytest
from grace_water_toolbox.algorithms.registry import ALGORITHMS
from grace_water_toolbox.core.data.sample import TRUTH_FIELDS, truth_rows
from grace_water_toolbox.core.data.twin import make_twin
from screenshots import PICTURES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / n for n in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    DOCS.glob("*.md")
)
LINK = re.compile(r"\[[^\]]*\]\(\s*([^)\s]+)\s*\)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|home|root|tmp|mnt|Users)/|\b[A-Za-z]:\\")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def text_of(page):
    return page.read_text(encoding="utf-8")


def links(page):
    """Targets of links and images outside code, without those that lead to the network."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.DOTALL)
    return [t for t in LINK.findall(text) if not re.match(r"[a-z]+:", t)]


def anchors(page):
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+\s+(.*)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@each_page
def test_links_and_pictures_lead_somewhere(page):
    broken = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        inside = file.exists() and ROOT in (file, *file.parents)
        if not inside or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@each_page
def test_no_machine_paths(page):
    assert not MACHINE_PATH.findall(text_of(page))


def test_readme_shows_the_program():
    pictures = {Path(t).name for t in links(ROOT / "README.md") if t.endswith(".png")}
    assert pictures == {f"{name}.png" for name in PICTURES}
    every = sum(path.stat().st_size for path in (DOCS / "images").glob("*.png"))
    assert every < 1_500_000


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda a: a.ID)
def test_algorithm_is_in_the_readme_and_has_a_page(algorithm):
    page = DOCS / f"{algorithm.PAGE}.md"
    assert algorithm.PAGE
    assert page.is_file()
    row = [
        line for line in text_of(ROOT / "README.md").splitlines() if f"| `{algorithm.ID}` |" in line
    ]
    assert len(row) == 1
    assert algorithm.NAME in row[0]
    assert f"docs/{algorithm.PAGE}.md" in row[0]
    assert f"gracewater:{algorithm.ID}" in text_of(page)


def test_readme_lists_no_algorithm_that_is_not_there():
    chains = {p.stem for p in (ROOT / "plugin" / "chains").glob("*.model3")}
    table = text_of(ROOT / "README.md").split("## The algorithms")[1].split("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE))
    assert listed == {a.ID for a in ALGORITHMS} | chains


def test_index_leads_to_every_page():
    listed = set(links(DOCS / "README.md"))
    assert {p.name for p in DOCS.glob("*.md")} - {"README.md"} <= listed


def test_commands_are_in_the_makefile():
    rules = set(re.findall(r"^(\w+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))
    named = {c for p in PAGES for c in re.findall(r"(?:`|^|\s)make (\w+)(?:`|\s+#)", text_of(p))}
    assert {"demo", "test"} <= named <= rules


def test_table_of_true_trends_is_that_of_seed_0():
    """docs/sample-data.md prints numbers: they must be those the generator gives."""
    lines = text_of(DOCS / "sample-data.md").splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if "|" in line]
    start = next(i for i, c in enumerate(cells) if c[:2] == ["basin", "area, km²"])
    columns = [c.split(",")[0].replace("area", "area_km2") for c in cells[start][1:]]
    names = [name for name, _ in TRUTH_FIELDS]
    truth = {row[0]: dict(zip(names, row[1:])) for row in truth_rows(make_twin(0))}
    printed = {c[0]: dict(zip(columns, map(float, c[1:]))) for c in cells[start + 2 : start + 8]}
    assert set(printed) == set(truth)
    for basin, row in printed.items():
        for column, value in row.items():
            close = 0.5 if column == "area_km2" else 0.0051
            assert value == pytest.approx(truth[basin][column], abs=close), (basin, column)
