"""Laws of the audit: findings equal what a slow count in plain Python gives."""

import json
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data import audit, overlap, read_dataset, read_leniently
from headstart.data.folding import fold
from headstart.types import Dataset, Finding

TEXTS = st.lists(
    st.tuples(st.sampled_from(["a", "A", " a ", "ａ", "b", "b b", "b  b", "c"]), st.sampled_from("xyz")),
    max_size=30,
)


def dataset(rows: list[tuple[str, str]], origin: str = "a.csv") -> Dataset:
    texts, labels = tuple(text for text, _ in rows), tuple(label for _, label in rows)
    return Dataset(texts, labels, None, tuple(range(2, len(rows) + 2)), origin)


def finding(data: Dataset, name: str) -> Finding | None:
    return next((f for f in audit(data).findings if f.name == name), None)


@given(TEXTS)
def test_duplicates_are_rows_beyond_the_first(rows: list[tuple[str, str]]):
    """Exact duplicates = rows minus distinct pairs of folded text and label."""
    n = len(rows) - len({(fold(text), label) for text, label in rows})
    found = finding(dataset(rows), "exact_duplicates")
    assert n == (found.n if found else 0)


@given(TEXTS)
def test_conflicts_are_rows_of_texts_with_two_labels(rows: list[tuple[str, str]]):
    """Conflicting labels = rows whose folded text has more than one label."""
    labels: dict[str, set[str]] = {}
    for text, label in rows:
        labels.setdefault(fold(text), set()).add(label)
    n = sum(len(labels[fold(text)]) > 1 for text, _ in rows)
    found = finding(dataset(rows), "conflicting_labels")
    assert n == (found.n if found else 0)


@given(TEXTS, TEXTS)
def test_overlap_is_the_rows_of_test_in_train(train: list[tuple[str, str]], test: list[tuple[str, str]]):
    """Overlap = rows of the test data whose folded text is in the training data."""
    known = {fold(text) for text, _ in train}
    n = sum(fold(text) in known for text, _ in test)
    found = overlap(dataset(train, "train"), dataset(test, "test"))
    assert n == found.n
    assert min(n, 3) == len(found.examples)
    assert ("warning" if n else "info") == found.severity


def test_overlap_names_both_lines():
    """An example gives the line in the test data and the first one in the training data."""
    train, test = (
        dataset([("q", "x"), ("Good  food", "x"), ("good food", "y")], "tr"),
        dataset([("ＧＯＯＤ food", "x")], "te"),
    )
    found = overlap(train, test)
    assert found.examples == ("line 2, there line 3: 'ＧＯＯＤ food'",)
    assert found.message.startswith("1 of 1 texts of te (100.0%) are also in tr")
    assert "overlap" in [f.name for f in audit(test, others=[train]).findings]


def test_examples_name_lines_and_labels():
    """Duplicates and conflicts show at most three examples, each with its lines."""
    rows = [("同一句话", "x"), ("同一句话", "x"), ("同一句话", "y")]
    duplicates, conflicts = (
        finding(dataset(rows), "exact_duplicates"),
        finding(dataset(rows), "conflicting_labels"),
    )
    assert duplicates is not None
    assert conflicts is not None
    assert duplicates.examples == ("line 3 = line 2: '同一句话'",)
    assert conflicts.examples == ("line 2 'x', line 4 'y': '同一句话'",)
    assert "folding" in duplicates.message


def test_classes_are_counted_largest_first():
    """Classes are the counts of the labels in falling order; small ones and the imbalance are findings."""
    found = audit(dataset([(str(i), "big") for i in range(40)] + [("z", "small")]))
    assert list(found.classes.items()) == [("big", 40), ("small", 1)]
    findings = {f.name: f for f in found.findings}
    assert findings["small_classes"].n == 1
    assert "40.0 times" in findings["imbalance"].message


def test_labels_alike_and_one_class():
    """Labels that differ only in case, width or spaces are a warning; a single class is an error."""
    found = finding(dataset([("a", "Pos"), ("b", "pos"), ("c", "neg")]), "similar_labels")
    assert found is not None
    assert found.n == 2
    found = finding(
        dataset([("a", "neg"), ("b", "ｎｅｇ"), ("c", "so so"), ("d", "so\u3000so"), ("e", "x")]), "similar_labels"
    )
    assert found is not None
    assert found.n == 4
    found = finding(dataset([("a", "pos"), ("b", "pos")]), "one_class")
    assert found is not None
    assert found.severity == "error"


