"""Charts as inline SVG: drawn by matplotlib, coloured by the page.

matplotlib draws in stand-in colours and writes stand-in words. They are replaced by CSS variables and by the
escaped words, so that a chart follows light and dark mode and the page's fonts, and shows any script.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from headstart.evaluation.report.formatting import finite, integer
from headstart.evaluation.report.markup import esc
from headstart.evaluation.results import Bin, Interval
from headstart.predictor import History

__all__ = ["IntervalRow", "confusion_picture", "interval_chart", "learning_curves", "reliability_chart"]

_MODEL, _BASELINE, _INK, _LINE = "#f10001", "#f10002", "#f10003", "#f10004"
_VARIABLES = {_MODEL: "--model", _BASELINE: "--baseline", _INK: "--dim", _LINE: "--line"}
_RIGHT, _WRONG = (74, 128, 214), (214, 138, 46)  # strong enough on white and on near-black

_SETTINGS = {
    "svg.fonttype": "none",  # words stay words: selectable, in the page's fonts
    "font.size": 11.0,
    "text.color": _INK,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 1.0,
}
_WIDTH, _POINT = 360, 1 / 72  # SVG units; a phone shows them almost one to one


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One line of the interval chart."""

    label: str
    model: Interval | None
    baseline: Interval | None = None


def interval_chart(rows: Sequence[IntervalRow], alt: str) -> str:
    """A line for each metric: the model's point and interval above the baseline's, on a common axis."""
    top, bottom, left, per_row = 6, 26, 114, 38
    height = top + bottom + per_row * len(rows)

    def draw(figure: Any) -> None:
        box = (left / _WIDTH, bottom / height, (_WIDTH - left - 10) / _WIDTH, per_row * len(rows) / height)
        axes = _axes(figure, box)
        axes.grid(axis="x")
        for place, row in enumerate(rows):
            _whisker(axes, row.model, place - 0.13, _MODEL)
            _whisker(axes, row.baseline, place + 0.17, _BASELINE)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), [_stand_in(i) for i in range(len(rows))])
        axes.margins(x=0.05)
        axes.locator_params(axis="x", nbins=5)

    return _render("interval", draw, height, [row.label for row in rows], alt)


def reliability_chart(bins: Sequence[Bin], words: tuple[str, str, str], alt: str) -> str:
    """Share right against probability, with the number of texts in each bin below.

    words: the names of the probability axis, of the share-right axis, and of the counts.
    """
    filled = [b for b in bins if b.n > 0 and finite(b.confidence) and finite(b.accuracy)]
    first = min((b.low for b in filled), default=0.0)
    height = 350

    def draw(figure: Any) -> None:
        left, width = 50 / _WIDTH, (_WIDTH - 50 - 12) / _WIDTH
        curve = _axes(figure, (left, 132 / height, width, 212 / height))
        counts = _axes(figure, (left, 42 / height, width, 62 / height))
        _draw_curve(curve, filled, first)
        _draw_counts(counts, filled, first)
        for index, (x, y, turn) in enumerate([(205, 4, 0), (12, 238, 90), (12, 73, 90)]):
            figure.text(
                x / _WIDTH,
                y / height,
                _stand_in(index),
                ha="center",
                va="bottom",
                rotation=turn,
                rotation_mode="anchor",
            )

    return _render("reliability", draw, height, list(words), alt)


