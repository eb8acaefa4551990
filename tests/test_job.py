"""The job behind `headstart fit`, where the command line does not show it."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from headstart import reporting
from headstart.config import RunConfig
from headstart.encoders._counts import TermCounts
from headstart.job import run

WORDS = {"bad", "good", "soup"}


@pytest.fixture
def vocabularies(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The terms of each encoder of counts that is fitted."""
    found, fit = list[set[str]](), TermCounts._fit_counts

    def noting(encoder: TermCounts, texts: Any) -> Any:
        counts = fit(encoder, texts)
        found.append({term for term in encoder._vectoriser.vocabulary_ if " " not in term})
        return counts

    monkeypatch.setattr(TermCounts, "_fit_counts", noting)
    return found


def reviews(path: Path, n: int) -> Path:
    labels = ["bad" if i % 3 else "good" for i in range(n)]
    rows = [f"{label} soup w{i}x,{label}" for i, label in enumerate(labels)]
    path.write_text("\n".join(["text,label", *rows]))
    return path


@pytest.mark.parametrize("tested", [False, True])
@pytest.mark.parametrize(("n", "rare"), [(1000, False), (990, True)])
def test_folds_are_made_as_the_whole_is(
    vocabularies: list[set[str]], tmp_path: Path, n: int, rare: bool, tested: bool
) -> None:
    """The classifier, its folds and the baseline leave out rare terms, or keep them, by the number of all rows."""
    train = reviews(tmp_path / "train.csv", n)
    test = str(reviews(tmp_path / "test.csv", 30)) if tested else None
    config = RunConfig(train=str(train), test=test, encoder="tfidf", head="prototype", max_error="0.1")
    run(config, save=False)
    assert len(vocabularies) == (1 + 1 + 5 if tested else 1 + 5 + 5)
    assert all(found == WORDS or (rare and found > WORDS) for found in vocabularies)
    assert all((found > WORDS) == rare for found in vocabularies)


@pytest.mark.parametrize("tested", [False, True])
@pytest.mark.parametrize(("has_time", "n_checked"), [(False, 12), (True, 60)])
def test_a_budget_is_for_measuring_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_time: bool, n_checked: int, tested: bool
) -> None:
    """Training rows are checked, by the model and by the baseline alike, while there is time; test rows are, always."""
    until = list[float | None]()

    def pace(end: float | None) -> Any:
        until.append(end)
        return lambda _: has_time

    monkeypatch.setattr("headstart.job.time_for_more", pace)
    train, test = (str(reviews(tmp_path / name, 60)) for name in ("train.csv", "test.csv"))
    config = RunConfig(train=train, test=test if tested else None, encoder="bow", max_error="0.2", budget="1m")
    began = perf_counter()
    outcome = run(config, save=False)
    assert outcome.report is not None
    assert outcome.report.baseline is not None
    expected = 60 if tested else n_checked
    assert (outcome.report.model.n, outcome.report.baseline.n) == (expected, expected)
    assert outcome.model.predictor_.abstaining is not None
    assert outcome.model.predictor_.abstaining.protocol.startswith(f"{n_checked} training rows")
    assert [end is not None and 60 <= end - began < 120 for end in until] == [True]


def test_names_of_a_class_that_a_fold_has_lost(tmp_path: Path) -> None:
    """A class whose rows are one text is missing from a fold: so is its name there, and the run ends well."""
    rows = [f"{word} soup {i},{word}" for i in range(12) for word in ("bad", "good")]
    path = tmp_path / "train.csv"
    path.write_text("\n".join(["text,label", *rows, *["a trip to the sea,travel"] * 3]))
    names = tmp_path / "names.json"
    names.write_text('{"bad": "negative", "good": "positive", "travel": "holidays"}')
    config = RunConfig(
        train=str(path), label_names=str(names), strategy="few_labels", encoder="tfidf+pca:4", max_error=0.2
    )
    outcome = run(config, save=False)
    assert outcome.report is not None
    assert outcome.report.model.n == 24 + 3


