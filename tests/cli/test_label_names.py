"""`headstart fit --label-names`: with rows, and with none."""

import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_fit_from_names_on_the_command_line(headstart: Any, minilm_folder: Path, tmp_path: Path) -> None:
    """`headstart fit --label-names names.json --unlabelled ... --test ...`: figures, a bundle, no baseline."""
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"positive": ["good", "great stay"], "negative": "bad"}), encoding="utf-8")
    hotels = EXAMPLES / "hotels_en"
    arguments = ["fit", "--label-names", str(names), "--unlabelled", str(hotels / "unlabelled.csv"), "--json"]
    arguments += ["--test", str(hotels / "test.csv"), "--out", str(tmp_path / "bundle")]
    done = headstart(*arguments)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["strategy"], found["n_train"], found["classes"]) == ("zero_shot", 0, ["negative", "positive"])
    assert found["test"]["n"] == 40
    assert (tmp_path / "bundle" / "manifest.json").is_file()


def test_what_cannot_be_without_rows(headstart: Any, tmp_path: Path) -> None:
    """A misspelt path, and options that are about labelled rows: a sentence, exit 1."""
    names = tmp_path / "names.json"
    done = headstart("fit", "--label-names", names, "--no-bundle")
    assert (done.code, "cannot be read" in done.err) == (1, True)
    names.write_text('{"a": "x", "b": "y"}', encoding="utf-8")
    done = headstart("fit", "--label-names", names, "--shots", 8, "--no-bundle")
    assert (done.code, "of no use without labelled rows" in done.err) == (1, True)


def test_names_of_other_classes(headstart: Any, tmp_path: Path) -> None:
    """Names beside labelled rows must be those of their classes."""
    names = tmp_path / "names.json"
    names.write_text('{"positiv": "good", "negative": "bad"}', encoding="utf-8")
    done = headstart("fit", EXAMPLES / "hotels_en" / "train.csv", "--label-names", names, "--no-bundle")
    assert done.code == 1
    assert "'positiv' is not a label" in done.err


def test_without_anything_to_measure_on(headstart: Any, tmp_path: Path) -> None:
    """No labelled row, no test rows: it says so, why the classifier is as it is, and that there is no report."""
    names = tmp_path / "names.json"
    names.write_text('{"差": "差评", "好": "好评"}', encoding="utf-8")
    done = headstart("fit", "--label-names", names, "--report", tmp_path / "r.html", "--out", tmp_path / "bundle")
    assert done.code == 0, done.err
    assert "there are no labelled rows" in done.out
    assert "Words of a lexicon" in done.out
    assert "No report was written" in " ".join(done.out.split())
    assert not (tmp_path / "r.html").exists()
