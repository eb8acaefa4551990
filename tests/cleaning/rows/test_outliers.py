"""Laws of outliers: what was planted is found, even data has none."""

import random

from headstart.cleaning.rows.outliers import Outliers
from headstart.types import Dataset

WORDS = ["soup", "waiter", "wine", "lovely", "cold", "rude", "kind", "table", "menu", "fresh", "slow", "great", "price"]


def reviews(n: int) -> list[str]:
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(6, 12))) for _ in range(n)]


def found(texts: list[str]) -> dict[int, str]:
    return {hit.row: hit.reason for hit in Outliers().find(Dataset(tuple(texts)))}


def test_even_data_has_none():
    """Texts drawn from one source."""
    assert found(reviews(200)) == {}


def test_a_very_long_text():
    """A hundred times the usual length."""
    texts = reviews(200)
    texts[17] = " ".join(reviews(100))
    assert "characters, usual are" in found(texts)[17]


def test_another_language():
    """One Chinese text among English ones, and the other way round."""
    texts = reviews(200)
    texts[5] = "这家餐厅的味道很好，服务员也很热情"
    assert 5 in found(texts)
    chinese = ["餐厅味道很好服务也热情" + "好吃便宜推荐再来"[i % 8 :] for i in range(200)]
    chinese[9] = "a lovely dinner"
    assert 9 in found(chinese)


def test_a_foreign_topic():
    """A text with no word of the others is far from them; its distance is the reason."""
    texts = reviews(300)
    texts[40] = "quarterly dividend yields exceeded analyst forecasts"
    assert "far from all other texts" in found(texts)[40]


def test_few_rows_have_no_rest():
    """Below 50 rows nothing is unlike the rest."""
    assert found([*reviews(20), "这"]) == {}


def test_same_seed_same_rows():
    """Two runs agree."""
    texts = (*reviews(120), "quarterly dividend yields")
    assert Outliers().find(Dataset(texts), seed=4) == Outliers().find(Dataset(texts), seed=4)


def test_texts_of_one_term():
    """Features of a single column: all texts are alike, and the one without the term is far from them."""
    assert found(["aa"] * 60) == {}
    assert Outliers("tfidf").find(Dataset(("?",) * 60)) == []
