"""Laws of every strategy that fine-tunes, on a tiny BERT, and of the two classic ones over every family."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import TextClassifier, registry
from headstart.bundle import load_bundle
from headstart.encoders import make_encoder
from headstart.errors import ConfigError
from headstart.strategies._finetuning import FineTuning

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

STRATEGIES = [name for name in registry.names("strategy") if issubclass(registry.load("strategy", name), FineTuning)]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)

BEHIND = ("ln_f", "final_norm", "final_layer_norm")  # in the names of what stands behind the layers and is read

WORDS = {"food": ["soup", "film", "味道"], "goods": ["battery", "train", "差评"]}
SETTINGS = {
    "encoder.precision": "fp32",
    "strategy.precision": "fp32",
    "strategy.n_epochs": 6,
    "strategy.learning_rate": 3e-3,
    "strategy.batch_rows": 12,
}


def rows(n: int, seed: int) -> tuple[list[str], list[str]]:
    """Texts of two to four words that one class alone has, and their labels."""
    rng = np.random.default_rng(seed)
    labels = [list(WORDS)[i % 2] for i in range(n)]
    return [" ".join(rng.choice(WORDS[label], rng.integers(2, 5))) for label in labels], labels


TEXTS, LABELS = rows(48, 0)
UNSEEN, EXPECTED = rows(40, 1)
ODD = ["", "   ", "nothing known", "x" * 5_000, "soup battery " * 200]


def weights(model: Any) -> dict[str, Any]:
    """Every weight of a fitted classifier, encoder and head."""
    predictor = model.predictor_
    found = {f"encoder.{name}": p for name, p in predictor.encoder.whole_model().named_parameters()}
    return found | {f"head.{name}": torch.as_tensor(a) for name, a in predictor.head.get_state().arrays.items()}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def make(folder: Path, strategy: str, *, seed: int = 0, **settings: Any) -> TextClassifier:
    return TextClassifier(str(folder), strategy, settings={**SETTINGS, **settings}, random_state=seed)


@pytest.fixture(scope="module")
def fitted(tiny_model: Callable[[str], Path]) -> Callable[[str], Any]:
    """`fitted("lora")`: a classifier of a tiny BERT that has learnt the toy rows, for all tests to read."""
    made: dict[str, Any] = {}

    def model(strategy: str) -> Any:
        if strategy not in made:
            made[strategy] = make(tiny_model("bert"), strategy).fit(TEXTS, LABELS)
        return made[strategy]

    return model


@every_strategy
def test_it_learns(strategy: str, fitted: Callable[[str], Any]) -> None:
    """Unseen rows of the same words get their classes."""
    assert fitted(strategy).score(UNSEEN, EXPECTED) >= 0.95


@every_strategy
def test_same_seed_same_weights(strategy: str, fitted: Callable[[str], Any], tiny_model: Any) -> None:
    """To the bit; another seed gives others. torch's own random numbers and threads stay as they are."""
    first, n_threads = weights(fitted(strategy)), torch.get_num_threads()
    torch.manual_seed(12)  # what the process has drawn before does not matter
    state = torch.get_rng_state()
    again = make(tiny_model("bert"), strategy).fit(TEXTS, LABELS)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == n_threads
    assert same(weights(again), first)
    assert not same(weights(make(tiny_model("bert"), strategy, seed=1).fit(TEXTS, LABELS)), first)


@every_strategy
def test_probabilities(strategy: str, fitted: Callable[[str], Any]) -> None:
    """(n, k), finite, rows sum to 1, for odd texts too; a text's answer is its own."""
    model = fitted(strategy)
    texts = [*UNSEEN, *ODD]
    p = model.predict_proba(texts)
    assert p.shape == (len(texts), 2)
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-9)
    assert model.predict(texts).tolist() == model.classes_[p.argmax(axis=1)].tolist()
    np.testing.assert_allclose(np.vstack([model.predict_proba([text]) for text in texts]), p, atol=1e-4)


@every_strategy
def test_bundle(strategy: str, fitted: Callable[[str], Any], tmp_path: Path) -> None:
    """Saved and loaded it gives the same answers."""
    model = fitted(strategy)
    again = load_bundle(model.save(tmp_path / "bundle"))
    np.testing.assert_allclose(again.predict_proba([*UNSEEN, *ODD]), model.predict_proba([*UNSEEN, *ODD]), atol=1e-3)
    assert list(again.classes) == list(model.classes_)


