"""RunConfig: what is written is read back, and every mistake is named at once."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.config import RunConfig, check_page, parse_settings, seconds_of
from headstart.errors import ConfigError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
CONFIGS = st.builds(
    RunConfig,
    train=TEXT,
    test=st.none() | TEXT,
    source=st.none() | TEXT,
    encoder=TEXT,
    shots=st.none() | st.integers(2, 10**6),
    seed=st.integers(0, 2**32 - 1),
    skip_bad_rows=st.booleans(),
    settings=st.dictionaries(TEXT, st.none() | VALUES, max_size=4),
)


@given(CONFIGS)
@settings(max_examples=300, deadline=None)
def test_toml_round_trip(tmp_path_factory: pytest.TempPathFactory, config: RunConfig) -> None:
    """Reading what `to_toml` wrote gives an equal configuration, whatever characters and values it holds."""
    path = tmp_path_factory.getbasetemp() / "run.toml"
    path.write_text(config.to_toml(), encoding="utf-8", newline="\n")
    assert RunConfig.build(path) == config


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300, 0.1, -0.0, 10**30, True, [[1], ["a"]], {"a": {"b": 1}}])
def test_single_values_survive(tmp_path: Path, value: Any) -> None:
    """Values at the edge of what TOML has come back with their type."""
    (tmp_path / "run.toml").write_text(RunConfig(train="x", settings={"head.x": value}).to_toml())
    found = RunConfig.build(tmp_path / "run.toml").settings["head.x"]
    assert (found, type(found)) == (value, type(value))


def test_every_mistake_at_once() -> None:
    """One error holds one line for each mistake, with what was got and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        RunConfig.build(None, shots=1, seed=-1, limit="many", encodr="tfidf")
    lines = str(caught.value).splitlines()
    assert len(lines) == 5
    assert lines[0] == "Setting 'train' is missing."
    assert "Setting 'shots': Input should be greater than or equal to 2. Got 1 instead." in lines
    assert "Setting 'seed': Input should be greater than or equal to 0. Got -1 instead." in lines
    assert any(line.startswith("Setting 'limit': ") and line.endswith("Got 'many' instead.") for line in lines)
    assert any(line.startswith("Unknown setting 'encodr'. Did you mean 'encoder'? Known: train,") for line in lines)


def test_seeds_are_those_that_every_library_takes() -> None:
    """0 to 2**32 - 1: scikit-learn and numpy take no others."""
    assert RunConfig.build(None, train="x", seed=2**32 - 1).seed == 2**32 - 1
    with pytest.raises(ConfigError, match=r"Setting 'seed': .* less than or equal to 4294967295\. Got 4294967296"):
        RunConfig.build(None, train="x", seed=2**32)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("60", 60), ("60s", 60), (" 60 s ", 60), ("1.5m", 90), ("2 h", 7200), (".5", None), ("0", None), ("1d", None)],
)
def test_lengths_of_time(tmp_path: Path, written: str, seconds: float | None) -> None:
    """Seconds, minutes, hours, with or without spaces and unit; a file may have a number; nothing else is a time."""
    (tmp_path / "run.toml").write_text(f"train = 'x'\nbudget = '{written}'\n")
    if seconds is None:
        form = r"expected a time above 0, such as 90s, 5m or 1\.5h\. Got "
        with pytest.raises(ConfigError, match=f"^--budget: {form}"):
            seconds_of(written)
        with pytest.raises(ConfigError, match=f"^Setting 'budget': {form}"):
            RunConfig.build(tmp_path / "run.toml")
        return
    assert seconds_of(written) == RunConfig.build(tmp_path / "run.toml").budget_s == seconds
    (tmp_path / "run.toml").write_text("train = 'x'\nbudget = 90\n")
    assert RunConfig.build(tmp_path / "run.toml").budget_s == 90


def test_flags_override_the_file(tmp_path: Path) -> None:
    """A flag that is given wins; one that is None leaves the file's value; settings are merged one by one."""
    file = tmp_path / "run.toml"
    file.write_text('train = "a.csv"\nseed = 3\n[settings]\nhead.C = 1.0\n"encoder.ngrams" = [1, 2]\n')
    config = RunConfig.build(file, seed=None, train="b.csv", settings={"head.C": 5.0})
    assert (config.train, config.seed) == ("b.csv", 3)
    assert config.settings == {"head.C": 5.0, "encoder.ngrams": [1, 2]}
    assert RunConfig.build(file).settings == {"head.C": 1.0, "encoder.ngrams": [1, 2]}


