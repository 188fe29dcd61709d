"""The pages in docs/algorithms are those that ``make docs`` makes."""

import re
from pathlib import Path

import pytest

from docs import FOLDER, INDEX, default_of, pages, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def made(provider):
    return pages(provider)


def test_pages_are_up_to_date(made):
    committed = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.md")}
    assert sorted(committed) == sorted(made), "run make docs"
    stale = [name for name, text in made.items() if committed[name] != text]
    assert not stale, "run make docs"


def test_same_pages_every_time(made, provider):
    assert pages(provider) == made


def test_every_algorithm_and_chain_has_a_page_in_the_index(made, provider):
    for algorithm in provider.algorithms():
        assert made[INDEX].count(f"]({algorithm.name()}.md)") == 1
    assert len(made) == len(provider.algorithms()) + 1


def test_page_says_all_there_is(made, provider):
    for algorithm in provider.algorithms():
        text = made[f"{algorithm.name()}.md"]
        assert text.count(f"\n# {algorithm.displayName()}\n") == 1
        call = text.split("```sh")[1]
        assert f"qgis_process run {algorithm.id()} " in call
        for definition in algorithm.parameterDefinitions():
            assert f"| `{definition.name()}` |" in text
            needed = default_of(definition) == "needed" and not definition.isDestination()
            assert not needed or f"--{definition.name()}=" in call
        for output in algorithm.outputDefinitions():
            assert f"| `{output.name()}` |" in text


def test_example_names_no_file_twice(made):
    for name, text in made.items():
        if name != INDEX:
            values = re.findall(r"--\S+=(\S+\.\w+)", text.split("```sh")[1])
            assert len(values) == len(set(values)), name


def test_tables_are_whole(made):
    for name, text in made.items():
        width = 0
        for line in text.splitlines():
            columns = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (columns and width and columns != width), (name, line)
            width = columns


def test_links_lead_somewhere(made):
    for name, text in made.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            assert target in made or (FOLDER / target).resolve().is_file(), (name, target)


def test_readme_and_the_index_of_docs_lead_there():
    for page, link in ((ROOT / "README.md", "docs/algorithms/"), (FOLDER.parent / INDEX, "")):
        assert f"({link or 'algorithms/'}{INDEX})" in page.read_text(encoding="utf-8")


def test_write_drops_pages_of_algorithms_that_are_no_more(tmp_path):
    (tmp_path / "gone.md").write_text("old")
    write({"kept.md": "new\n"}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.md"]
