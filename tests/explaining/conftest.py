"""Small fitted predictors of each kind that can be explained."""

from functools import lru_cache

import numpy as np

from headstart import Predictor, TextClassifier

ENGLISH = (
    ("the soup was lovely and the staff kind", "good"),
    ("lovely place, we will come back!", "good"),
    ("kind people and a lovely view", "good"),
    ("great dinner, lovely wine; don't miss it", "good"),
    ("cold food and a rude waiter", "bad"),
    ("rude, slow, and the food was cold", "bad"),
    ("we waited an hour for cold chips?", "bad"),
    ("never again, rude and dirty", "bad"),
    ("the room faces the yard", "plain"),
    ("breakfast is served from seven on", "plain"),
    ("the bus stops in front of the house", "plain"),
)
CHINESE = (
    ("房间干净，服务热情", "好评"),
    ("味道很好，下次再来", "好评"),
    ("物流很快，非常满意", "好评"),
    ("房间太脏，服务冷淡", "差评"),
    ("味道很差，不会再来", "差评"),
    ("物流太慢，非常失望", "差评"),
)
# A dense part that needs no model to load: the directions of lsa
LINEAR = ("tfidf", "bow", "tfidf:char", "tfidf+select:40", "bow+scale", "tfidf:char+bow")
MIXED = ("tfidf+lsa", "lsa+tfidf+select:30", "tfidf+pca:3+bow")
TEXTS = (
    "A lovely, lovely room!",
    "rude — and “cold”",
    "",
    "味道很好 but cold",
    "ＬＯＶＥＬＹ café ﬁne don’t",
    "unknown words only",
)


@lru_cache(maxsize=64)
def fitted(encoder: str, head: str = "logistic", rows: tuple[tuple[str, str], ...] = ENGLISH) -> Predictor:
    """A predictor of this encoder and head."""
    texts, labels = zip(*rows, strict=True)
    return TextClassifier(encoder, "linear_probe", head).fit(texts, labels).predictor_


def margins(predictor: Predictor, text: str) -> np.ndarray:
    """(k,) log-probability of each class minus the mean of the others': what a score is, from probabilities alone."""
    logs = np.log(predictor.predict_proba([text])[0])
    k = len(logs)
    return (logs - logs.mean()) * k / (k - 1)