@every_strategy
def test_reasons(strategy: str, fitted: Callable[[str], Any]) -> None:
    """The report's sentences are sentences."""
    reasons = fitted(strategy).predictor_.reasons
    assert reasons
    assert all(reason.endswith(".") and reason[0].isupper() for reason in reasons)


@every_strategy
def test_what_cannot_be_done_is_refused(strategy: str, tiny_model: Any) -> None:
    """No transformer, a head of one's own, an unknown setting: a sentence each, before any work."""
    folder = tiny_model("bert")
    wrong = {
        "needs a transformer": TextClassifier("tfidf", strategy),
        "--head must be auto": TextClassifier(str(folder), strategy, "svm"),
        "Unknown setting 'strategy.n_epoch'.*n_epochs": make(folder, strategy, **{"strategy.n_epoch": 1}),
        r"strategy\.n_epochs must be a number above 0": make(folder, strategy, **{"strategy.n_epochs": 0}),
    }
    for message, model in wrong.items():
        with pytest.raises(ConfigError, match=message):
            model.fit(TEXTS, LABELS)


def test_every_family_learns_in_all_layers(family: str, tiny_model: Callable[[str], Path]) -> None:
    """Unseen rows get their classes; every layer has changed, the table of words has not."""
    folder = tiny_model(family)
    model = make(folder, "full_finetune").fit(TEXTS, LABELS)
    assert model.score(UNSEEN, EXPECTED) >= 0.95
    before, after = pretrained(folder), model.predictor_.encoder.whole_model()
    changed = moved(before, after)
    assert matrices(after) <= changed
    table = {id(p) for p in after.model.get_input_embeddings().parameters()}
    assert not {name for name, p in after.named_parameters() if id(p) in table} & changed


def test_every_family_learns_in_its_highest_layer(
    family: str, tiny_model: Callable[[str], Path], tmp_path: Path
) -> None:
    """Unseen rows get their classes; what is frozen is what it was to the bit; the bundle gives the same labels."""
    folder = tiny_model(family)
    model = make(folder, "partial_finetune", **{"strategy.top_layers": 1}).fit(TEXTS, LABELS)
    assert model.score(UNSEEN, EXPECTED) >= 0.95
    before, after = pretrained(folder), model.predictor_.encoder.whole_model()
    changed = moved(before, after)
    assert matrices(after, 1) <= changed
    if family != "albert":  # its one layer is all layers
        above = {name for name in changed - in_layers(after, 1) if any(part in name for part in BEHIND)}
        assert changed - above <= in_layers(after, 1)
        assert any("frozen layers make of each text was computed once" in r for r in model.predictor_.reasons)
    again = load_bundle(model.save(tmp_path / "bundle"))
    assert again.predict(UNSEEN).labels.tolist() == model.predict(UNSEEN).tolist()


def pretrained(folder: Path) -> Any:
    return make_encoder(str(folder), precision="fp32").fit([]).whole_model()


def moved(before: Any, after: Any) -> set[str]:
    """The names of the weights that changed."""
    old = dict(before.named_parameters())
    return {name for name, p in after.named_parameters() if not torch.equal(p, old[name])}


def in_layers(body: Any, n: int | None = None) -> set[str]:
    """The names of the weights in the highest `n` layers, or in all."""
    from headstart.finetuning.network import blocks_of

    inside = {id(p) for block in list(blocks_of(body.model))[-(n or 0) :] for p in block.parameters()}
    return {name for name, p in body.named_parameters() if id(p) in inside}


def matrices(body: Any, n: int | None = None) -> set[str]:
    """Those that are weight matrices: each of them has to learn."""
    names = in_layers(body, n)
    return {name for name, p in body.named_parameters() if name in names and name.endswith("weight") and p.dim() == 2}


@pytest.mark.usefixtures("without_e5")
@every_strategy
def test_without_an_encoder_english_takes_minilm_and_others_ask_for_one(
    strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` is minilm for texts that it can read; for others it says what is needed."""
    asked: list[str] = []

    def noting(name: str, **settings: Any) -> Any:
        asked.append(name)
        raise ConfigError("stop here")

    monkeypatch.setattr("headstart.strategies._finetuning.make_encoder", noting)
    with pytest.raises(ConfigError, match="stop here"):
        TextClassifier("auto", strategy).fit(["the soup was cold", "a good film"] * 4, ["a", "b"] * 4)
    assert asked == ["minilm"]
    with pytest.raises(ConfigError, match=r"e5 was not tried.* Name one: --encoder FOLDER"):
        TextClassifier("auto", strategy).fit(["味道很好", "送货太慢"] * 4, ["a", "b"] * 4)
