"""The page of retain_graph's cousins shows what gradviz prints and draws of the samples today."""

import re
from pathlib import Path
from xml.etree import ElementTree

from docs.generate.cousins import cousins

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_is_printed_today():
    assert (ROOT / "docs/cousins.md").read_text() == cousins()["docs/cousins.md"], "run python -m docs.generate"


def test_the_pictures_are_todays():
    """Their words: places and paths may differ a little between versions of Graphviz."""
    drawn = {name: text for name, text in cousins().items() if name.endswith(".svg")}
    assert len(drawn) == 10
    for name, text in drawn.items():
        assert words((ROOT / name).read_text()) == words(text), f"{name}: run python -m docs.generate"


def test_every_picture_is_on_the_page():
    page = cousins()["docs/cousins.md"]
    pictures = {name.removeprefix("docs/") for name in cousins() if name.endswith(".svg")}
    assert set(re.findall(r"!\[.*\]\((.*)\)", page)) == pictures


def words(svg):
    return [each.text for each in ElementTree.fromstring(svg.encode()).iter("{http://www.w3.org/2000/svg}text")]