def test_truncated_texts_are_counted_by_the_caller():
    """Long texts = the rows that the encoder says it cuts."""
    data = dataset([("a", "x"), ("b", "y"), ("c", "x")])
    (found,) = [f for f in audit(data, truncated=np.array([True, False, True])).findings if f.name == "long_texts"]
    assert (found.n, "66.7%" in found.message) == (2, True)
    assert not [f for f in audit(data, truncated=np.zeros(3, dtype=bool)).findings if f.name == "long_texts"]


def test_language_mix():
    """Two languages with a tenth of the texts each are a finding; the shares are those of the texts."""
    found = audit(dataset([("很好", "x"), ("很坏", "y"), ("good", "x"), ("bad", "y")]))
    assert dict(found.languages) == {"zh": 0.5, "en": 0.5, "mixed": 0.0, "other": 0.0}
    assert "language_mix" in [f.name for f in found.findings]


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=20))
def test_lengths(texts: list[str]):
    """Lengths are counted in characters."""
    lengths = sorted(map(len, texts))
    characters = audit(Dataset(tuple(texts))).characters
    assert (lengths[0], lengths[-1]) == (characters["min"], characters["max"])
    assert sum(lengths) / len(lengths) == pytest.approx(characters["mean"])
    assert characters["min"] <= characters["median"] <= characters["p95"] <= characters["max"]


def test_no_rows():
    """An empty data set has an audit too, labelled or not."""
    for data in (Dataset(()), Dataset((), ())):
        found = audit(data)
        assert (found.n, dict(found.classes), found.findings) == (0, {}, ())


def test_what_a_run_goes_on_with_is_no_error(tmp_path):
    """One class is too few to learn from, not to test on; rows that were left out as asked are warnings."""
    one = dataset([("a", "pos"), ("b", "pos")])
    for role, severity in (("", "error"), ("train", "error"), ("test", "warning"), ("source", "warning")):
        assert [f.severity for f in audit(one, role=role).findings if f.name == "one_class"] == [severity]
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\n,x\nb,y\n")
    for role in ("train", "test"):
        found = audit(read_dataset(path, skip_bad_rows=True, role=role), role=role)
        assert [f.severity for f in found.findings if f.name == "missing_text"] == ["warning"]


def test_mistakes_in_rows_are_findings(tmp_path):
    """What `read_dataset` refuses are errors of the audit, each with its first lines; n counts all rows."""
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\n,x\n,y\nb,\nc,y\nd,y \n")
    found = audit(read_leniently(path))
    errors = {f.name: (f.n, f.examples) for f in found.findings if f.severity == "error"}
    assert errors["missing_text"] == (2, ("line 3: no text", "line 4"))
    assert errors["missing_label"] == (1, ("line 5: no label",))
    assert errors["label_spaces"][0] == 1
    assert found.n == 6
    assert Counter({"y": 1, "x": 1, "y ": 1}) == found.classes
    assert json.dumps(asdict(found))


@given(st.text(max_size=20))
def test_folding_is_idempotent(text: str):
    """A text with other case, width or spaces around folds to the same text; ASCII stays ASCII."""
    assert fold(text) == fold(f"  {text}\n")
    assert fold(text.upper()) == fold(text.upper().lower().upper()) or not text.isascii()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_that_a_quotation_mark_swallowed_are_found(separator: str) -> None:
    """Lines within a text that end, or begin, with a label of the file; a text of several lines is none."""
    ends = separator.join(["the soup was cold", "bad"])
    begins = separator.join(["good", '"the film was long"'])
    data = dataset(
        [(f"opened here{separator}bad\n{ends}\r\n{begins}", "bad"), ("Dear all,\ncome, or not,\nyours", "good")]
    )
    found = finding(data, "swallowed_rows")
    assert found is not None
    assert found.n == 3
    assert found.examples[0].startswith("line 2, 3 such lines")
    assert finding(dataset([("a, bad\nthing", "bad"), ("x", "good")]), "swallowed_rows") is None


def test_labels_that_are_one_number_or_none() -> None:
    """`1` beside `1.0`, `NaN` beside `spam`: classes that nobody meant."""
    found = finding(dataset([("a", "1"), ("b", "1.0"), ("c", "2"), ("d", "1")]), "equal_numbers")
    assert found is not None
    assert (found.n, found.message) == (3, "labels that are the same number: '1' and '1.0'")
    found = finding(dataset([("a", "NaN"), ("b", "spam"), ("c", "none")]), "missing_as_label")
    assert found is not None
    assert found.n == 1
    assert finding(dataset([("a", "nan"), ("b", "NaN")]), "equal_numbers") is None  # no number equals it
    assert not audit(dataset([("a", "1"), ("b", "2"), ("c", "none")])).findings[1:]
