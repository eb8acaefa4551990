"""The confidence of every interval that is reported: 95 %."""

from scipy.special import ndtri

__all__ = ["REACH", "TAIL"]

TAIL = 0.025  # of the probability, on either side of an interval
REACH = float(ndtri(1.0 - TAIL))  # standard errors of a normal estimate, on either side of it
