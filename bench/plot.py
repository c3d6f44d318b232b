"""Draws the table that `python3 -m bench` prints: `python -m bench.plot FILE.svg < RESULTS`.

Both axes are logarithmic, so that a straight line is linear growth.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN, LEGEND = 860, 480, 56, 240
COLORS = ("#c0392b", "#1f618d", "#7f8c8d", "#8e44ad", "#d68910", "#148f77", "#239b56", "#b2babb")


class Curve(NamedTuple):
    """Seconds by the number of rules."""

    name: str
    points: tuple[tuple[int, float], ...]


def read_curves(text: str) -> list[Curve]:
    rows = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    names, *values = rows
    return [
        Curve(
            name, tuple((int(row[0]), float(row[column])) for row in values if row[column] != "-")
        )
        for column, name in enumerate(names[1:], start=1)
        if any(row[column] != "-" for row in values)
    ]


class Scale:
    """A value's position on a logarithmic axis."""

    def __init__(self, values: list[float], begin: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self._begin, self._step = begin, (end - begin) / (self.high - self.low)

    def place(self, value: float) -> float:
        return self._begin + (math.log10(value) - self.low) * self._step

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def draw(curves: list[Curve]) -> str:
    points = [point for curve in curves for point in curve.points]
    across = Scale([size for size, _ in points], MARGIN, WIDTH - LEGEND)
    up = Scale([seconds for _, seconds in points], HEIGHT - MARGIN, 16)
    parts = [*_grid(across, up)]
    for index, curve in enumerate(curves):
        parts += _curve(curve, COLORS[index % len(COLORS)], across, up, 30 + 20 * index)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


def _grid(across: Scale, up: Scale) -> list[str]:
    right, bottom = WIDTH - LEGEND, HEIGHT - MARGIN
    parts = []
    for tick in across.ticks():
        x = across.place(tick)
        parts.append(f'<path d="M{x:.1f} 16V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:,.0f}</text>')
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g} s</text>')
    middle = (MARGIN + right) / 2
    parts.append(f'<text x="{middle}" y="{bottom + 42}" text-anchor="middle">rules</text>')
    return parts


def _curve(curve: Curve, color: str, across: Scale, up: Scale, label: int) -> list[str]:
    places = [(across.place(size), up.place(seconds)) for size, seconds in curve.points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places)
    x = WIDTH - LEGEND + 16
    return [
        f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>',
        f'<g fill="{color}">{dots}<circle cx="{x}" cy="{label - 4}" r="4"/></g>',
        f'<text x="{x + 10}" y="{label}">{curve.name}</text>',
    ]


def main(target: str) -> None:
    Path(target).write_text(draw(read_curves(sys.stdin.read())), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
