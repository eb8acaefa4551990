"""What more labels would buy, in a line."""

from headstart.evaluation.report.strings import Words
from headstart.evaluation.results import Interval, MoreLabels

__all__ = ["more_labels_line"]


def more_labels_line(found: MoreLabels, w: Words) -> str:
    """`Accuracy to expect with all 80 rows: 0.78 [0.74, 0.82]; 50 more labels: about 0.81 [0.77, 0.85]; ...`."""
    parts = [w["more_labels.now"].format(n=f"{found.n:,}", figure=_figure(found.now))]
    for i, (n, interval) in enumerate(found.more.items()):
        key = "more_labels.more" if i == 0 else "more_labels.further"
        parts.append(w[key].format(n=f"{n:,}", figure=_figure(interval)))
    return w["more_labels.join"].join(parts)


def _figure(interval: Interval) -> str:
    """Two decimals: a forecast has no third."""
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2f}"
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
