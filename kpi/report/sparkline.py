"""A small line of the history of one figure, as inline SVG that print and screen readers can leave alone."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT, MARGIN = 132, 36, 4


def sparkline(points: Sequence[tuple[float | None, bool]], *, target: float | None = None) -> Markup:
    """Draw values in time; a missing one is a gap, never zero.

    Args:
        points: value and whether its period is partial, oldest first.
        target: level of a dashed line.

    Returns:
        SVG; empty where fewer than two values are known.
    """
    known = [value for value, _ in points if value is not None]
    if len(known) < 2:
        return Markup("")
    levels = [*known, *([] if target is None else [target])]
    low, high = min(levels), max(levels)
    span = (high - low) or 1.0

    def x(place: int) -> float:
        return MARGIN + place * (WIDTH - 2 * MARGIN) / max(1, len(points) - 1)

    def y(value: float) -> float:
        return HEIGHT - MARGIN - (value - low) / span * (HEIGHT - 2 * MARGIN)

    path, pen = [], "M"
    for place, (value, _) in enumerate(points):
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{x(place):.1f} {y(value):.1f}")
        pen = "L"
    last = max(place for place, (value, _) in enumerate(points) if value is not None)
    kind = "partial" if points[last][1] else "whole"
    level = "" if target is None else f'<path class="target" d="M{MARGIN} {y(target):.1f}H{WIDTH - MARGIN}"/>'
    return Markup(
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'{level}<path class="line" d="{"".join(path)}"/>'
        f'<circle class="{kind}" cx="{x(last):.1f}" cy="{y(points[last][0] or 0.0):.1f}" r="3"/></svg>'
    )
