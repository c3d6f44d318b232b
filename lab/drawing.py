"""Draws a cluster and each real server's share of the answers, as text. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 18  # of a box's inside
GAP = "  "


@dataclass(frozen=True, slots=True)
class Answered:
    """A real server, its weight, and how many requests it answered."""

    name: str
    address: str
    weight: int
    requests: int


def draw_dr(director: Sequence[str], servers: Sequence[Answered], request: str) -> str:
    """All on one segment: the director forwards frames, the real servers answer the client."""
    total = sum(server.requests for server in servers)
    boxes = [_box(director), *(_box(_server_lines(server, total)) for server in servers)]
    return "\n".join(
        [*_client(request, len(boxes)), *_rail(len(boxes), above="┴"), *_beside(boxes)]
    )


def draw_nat(director: Sequence[str], servers: Sequence[Answered], request: str) -> str:
    """The director between two segments: requests and answers both pass it."""
    total = sum(server.requests for server in servers)
    boxes = [_box(_server_lines(server, total)) for server in servers]
    middle = _center(len(boxes))
    indent = " " * (middle - WIDTH // 2 - 1)
    *upper, bottom = _box(director)
    bottom = bottom[: WIDTH // 2 + 1] + "┬" + bottom[WIDTH // 2 + 2 :]
    return "\n".join(
        [
            *_client(request, len(boxes)),
            *(indent + line for line in (*upper, bottom)),
            *_rail(len(boxes), above="┴"),
            *_beside(boxes),
        ]
    )


def _server_lines(server: Answered, total: int) -> list[str]:
    share = server.requests / total if total else 0.0
    bar = "█" * round(share * WIDTH)
    return [
        server.name,
        server.address,
        f"weight {server.weight}",
        f"{server.requests} = {share:.1%}",
        bar.ljust(WIDTH, "░"),
    ]


def _client(request: str, boxes: int) -> list[str]:
    middle = _center(boxes)
    return ["client".center(2 * middle + 1).rstrip(), " " * middle + f"│  {request}"]


def _rail(boxes: int, *, above: str) -> list[str]:
    """The segment: a line with a tap down to each box and one up in the middle."""
    step = WIDTH + 2 + len(GAP)
    taps = {WIDTH // 2 + 1 + step * number for number in range(boxes)}
    line = ["─"] * (step * boxes - len(GAP))
    for tap in taps:
        line[tap] = "┬"
    middle = _center(boxes)
    line[middle] = "┼" if middle in taps else above
    down = "".join("│" if column in taps else " " for column in range(len(line)))
    return ["".join(line), down.rstrip()]


def _beside(boxes: Sequence[Sequence[str]]) -> list[str]:
    height = max(len(box) for box in boxes)
    padded = [[*box, *[" " * (WIDTH + 2)] * (height - len(box))] for box in boxes]
    return [GAP.join(row).rstrip() for row in zip(*padded, strict=True)]


def _box(lines: Sequence[str]) -> list[str]:
    """A box that hangs on a line above its middle."""
    half = WIDTH // 2
    return [
        f"┌{'─' * half}┴{'─' * (WIDTH - half - 1)}┐",
        *(f"│{line.center(WIDTH)}│" for line in lines),
        f"└{'─' * WIDTH}┘",
    ]


def _center(boxes: int) -> int:
    """The column in the middle of so many boxes side by side."""
    return ((WIDTH + 2 + len(GAP)) * boxes - len(GAP)) // 2
