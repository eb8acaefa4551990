"""Which encoder suits a labelled file: `recommend`, what `headstart recommend` does."""

from headstart.recommend.advice import Recommendation, recommend
from headstart.recommend.candidate import Candidate, measure_candidate
from headstart.recommend.curve import Curve, Forecast, forecast
from headstart.recommend.encoding import Sample, draw_sample

__all__ = [
    "Candidate",
    "Curve",
    "Forecast",
    "Recommendation",
    "Sample",
    "draw_sample",
    "forecast",
    "measure_candidate",
    "recommend",
]
