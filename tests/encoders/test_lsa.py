"""LSA: values against numpy's exact decomposition, its limits, and settings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.encoders import make_encoder
from headstart.encoders._terms import make_analyser
from headstart.errors import ConfigError, DataError

ROOMS = ["the room was clean", "a clean and quiet room", "quiet room, clean bed", "the bed was clean and quiet"]
FOODS = ["the soup was cold", "cold soup and bad service", "bad soup, slow service", "slow service and cold food"]
CHINESE = ["房间很干净，床也很舒服", "房间干净安静", "发货太慢，客服不回", "客服态度差，发货慢"]
TEXTS = (*ROOMS, *FOODS)


def cosines(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T / (lengths * lengths.T)


@pytest.mark.parametrize("texts", [TEXTS, (*CHINESE, *TEXTS)])
@pytest.mark.parametrize("n_components", [1, 2, 3])
def test_it_is_the_truncated_decomposition(texts: tuple[str, ...], n_components: int) -> None:
    """Cosines between texts are those of TF-IDF's best approximation of that rank, by numpy's exact SVD."""
    features = make_encoder("tfidf").fit(texts).encode(texts).toarray()
    _, _, directions = np.linalg.svd(features.astype(np.float64))
    exact = features @ directions[:n_components].T
    found = make_encoder("lsa", n_components=n_components).fit(texts).encode(texts)
    np.testing.assert_allclose(cosines(found), cosines(exact), atol=1e-4)


def test_all_directions_keep_all_cosines() -> None:
    """With as many directions as texts nothing is lost: cosines are those of TF-IDF."""
    features = make_encoder("tfidf").fit(TEXTS).encode(TEXTS)
    found = make_encoder("lsa").fit(TEXTS).encode(TEXTS)
    assert found.shape == (len(TEXTS), len(TEXTS))
    np.testing.assert_allclose(found @ found.T, (features @ features.T).toarray(), atol=1e-5)


def test_rows_have_length_one_or_zero() -> None:
    """A text without known terms, and one that no kept direction covers, is a row of zeros."""
    encoder = make_encoder("lsa", ngrams=[1, 1], n_components=1).fit(("a b", "a b c", "x"))
    rows = encoder.encode(["b", "unknown", "", "x"])
    np.testing.assert_allclose(np.abs(rows), [[1], [0], [0], [0]], atol=1e-6)


def test_no_more_directions_than_there_are() -> None:
    """Two different texts, however often, span two directions."""
    assert make_encoder("lsa").fit(("a b", "c d") * 20).encode(["a"]).shape == (1, 2)
    assert make_encoder("lsa").fit(("only one text",)).encode(["text"]).shape == (1, 1)


def test_words_that_never_meet_become_alike() -> None:
    """The point of LSA: texts that share no word are alike through the company that their words keep."""
    texts = ("doctor patient", "physician patient", "doctor nurse", "physician nurse", "goal match", "goal player") * 3
    encoder = make_encoder("lsa", ngrams=[1, 1], n_components=2).fit(texts)
    doctor, physician, goal = encoder.encode(["doctor", "physician", "goal"])
    assert doctor @ physician > 0.99
    assert abs(doctor @ goal) < 0.01


def test_unlabelled_texts_shape_the_features() -> None:
    """Words known from unlabelled texts alone are encoded."""
    assert not make_encoder("lsa").fit(ROOMS).encode(["soup"]).any()
    assert make_encoder("lsa").fit([*ROOMS, *FOODS]).encode(["soup"]).any()


def test_another_seed_is_the_same_space() -> None:
    """The solver's seed decides no more than the last digits."""
    first, second = (make_encoder("lsa", n_components=3, random_state=seed).fit(TEXTS).encode(TEXTS) for seed in (0, 1))
    np.testing.assert_allclose(first @ first.T, second @ second.T, atol=1e-4)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many", None])
def test_settings_are_checked(value: Any) -> None:
    """A number of components that cannot be is named with its value; so is a mistake in the terms' settings."""
    with pytest.raises(ConfigError, match=r"encoder.n_components must be a whole number from 1 on") as caught:
        make_encoder("lsa", n_components=value).fit(TEXTS)
    assert str(caught.value).endswith(f"Got {value!r} instead.")
    with pytest.raises(ConfigError, match=r"encoder.ngrams must be"):
        make_encoder("lsa", ngrams=[2, 1]).fit(TEXTS)
    with pytest.raises(DataError, match="There is no text to learn terms from"):
        make_encoder("lsa").fit([])


def test_state_is_bit_equal(tmp_path: Path) -> None:
    """The encoder that comes back gives the same bits, and writes no file."""
    encoder = make_encoder("lsa", analyser="zh", n_components=3).fit(TEXTS + tuple(CHINESE))
    again = type(encoder).from_state(encoder.get_state(tmp_path), tmp_path)
    np.testing.assert_array_equal(again.encode(CHINESE), encoder.encode(CHINESE))
    assert not list(tmp_path.iterdir())


def test_the_order_of_the_texts_is_no_matter() -> None:
    """More terms than texts, so that the solver's random start stands beside the texts."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"term{i}" for i in range(3_000)], 12)) for _ in range(120)]
    first, second = (make_encoder("lsa", n_components=20).fit(given) for given in (texts, texts[::-1]))
    np.testing.assert_allclose(first.encode(texts), second.encode(texts), atol=1e-5)


def test_texts_just_fitted_are_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tuple that `fit` got is not cut again by `encode`, and gives the same bits as a list, which is: a list may
    be another one by then.
    """
    cut: list[str] = []

    def counting(*settings: Any) -> Any:
        analyse = make_analyser(*settings)

        def analyse_and_count(text: str) -> list[str]:
            cut.append(text)
            return analyse(text)

        return analyse_and_count

    monkeypatch.setattr("headstart.encoders._counts.make_analyser", counting)
    encoder: Any = make_encoder("lsa", n_components=3).fit(TEXTS)
    found = encoder.encode(TEXTS)
    assert cut == list(TEXTS)
    np.testing.assert_array_equal(encoder.encode(TEXTS), found)
    assert len(cut) == 2 * len(TEXTS)
    texts = list(TEXTS)
    other: Any = make_encoder("lsa", n_components=3).fit(texts)
    np.testing.assert_array_equal(other.components_, encoder.components_)
    np.testing.assert_array_equal(other.encode(texts), found)
    texts[0] = "another text"
    np.testing.assert_array_equal(other.encode(texts)[1:], found[1:])