def test_tables_are_dotted_names(tmp_path: Path) -> None:
    """`[settings.head] C = 1`, `head.C = 1` and `"head.C" = 1` are the same setting; "none" is None."""
    for text in (
        "[settings.head]\nC = 'none'",
        "[settings]\nhead.C = 'None'",
        '[settings]\n"head.C" = "none"',
    ):
        (tmp_path / "run.toml").write_text(f"train = 'x'\n{text}\n")
        assert RunConfig.build(tmp_path / "run.toml").settings == {"head.C": None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"train = ", "is not readable as TOML"),
        (b"\xff\xfe", "is not readable as TOML"),
        (b"train = 3", "Setting 'train': Input should be a valid string. Got 3 instead"),
        (b"train = 'x'\nsettings = 3", "Setting 'settings': Input should be a valid dictionary"),
        (b"train = 'x'\nsorce = 'y'", "Unknown setting 'sorce'. Did you mean 'source'"),
    ],
)
def test_files_with_mistakes(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that cannot be used is a ConfigError, never a traceback of a library."""
    (tmp_path / "run.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        RunConfig.build(tmp_path / "run.toml")
    assert message in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    """Editors of Windows begin files with one."""
    (tmp_path / "run.toml").write_text("train = 'x'\n", encoding="utf-8-sig")
    assert RunConfig.build(tmp_path / "run.toml").train == "x"


def test_places_of_pages(tmp_path: Path) -> None:
    """A file in a folder that is there; not the folder itself, nor one in a folder that is not."""
    check_page("--report", None)
    check_page("--report", str(tmp_path / "r.html"))
    with pytest.raises(ConfigError, match=r"^--report .* is a folder: name a file, such as .*report\.html\.$"):
        check_page("--report", str(tmp_path))
    with pytest.raises(ConfigError, match=r"^--out .*: there is no folder .*no\. Create it first\.$"):
        check_page("--out", str(tmp_path / "no" / "r.html"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path and the flag are named."""
    with pytest.raises(ConfigError, match=r"nothing\.toml is not there \(--config\)"):
        RunConfig.build(tmp_path / "nothing.toml")
    with pytest.raises(ConfigError, match="is not readable as TOML"):
        RunConfig.build(tmp_path)


def test_a_configuration_does_not_change() -> None:
    """It is frozen, and equal to another with the same values."""
    config = RunConfig(train="x")
    with pytest.raises(ValueError, match="frozen"):
        setattr(config, "train", "y")  # noqa: B010 - that it cannot be assigned is the test
    assert config == RunConfig(train="x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("[1, 3]", [1, 3]),
        ("balanced", "balanced"),
        ('"1"', "1"),
        ("none", None),
        ("None", None),
        ("", ""),
        ("a=b", "a=b"),
        ("2020-01-01", "2020-01-01"),
        ("12:30:00", "12:30:00"),
        ("1\nseed = 2", "1\nseed = 2"),
        ("中文", "中文"),
        ("[1, 3", "[1, 3"),
    ],
)
def test_values_of_set(text: str, value: object) -> None:
    """`--set head.C=VALUE` takes TOML values; anything else is the string as it was typed."""
    found = parse_settings([f" head.C = {text}"])
    assert found == {"head.C": value}
    assert type(found["head.C"]) is type(value)


@pytest.mark.parametrize("pair", ["head.C", "=1", " = 1", ""])
def test_set_needs_a_name_and_a_value(pair: str) -> None:
    """What is no pair says how a pair looks."""
    with pytest.raises(ConfigError, match=r"--set takes key=value, for example --set head\.C=1\.0"):
        parse_settings([pair])


def test_later_pairs_win() -> None:
    """The same key twice: the last one counts, as with flags."""
    assert parse_settings(["head.C=1", "head.C=2", "x.y=3"]) == {"head.C": 2, "x.y": 3}
