"""Laws of `headstart recommend`: one JSON object, the next command, reasons, and plain refusals."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headstart.cli.commands import recommend as command
from headstart.recommend import advice
from headstart.strategies import auto

Headstart = Any


def test_json_has_everything(headstart: Headstart, reviews: Path):
    """Facts, machine, candidates with their figures, reasons and the next command; nothing else on stdout."""
    done = headstart("recommend", reviews, "--encoders", "tfidf,bow,nothing", "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["facts"]["classes"] == {"good": 4, "bad": 4}
    assert {c["name"] for c in answer["candidates"]} == {"tfidf", "bow", "nothing"}
    assert "nothing" in answer["candidates"][-1]["problem"]
    assert answer["machine"]["cpus"] >= 1
    assert answer["candidates"][0]["expected"]["value"] >= answer["candidates"][1]["expected"]["value"]
    assert shlex.split(answer["next"])[:2] == ["headstart", "fit"]


def test_the_next_command_runs(headstart: Headstart, tmp_path: Path, reviews: Path):
    """With the columns that were named."""
    path = tmp_path / "other names.csv"
    path.write_text(reviews.read_text().replace("text,label", "body,kind"))
    asked = headstart("recommend", path, "--encoders", "tfidf", "--text", "body", "--label", "kind", "--json")
    words = shlex.split(json.loads(asked.out)["next"])
    assert headstart(*words[1:], "--no-bundle", "--json").code == 0


def test_a_newcomer_sees_the_choice_and_why(headstart: Headstart, reviews: Path):
    """The recommendation, its reasons, the table, what cannot be used, and what to type."""
    done = headstart("recommend", reviews, "--encoders", "tfidf,nothing")
    assert done.code == 0
    for words in ("Recommended: tfidf", "expected", "nothing cannot be used", "headstart fit", "LogME"):
        assert words in done.out


def test_in_chinese_all_of_it_is(headstart: Headstart, reviews: Path, monkeypatch: pytest.MonkeyPatch):
    """But for the names of encoders, labels and commands."""
    monkeypatch.setenv("COLUMNS", "500")
    done = headstart("recommend", reviews, "--encoders", "tfidf,lsa", "--language", "zh")
    assert done.code == 0, done.err
    for words in ("推荐：", "预计准确率", "每个类别只有 4 条", "拉丁字母（英文）"):
        assert words in done.out
    told = [line for line in done.out.splitlines() if not line.startswith("  headstart fit")]
    assert not re.search(r"\b[a-z]{2,} [a-z]{2,}\b", "\n".join(told))


def test_without_labels_it_says_what_it_can(headstart: Headstart, tmp_path: Path):
    """Facts and the way on; no ranking and no command."""
    path = tmp_path / "bare.csv"
    path.write_text("text\na kind place\na cold room\n")
    done = headstart("recommend", path, "--encoders", "tfidf")
    assert done.code == 0
    assert "No labels" in done.out
    assert "headstart fit" not in done.out
    assert json.loads(headstart("recommend", path, "--encoders", "tfidf", "--json").out)["next"] is None


def test_budgets_are_those_of_fit(headstart: Headstart, reviews: Path):
    """With a unit or without; anything else is refused with what is expected."""
    assert headstart("recommend", reviews, "--encoders", "tfidf", "--budget", "90").code == 0
    for words in (("recommend", reviews), ("fit", reviews, "--encoder", "tfidf", "--no-bundle")):
        done = headstart(*words, "--budget=5 days")
        assert done.code == 1
        assert "expected a time above 0, such as 90s, 5m or 1.5h. Got '5 days' instead." in done.err


def test_seeds_and_encoders_that_cannot_be_are_refused(headstart: Headstart, reviews: Path):
    """Before any work, and with what is expected; no traceback of a library."""
    for seed in ("-1", 2**32):
        done = headstart("recommend", reviews, "--encoders", "tfidf", "--seed", seed)
        assert (done.code, "--seed" in done.err, "Traceback" in done.err) == (2, True, False)
    for encoders in ("", " , "):
        done = headstart("recommend", reviews, "--encoders", encoders)
        assert done.code == 1
        assert "No encoder is named" in done.err
        assert done.out == ""


def test_few_rows_are_for_the_plain_command(headstart: Headstart, reviews: Path, monkeypatch: pytest.MonkeyPatch):
    """It comes first, whatever the number of rows; it is called the best as long as `auto` takes few_labels."""
    assert command._FEW_ROWS == auto._FEW
    plain, one = f"headstart fit {reviews}\n", f"headstart fit {reviews} --encoder tfidf --strategy linear_probe"
    for few in (8, 7):
        monkeypatch.setattr(command, "_FEW_ROWS", few)
        out = headstart("recommend", reviews, "--encoders", "tfidf").out
        assert 0 < out.index(plain) < out.index(one)
        assert ("the best for so few rows" in out) is (few == 8)
    answer = json.loads(headstart("recommend", reviews, "--encoders", "tfidf", "--json").out)
    assert (answer["next_plain"] + "\n", answer["next"]) == (plain, one)


def test_the_plain_command_names_a_transformer_that_fit_does_not_take_by_itself(
    headstart: Headstart, reviews: Path, tiny_model: Callable[[str], Path]
):
    """It has `auto` transfer from that one; as for the others, nothing is named."""
    folder = tiny_model("bert")
    answer = json.loads(headstart("recommend", reviews, "--encoders", folder, "--json").out)
    assert shlex.split(answer["next_plain"]) == ["headstart", "fit", str(reviews), "--encoder", str(folder)]
    assert shlex.split(answer["next"]) == [*shlex.split(answer["next_plain"]), "--strategy", "linear_probe"]


def test_the_usual_encoders_are_named_in_the_help(headstart: Headstart, monkeypatch: pytest.MonkeyPatch):
    """All of them, in their order."""
    monkeypatch.setenv("COLUMNS", "300")
    usual = f"default: {', '.join(advice._ENCODERS)}; beside them {', '.join(advice._NOT_ENGLISH)} for"
    assert usual in headstart("recommend", "--help").out


def test_unlabelled_rows_are_counted(headstart: Headstart, reviews: Path, tmp_path: Path):
    """They are texts to learn words from."""
    more = tmp_path / "more.csv"
    more.write_text("text\nanother kind place\nanother cold room\n")
    done = headstart("recommend", reviews, "--encoders", "tfidf", "--unlabelled", more, "--json")
    assert json.loads(done.out)["facts"]["n_unlabelled"] == 2


def test_no_candidate_is_an_error(headstart: Headstart, reviews: Path, tmp_path: Path):
    """The table says why, and the exit code is that of an error; so it is without labels."""
    bare = tmp_path / "bare.csv"
    bare.write_text("text\na kind place\na cold room\n")
    for path in (reviews, bare):
        done = headstart("recommend", path, "--encoders", "nothing")
        assert (done.code, "nothing cannot be used" in done.out) == (1, True)
        done = headstart("recommend", path, "--encoders", "nothing", "--json")
        assert (done.code, json.loads(done.out)["next"]) == (1, None)


@pytest.mark.parametrize(
    ("best", "chinese", "named"), [("e5", 1.0, False), ("minilm", 0.0, False), ("e5", 0.0, True), ("minilm", 0.4, True)]
)
def test_the_plain_command_names_what_fit_does_not_take_by_itself(best: str, chinese: float, named: bool) -> None:
    """It takes the packaged encoder of the texts' language; the other one has to be named."""
    facts = SimpleNamespace(languages={"en": 1.0 - chinese, "zh": chinese, "mixed": 0.0, "other": 0.0})
    found: Any = SimpleNamespace(best=best, strategy="linear_probe", facts=facts)
    _, plain = command._next_commands("rows.csv", found, [])
    assert plain == f"headstart fit rows.csv{f' --encoder {best}' if named else ''}"
