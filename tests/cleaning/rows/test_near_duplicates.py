"""Laws of near_duplicates: nothing below the similarity, everything clearly above it, labels respected."""

import random
from collections.abc import Sequence

import pytest
import rensa
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.cleaning.rows import near_duplicates
from headstart.cleaning.rows.near_duplicates import NearDuplicates, banding
from headstart.data.folding import fold
from headstart.errors import ConfigError
from headstart.types import Dataset

ENGLISH = "the soup was cold but the waiter could not have been kinder and we will come back next week for lunch"
CHINESE = "这家餐厅的味道很好服务员也很热情下次还会再来就是停车不太方便希望以后能改善一下"


def distance(a: str, b: str) -> int:
    """Levenshtein by the textbook's table."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (x != y))
    return row[-1]


def edited(text: str, n: int, rng: random.Random) -> str:
    """The text with n characters replaced."""
    characters = list(text)
    for i in rng.sample(range(len(characters)), n):
        characters[i] = "#"
    return "".join(characters)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="ab好 ", max_size=12), min_size=2, max_size=8))
def test_every_pair_is_similar_and_the_rest_stays(texts: list[str]):
    """The similarity is one minus the edit distance by the longer text; the partner stays and comes before."""
    data = Dataset(tuple(texts))
    pairs = list(NearDuplicates("0.8").pairs(data))
    gone = {i for i, _, _ in pairs}
    for i, j, similarity in pairs:
        a, b = fold(texts[i]), fold(texts[j])
        assert j < i
        assert j not in gone
        assert similarity == pytest.approx(1 - distance(a, b) / max(len(a), len(b), 1))
        assert similarity >= 0.8
    for i, text in enumerate(texts):
        assert i in gone or all(fold(text) != fold(other) for other in texts[:i])


@pytest.mark.parametrize(("base", "n_edits"), [(ENGLISH, 3), (CHINESE, 1), (CHINESE[:20], 1), ("很好" * 6, 1)])
def test_copies_with_few_edits_are_found(base: str, n_edits: int):
    """English, Chinese and short texts; 40 other copies never crowd a pair out."""
    rng = random.Random(0)
    for k in range(40):
        texts = ("something else altogether", base, "又是另外一句话", edited(base, n_edits, rng))
        assert [(i, j) for i, j, _ in NearDuplicates().pairs(Dataset(texts), seed=k)] == [(3, 1)]


def test_another_label_is_left_alone():
    """A small difference with another label may be the one that decides."""
    texts, labels = (ENGLISH, ENGLISH + "!", ENGLISH + "?"), ("good", "bad", "good")
    assert [hit.row for hit in NearDuplicates().find(Dataset(texts, labels))] == [2]


def test_the_most_similar_comes_first_and_the_reason_names_the_line():
    """Ranked by similarity; lines are those of the file."""
    rng = random.Random(1)
    texts = (ENGLISH, edited(ENGLISH, 5, rng), ENGLISH.upper())
    hits = NearDuplicates().find(Dataset(texts, lines=(2, 3, 4), origin="x.csv"))
    assert [hit.row for hit in hits] == [2, 1]
    assert hits[0].reason == "100.0% as line 2"


@pytest.mark.parametrize("similarity", [0.7, 0.8, 0.9, 0.95, 1.0])
def test_banding_finds_pairs_at_the_similarity(similarity: float):
    """The probability of a pair at the similarity is 0.95 or more, with no more than 256 hashes."""
    bands, rows = banding(similarity)
    jaccard = similarity**4 / (2 - similarity**4)
    assert bands * rows <= 256
    assert 1 - (1 - jaccard**rows) ** bands >= 0.95


@pytest.mark.parametrize("argument", ["0.5", "1.1", "nan", "high"])
def test_a_similarity_that_is_none(argument: str):
    """The message says the range."""
    with pytest.raises(ConfigError, match=r"from 0\.7 to 1"):
        NearDuplicates(argument)


def test_pieces_in_memory_are_bounded_by_characters(monkeypatch: pytest.MonkeyPatch):
    """Each text is sketched once; those sketched together have few characters, or are one text, or many short ones."""
    sketch, together = rensa.RMinHash.from_token_sets, list[list[int]]()

    def counted(pieces: Sequence[list[str]], **settings: int) -> object:
        together.append([len(each) - 3 for each in pieces])  # three pieces more than characters
        return sketch(pieces, **settings)

    monkeypatch.setattr(near_duplicates, "_CHARACTERS", 500)
    monkeypatch.setattr("rensa.RMinHash", type("Counting", (), {"from_token_sets": staticmethod(counted)}))
    texts = ["a" * n for n in (0, 200, 300, 1, 900, 499, 1, 1, *[2] * 600)]
    list(NearDuplicates().pairs(Dataset(tuple(texts))))
    assert [length for lengths in together for length in lengths] == [len(text) for text in texts]
    assert all(sum(lengths) <= 500 or len(lengths) == 1 for lengths in together)
    assert max(map(len, together)) <= 256
    assert len(together) < 10