@pytest.mark.parametrize("tested", [False, True])
def test_a_class_that_only_its_name_is_known_of(tmp_path: Path, tested: bool) -> None:
    """Folds and test rows are answered by all classes; the baseline knows those with rows, and is compared by all."""
    goods, bads = ("wonderful", "great", "excellent"), ("awful", "terrible", "horrible")
    things = [
        f"{color} {thing}"
        for color in ("red", "blue", "old", "new")
        for thing in ("soup", "bed", "tea", "desk", "fish")
    ]
    praise = [f"our {thing} was {word},positive" for thing in things[:4] for word in goods]
    facts = [f"our {thing} came on {day},neutral" for thing in things[:4] for day in ("Monday", "Friday", "Sunday")]
    train, test, rest, names = (tmp_path / name for name in ("train.csv", "test.csv", "rest.txt", "names.json"))
    train.write_text("\n".join(["text,label", *praise, *facts, "we complained about the lift,negative"]))
    test.write_text("\n".join(["text,label", *(f"a {thing} is {word},negative" for thing in things for word in bads)]))
    rest.write_text("\n".join(f"the {thing} was {word}" for thing in things for word in (*goods, *bads)))
    names.write_text('{"positive": "positive", "negative": "negative", "neutral": "neutral"}')
    more = {"test": str(test)} if tested else {}
    config = RunConfig(
        train=str(train),
        unlabelled=str(rest),
        label_names=str(names),
        encoder="tfidf",
        max_error="0.3:expected",
        **more,
    )
    report = run(config, save=False).report
    assert report is not None
    assert report.baseline is not None
    model, baseline = (each.metrics["accuracy"].value for each in (report.model, report.baseline))
    if tested:
        assert (model > 0.8, baseline) == (True, 0.0)
    assert report.reasons[0].startswith("'negative' has one labelled row")


@pytest.mark.parametrize(
    ("more", "transfers"),
    [
        ({"encoder": "tfidf", "head": "logistic"}, False),
        ({"encoder": "tfidf+pca:5"}, False),
        ({"strategy": "few_labels", "encoder": "tfidf", "settings": {"strategy.names": "none"}}, False),
        ({"encoder": "tfidf", "head": "logistic", "source": "train.csv"}, True),
        ({"encoder": "tfidf", "strategy": "few_labels"}, True),
    ],
)
def test_where_nothing_is_transferred_the_report_speaks_of_no_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], transfers: bool
) -> None:
    """A head that is better than the baseline's is no transfer; names that are known words, and a source, are one."""
    said: list[bool] = []
    monkeypatch.chdir(tmp_path)
    words = {"positive": "great", "negative": "awful"}
    rows = [f"the {word} thing number {i},{label}" for i in range(20) for label, word in words.items()]
    Path("train.csv").write_text("\n".join(["text,label", *rows]))
    real = reporting.compare
    monkeypatch.setattr(reporting, "compare", lambda *a, **k: said.append(k["transfers"]) or real(*a, **k))
    run(RunConfig(train="train.csv", test="train.csv", **more), save=False)
    assert said == [transfers]


def test_source_rows_that_are_training_or_test_rows(
    noisy_rows: Callable[[int], tuple[list[str], list[str]]], tmp_path: Path
) -> None:
    """A quarter of the labels are wrong. Who is checked by cross-validation does not learn from the source's copies,
    which are such once cleaned; copies of test rows are told.
    """
    rows = [f"{text},{label}" for text, label in zip(*noisy_rows(360), strict=True)]
    marked = [f"<b>{row.replace(',', '</b>,')}" for row in rows]
    for name, each in (("train", rows[:120]), ("source", marked), ("test", marked[:9])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label", *each]))
    train, source, test = (str(tmp_path / f"{name}.csv") for name in ("train", "source", "test"))
    given = {"train": train, "source": source, "encoder": "tfidf", "clean": "html"}
    checked = run(RunConfig(**given), save=False).report
    assert checked is not None
    assert checked.model.metrics["accuracy"].value < 0.85
    tested = run(RunConfig(**given, test=test), save=False).report
    assert tested is not None
    found = [finding for audit in tested.audits for finding in audit.findings if finding.name == "overlap"]
    assert [finding.n for finding in found] == [9]


def test_a_card_of_a_model_that_makes_no_error(tmp_path: Path) -> None:
    """Every row is right, so that the bootstrap has no interval for macro-F1 to tell."""
    train = reviews(tmp_path / "train.csv", 40)
    found = run(RunConfig(train=str(train), test=str(train), encoder="tfidf", out=str(tmp_path / "bundle")))
    assert found.report is not None
    assert found.report.model.metrics["macro_f1"].low is None
    card = (tmp_path / "bundle" / "card.md").read_text()
    assert "accuracy 1.000 [0.912, 1.000], macro_f1 1.000, mcc 1.000 on 40 test rows" in card