def learning_curves(history: History, words: tuple[str, str, str, str], alt: str) -> str:
    """Panels over the steps: loss in training and on held-out rows, held-out accuracy, learning rate.

    words: the names of the loss, of the accuracy, of the learning rate, and of the axis of steps.
    """
    stretches, checks = history.stretches, history.checks
    trained = [(s.step, s.loss) for s in stretches if finite(s.loss)]
    losses = [(c.step, c.loss) for c in checks if finite(c.loss)]
    accuracies = [(c.step, c.accuracy) for c in checks if finite(c.accuracy)]
    rates = [(s.step, s.learning_rate) for s in stretches if s.learning_rate is not None]
    panels = [(0, 150, [(trained, _BASELINE, False), (losses, _MODEL, True)])]
    if accuracies:
        panels.append((1, 96, [(accuracies, _MODEL, True)]))
    if rates:
        panels.append((2, 54, [(rates, _BASELINE, False)]))
    above, below, left = 26, 38, 50  # a panel's title, the axis of steps, the figures beside
    height = below + sum(above + high for _, high, _ in panels)

    def draw(figure: Any) -> None:
        y = height
        for number, high, lines in panels:
            y -= above + high
            axes = _axes(figure, (left / _WIDTH, y / height, (_WIDTH - left - 12) / _WIDTH, high / height))
            axes.grid()
            for line, colour, has_dots in lines:
                _draw_line(axes, line, colour, has_dots=has_dots)
            axes.set_xlim(0, max(history.n_steps, 1))
            axes.locator_params(axis="y", nbins=max(2, high // 30))
            axes.locator_params(axis="x", nbins=5, integer=True)
            axes.yaxis.set_major_formatter("{x:g}")
            axes.tick_params(labelbottom=number == panels[-1][0])
            figure.text(0, (y + high + 7) / height, _stand_in(number), ha="left", va="bottom")
        figure.text((left + _WIDTH - 12) / 2 / _WIDTH, 4 / height, _stand_in(3), ha="center", va="bottom")

    return _render("curves", draw, height, list(words), alt)


def confusion_picture(confusion: Sequence[Sequence[int]], alt: str) -> str:
    """A (k, k) matrix as a small picture: one pixel a pair, opacity = cube root of the row share."""
    import numpy as np

    counts = np.asarray(confusion, dtype=float)  # (k, k)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    pixels = np.empty((*counts.shape, 4), dtype=np.uint8)  # (k, k, RGBA)
    pixels[..., :3] = _WRONG
    pixels[np.diag_indices(len(counts))] = (*_RIGHT, 0)
    pixels[..., 3] = np.round(255 * np.cbrt(shares))  # the root lifts rare confusions above the background

    def draw(figure: Any) -> None:
        axes = _axes(figure, (0.005, 0.005, 0.99, 0.99))
        axes.imshow(pixels, interpolation="none")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(visible=True, color=_LINE)

    return _render("confusion", draw, _WIDTH, [], alt)


def _axes(figure: Any, box: tuple[float, float, float, float]) -> Any:
    axes = figure.add_axes(box)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _whisker(axes: Any, interval: Interval | None, y: float, colour: str) -> None:
    if interval is None or not finite(interval.value):
        return
    if finite(interval.low) and finite(interval.high):
        axes.plot(
            [interval.low, interval.high],
            [y, y],
            color=colour,
            linewidth=2.5,
            solid_capstyle="round",
            alpha=0.55,
        )
    axes.plot([interval.value], [y], marker="o", markersize=7, color=colour, linestyle="none", clip_on=False)


def _draw_curve(axes: Any, bins: Sequence[Bin], first: float) -> None:
    axes.grid()
    axes.plot([first, 1], [first, 1], color=_INK, linewidth=1, dashes=(4, 4))
    x, y = [b.confidence for b in bins], [b.accuracy for b in bins]
    axes.plot(x, y, color=_MODEL, linewidth=2, marker="o", markersize=6, clip_on=False)
    axes.set(xlim=(first, 1), ylim=(0, 1))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.50", "0.75", "1"])
    axes.tick_params(labelbottom=False)


def _draw_line(axes: Any, points: Sequence[tuple[int, float]], colour: str, *, has_dots: bool) -> None:
    if points:
        x, y = zip(*points, strict=True)
        dots = {"marker": "o", "markersize": 5} if has_dots and len(points) <= 30 else {}
        axes.plot(x, y, color=colour, linewidth=2 if has_dots else 1.5, clip_on=False, **dots)


def _draw_counts(axes: Any, bins: Sequence[Bin], first: float) -> None:
    for b in bins:
        width = b.high - b.low
        axes.bar(b.low + width / 2, b.n, width=0.82 * width, color=_MODEL, alpha=0.55)
        axes.annotate(
            integer(b.n),
            (b.low + width / 2, b.n),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            size=9.0,
        )
    axes.set(xlim=(first, 1), ylim=(0, 1.15 * max((b.n for b in bins), default=1)))
    axes.set_yticks([])


def _stand_in(index: int) -> str:
    """An ASCII word in the place of a label: matplotlib's own font may not know the label's script."""
    return f"@{index}@"


def _render(name: str, draw: Callable[[Any], None], height: float, labels: Sequence[str], alt: str) -> str:
    """Draw on a fresh figure under our settings alone; matplotlib's global ones are as before afterwards."""
    import matplotlib
    from matplotlib.figure import Figure

    stream = io.StringIO()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever a matplotlibrc says, the same report gives the same bytes
        matplotlib.rcParams.update(_SETTINGS | {"svg.hashsalt": f"headstart-{name}"})
        figure = Figure(figsize=(_WIDTH * _POINT, height * _POINT))
        draw(figure)
        figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    return _inline(stream.getvalue(), name, labels, alt)


def _inline(svg: str, name: str, labels: Sequence[str], alt: str) -> str:
    """The <svg> element alone, in the page's colours, fonts and words."""
    view = re.search(r'viewBox="[^"]+"', svg)
    body = svg[svg.index("</metadata>") + len("</metadata>") : svg.rindex("</svg>")]
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)  # would apply to the whole page
    body = re.sub(r"font-family: [^;\"]+;? ?", "", body)
    body = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", body)  # matplotlib before 3.10
    body = _only_needed_ids(body)
    for stand_in, variable in _VARIABLES.items():
        body = body.replace(stand_in, f"var({variable})")
    for index, label in enumerate(labels):
        body = body.replace(f">{_stand_in(index)}<", f">{esc(label)}<")
    box = view.group() if view else ""
    body = re.sub(r">\s+<", "><", body)
    return f'<svg class="{name}" {box} role="img" aria-label="{esc(alt)}">{body.strip()}</svg>'


def _only_needed_ids(body: str) -> str:
    """Without the ids that nothing refers to: `axes_1` of two charts would meet on one page."""
    needed = set(re.findall(r"#([\w.-]+)", body))
    return re.sub(r' id="([^"]+)"', lambda match: match.group() if match.group(1) in needed else "", body)
