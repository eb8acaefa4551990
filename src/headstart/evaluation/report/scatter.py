"""A map of texts as inline SVG: a dot a text, coloured by its group, the group's number in its middle."""

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.evaluation.report.charts import _axes, _render, _stand_in

if TYPE_CHECKING:
    from headstart.types import Floats, Ints

__all__ = ["COLOURS", "scatter_map"]

# Of middle lightness, so that they show on white and on near-black; after the last the first comes again
COLOURS = (
    "#3b7dd8", "#d9822b", "#2f9e5b", "#c6414c", "#8a63d2", "#8c6d4f", "#d45fa6", "#7a828e", "#9aa51f", "#1fa3b3",
)  # fmt: skip
_SIDE = 360  # SVG units
_NUMBERED = 40  # more numbers than this would cover the map


def scatter_map(places: "Floats", groups: "Ints", alt: str) -> str:
    """Dots at places (m, 2), groups (m,) numbers from 0 on; alt: the map in words."""
    shown, size = np.unique(groups), float(np.clip(_SIDE / 4 / np.sqrt(max(len(groups), 1)), 2.2, 6.0))

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.01, 0.01, 0.98, 0.98))
        for group in shown:
            x, y = places[groups == group].T
            axes.plot(
                x, y, "o", color=COLOURS[int(group) % len(COLOURS)], markersize=size, markeredgewidth=0, alpha=0.7
            )
        axes.set_xticks([])
        axes.set_yticks([])
        for index, group in enumerate(shown[:_NUMBERED]):
            x, y = np.median(places[groups == group], axis=0)
            axes.text(x, y, _stand_in(index), ha="center", va="center", size=12, weight="bold")

    return _render("map", draw, _SIDE, [str(group) for group in shown[:_NUMBERED]], alt)
