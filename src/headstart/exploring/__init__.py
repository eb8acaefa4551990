"""Texts without labels: clusters of their features, with terms, examples and a map: `explore`."""

from headstart.exploring.clusters import Clusters
from headstart.exploring.exploration import Cluster, Exploration, encoder_for, explore
from headstart.exploring.names import named_labels, read_names
from headstart.exploring.page import render_page

__all__ = [
    "Cluster",
    "Clusters",
    "Exploration",
    "encoder_for",
    "explore",
    "named_labels",
    "read_names",
    "render_page",
]
