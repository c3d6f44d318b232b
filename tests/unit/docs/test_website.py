"""The site's pages: each is in the navigation, and links lead to where their targets are there."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from tests.golden import REPOSITORY


@pytest.fixture(scope="module")
def website() -> ModuleType:
    spec = importlib.util.spec_from_file_location("website", REPOSITORY / "docs/website.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation(website: ModuleType) -> None:
    pages = website.pages()
    named = {f"{name}.md" for names in website.NAVIGATION.values() for name in names}
    named = {name for name in named if "<self>" not in name} | {"index.md"}
    assert named == {path for path in pages if not re.match(r"decisions/\d", path)}


def test_links_are_those_of_the_site(website: ModuleType) -> None:
    pages = website.pages()
    assert "](role.md)" in pages["index.md"]
    assert "](examples.md#dr)" in pages["operations.md"]
    assert "](decisions/index.md)" in pages["index.md"]
    assert "](0017-the-arp-guard.md)" in pages["decisions/0001-how-lvs-service-holds-vips.md"]


def test_a_flowchart_is_a_table(website: ModuleType) -> None:
    page = website.pages()["architecture.md"]
    assert "mermaid" not in page
    assert "| role.yaml | role/document.py: YAML 1.2 to plain values | Document |" in page


@pytest.mark.parametrize(
    ("html", "loaded"),
    [
        ('<script src="https://cdn.example.net/a.js"></script>', ["https://cdn.example.net/a.js"]),
        ('<link rel="stylesheet" href="//fonts.example.net/">', ["//fonts.example.net/"]),
        ('<img src="_images/a.svg"><a href="https://example.net">b</a>', []),
    ],
)
def test_what_would_be_loaded_from_elsewhere_is_seen(
    website: ModuleType, html: str, loaded: list[str]
) -> None:
    assert website.loaded_from_elsewhere(html) == loaded
