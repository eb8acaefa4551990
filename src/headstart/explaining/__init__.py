"""Which words pushed a prediction: of one text, and of a class as a whole."""

from headstart.explaining.classes import class_words, exact_class_words
from headstart.explaining.texts import METHODS, explain
from headstart.explaining.values import ClassWords, Explanation, Weighted, Word

__all__ = [
    "METHODS",
    "ClassWords",
    "Explanation",
    "Weighted",
    "Word",
    "class_words",
    "exact_class_words",
    "explain",
]
