"""Builds docs/ as a site: `python docs/website.py FOLDER`. It loads nothing from elsewhere.

Sphinx gets a folder of its own: docs/ with pages made of the repository's other files, and each
link changed to where its target is on the site. A link that leads nowhere is an error.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, normpath, relpath

REPOSITORY = Path(__file__).parent.parent
# What a newcomer reads, in this order; the README comes before all.
NAVIGATION = {
    "First steps": ["Quick start <self>", "from-the-guide"],
    "Ways in": ["cloud-init", "package", "image", "credential", "apply"],
    "The host": ["role", "examples", "operations"],
    "How it works": ["architecture", "decisions/index", "benchmarks", "changelog"],
}
# The repository's files that are elsewhere on the site, or are pages of their folder.
_MOVED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "docs/decisions": "decisions/index.md",
    "examples": "examples.md",
    "schemas/problems.json": "problems.json",
    "schemas/verification.json": "verification.json",
}
_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#]+)")
_LOADED = re.compile(
    r"""\ssrc=["']?((?:https?:)?//[^"' >]+)|<link\b[^>]*\shref=["']?((?:https?:)?//[^"' >]+)"""
)
_FLOWCHART = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NODE = re.compile(r'(\w+)(?:\["(.*?)"\])?')
_ARROW = re.compile(rf'^\s*{_NODE.pattern}\s*-->(?:\|"?(.*?)"?\|)?\s*{_NODE.pattern}$')


def pages() -> dict[str, str]:
    """The text of each page by its path on the site."""
    sources = {
        place.relative_to(REPOSITORY).as_posix(): place.read_text(encoding="utf-8")
        for place in [
            REPOSITORY / "README.md",
            REPOSITORY / "CHANGELOG.md",
            *sorted((REPOSITORY / "docs").rglob("*.md")),
        ]
    }
    made = {_target(source): _page(source, text) for source, text in sources.items()}
    made["index.md"] += _navigation()
    made["decisions/index.md"] = _decisions(sources)
    made["examples.md"] = _examples()
    return made


def build(target: Path) -> int:
    """Not 0 for any warning of Sphinx's, and where a page would load something from elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "pages")
        for path, text in pages().items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        for file in ("problems.json", "verification.json"):
            shutil.copy(REPOSITORY / "schemas" / file, root)
        shutil.copy(REPOSITORY / "docs/benchmarks.svg", root)
        argv = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
        places = ["--conf-dir", REPOSITORY / "docs", "--doctree-dir", f"{folder}/trees"]
        status = subprocess.run([*argv, *places, root, target], check=False).returncode
    for page in target.rglob("*.html"):
        for address in loaded_from_elsewhere(page.read_text(encoding="utf-8")):
            print(f"{page}: loads {address}", file=sys.stderr)  # noqa: T201
            status = 1
    return status


def loaded_from_elsewhere(html: str) -> list[str]:
    """Addresses of scripts, styles, fonts and pictures; a link that a reader may follow is none."""
    return [found[1] or found[2] for found in _LOADED.finditer(html)]


def _target(path: str) -> str:
    """Where a path of the repository is on the site; one that is not there leads nowhere."""
    return _MOVED.get(path, path.removeprefix("docs/"))


def _page(source: str, text: str) -> str:
    here = dirname(_target(source))

    def link(found: re.Match[str]) -> str:
        path = normpath(f"{dirname(source)}/{found[1]}".lstrip("/"))
        if path.startswith("examples/"):
            return relpath("examples.md", here or ".") + f"#{path.split('/')[1]}"
        return relpath(_target(path), here or ".")

    return _FLOWCHART.sub(lambda chart: _arrows(chart[1]), _LINK.sub(link, text))


def _arrows(chart: str) -> str:
    """A flowchart's arrows as a table: no browser draws one without a script of 3 MB."""
    names: dict[str, str] = {}
    for node in _NODE.finditer(chart):
        if node[2]:
            names[node[1]] = node[2]
    found = [arrow for arrow in map(_ARROW.match, chart.splitlines()) if arrow]
    has_words = any(arrow[3] for arrow in found)
    lines = ["| from | by | to |", "|---|---|---|"] if has_words else ["| | uses |", "|---|---|"]
    for arrow in found:
        cells = [names.get(arrow[1], arrow[1]), arrow[3] or "", names.get(arrow[4], arrow[4])]
        lines.append(f"| {' | '.join(cells if has_words else cells[::2])} |")
    return "\n".join(lines)


def _navigation() -> str:
    lines = []
    for title, names in NAVIGATION.items():
        lines += ["", "```{toctree}", ":hidden:", f":caption: {title}", "", *names, "```"]
    return "\n".join([*lines, ""])


def _decisions(sources: dict[str, str]) -> str:
    names = [path for path in sorted(sources) if path.startswith("docs/decisions/")]
    lines = [
        "# Decisions",
        "",
        "Why lvsboot is as it is. Each page has one choice and its reasons.",
    ]
    toc = ["", "```{toctree}", ":maxdepth: 1", "", *(Path(name).stem for name in names), "```", ""]
    return "\n".join([*lines, *toc])


def _examples() -> str:
    return "\n".join(_example_lines())


def _example_lines() -> Iterator[str]:
    yield "# Examples\n\nRoles to start from. The tests validate and render each of them."
    for folder in sorted((REPOSITORY / "examples").iterdir()):
        yield f"\n## {folder.name}"
        for role in sorted(folder.glob("*.yaml")):
            # Without the first line, which is for editors.
            text = role.read_text(encoding="utf-8").partition("\n")[2]
            yield f"\n`examples/{folder.name}/{role.name}`\n\n```yaml\n{text}```"


if __name__ == "__main__":
    raise SystemExit(build(Path(sys.argv[1])))
