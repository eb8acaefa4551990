"""TextCleaner: one order, a clean text stays, a bundle keeps all, attacks end."""

import importlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart import registry
from headstart.errors import ConfigError, UnknownComponent
from headstart.text import cleaner as module
from headstart.text.cleaner import DEFAULT, ORDER, TextCleaner

SPECS = [
    "html", "control", "emoji", "emoji:name", "emoji:name_zh", "unicode", "width", "width:letters", "urls", "urls:mask",
    "emails", "emails:mask", "numbers", "numbers:mask", "lower", "symbols", "repeats", "repeats:1", "stop_words",
    "whitespace", "default", *(["simplified"] if find_spec("opencc") else []),
]  # fmt: skip
PIECES = [
    *"<>&;#/!-.:@'\"= \n\t\r()[]0123aAbBzp", *"的我不是中乾臺，。！（）　＜＆Ａ：／．＠①㊗ΣİｶﾞﷺﬁΩ", *"😀👨🏽🇨🇳❤©",
    *"\u200b\u200d\ufeff\xad\ufe0f\ufe0e\u0301\u0323\xa0\u2028\u202e\x00\x1f\x85\x92", "1\ufe0f\u20e3",
    "<b>", "</b>", "<p ", "<br>", "<!--", "-->", "<![CDATA[", "]]>", "<script>", "</script>", "&amp;", "&lt;", "&gt",
    "&#", "&nbsp", "&#8203;", "&#65", "amp;", "lt;", "http://", "www.", "t.cn/", "com", "a@b.cn", "mailto:", "138",
    "1234567", "2020-11-", "the ", "not", "它们", "url", "email",
]  # fmt: skip
NASTY = st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)


def nested_entity(depth: int) -> str:
    """A digit of an entity is an entity, and so on: `&#5` `&#53;` `;` is `&#55;` is `7`."""
    start, digit = "", "7"
    for _ in range(depth):
        code = str(ord(digit))
        start, digit = start + f"&#{code[0]}", code[1]
    return start + digit + ";" * depth


@given(NASTY, st.lists(st.sampled_from(SPECS), min_size=1, max_size=8, unique_by=lambda spec: spec.split(":")[0]))
@settings(deadline=None, max_examples=150)
def test_a_clean_text_stays(text: str, specs: list[str]) -> None:
    """Whatever the rules: cleaning twice is cleaning once, and the trace ends with the clean text."""
    cleaner = TextCleaner.from_spec(",".join(specs))
    once = cleaner.clean(text)
    assert cleaner.clean(once) == once
    assert cleaner.trace(text)[-1][1] == once


@given(NASTY, st.sampled_from([spec for spec in SPECS if spec != "default"]))
@settings(deadline=None, max_examples=150)
def test_each_rule_settles_by_itself(text: str, spec: str) -> None:
    """One rule alone needs no more than two applications for any text."""
    (rule,) = TextCleaner.from_spec(spec).rules
    assert rule(rule(rule(text))) == rule(rule(text))


@given(NASTY, st.lists(st.sampled_from(SPECS), min_size=1, max_size=8, unique_by=lambda spec: spec.split(":")[0]))
@settings(deadline=None, max_examples=100)
def test_a_text_that_does_not_settle_is_made_to(text: str, specs: list[str]) -> None:
    """The last resort leaves a text on which no rule has work to do."""
    cleaner = TextCleaner.from_spec(",".join(specs))
    settled = cleaner._settle(text)[-1][1]
    assert cleaner.clean(settled) == settled


@pytest.mark.parametrize(
    "text",
    [
        "&" + "amp;" * 5000 + "lt;",
        "<" * 3000 + "<b>" + "b>" * 3000,
        "&am" * 3000 + "p;" * 3000,
        "&z" * 3000 + "&ZeroWidthSpace;" + "wj;" * 3000,
        nested_entity(2000),
        "&l" * 500 + "\u200b<b>" * 500 + "t;" * 500,
    ],
    ids=["ampersands", "tags in tags", "halves", "zero-widths in entities", "digits in entities", "mixed"],
)
def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """However deep an attack is nested, each rule runs a fixed number of times, and the result is clean."""
    cleaner = TextCleaner.from_spec("default,unicode,urls,emoji")
    calls: Counter[str] = Counter()

    def counted(name: str, rule: Callable[[str], str]) -> Callable[[str], str]:
        def call(text: str) -> str:
            calls[name] += 1
            return rule(text)

        return call

    rules = tuple(counted(name, rule) for (name, _), rule in zip(cleaner.names, cleaner.rules, strict=True))
    monkeypatch.setitem(cleaner.__dict__, "rules", rules)
    once = cleaner.clean(text)
    assert set(calls) == {name for name, _ in cleaner.names}
    assert max(calls.values()) <= 2 * module._PASSES
    assert cleaner.clean(once) == once


def test_no_pattern_can_run_away() -> None:
    """No unbounded repetition inside of another one, unless the outer one never tries again (possessive)."""
    parser: Any = importlib.import_module("re._parser")
    unbounded: Any = importlib.import_module("re._constants").MAXREPEAT

    def nested(tree: Any, inside: bool = False) -> bool:
        for op, argument in tree:
            name = str(op)
            if name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[1] == unbounded:
                if inside or nested(argument[2], True):
                    return True
            elif any(nested(part, inside) for part in _parts(argument, parser)):
                return True
        return False

    patterns = {
        f"{rule}.{name}": value
        for rule in registry.names("text rule")
        for name, value in _constants(rule)
        if isinstance(value, re.Pattern)
    }
    assert len(patterns) > 10
    assert nested(parser.parse("(a+b?)*c"))
    assert [name for name, p in patterns.items() if nested(parser.parse(p.pattern, p.flags))] == []


def _constants(rule: str) -> list[tuple[str, Any]]:
    loaded: ModuleType = importlib.import_module(f"headstart.text.rules.{rule}")
    listed = list(vars(loaded).items())
    return listed + [(f"{name}[{key}]", v) for name, d in listed if isinstance(d, dict) for key, v in d.items()]


def _parts(argument: Any, parser: Any) -> list[Any]:
    """The patterns inside of a node of a pattern."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [part for item in argument for part in _parts(item, parser)]
    return []


def test_every_rule_has_its_place() -> None:
    """The order names every rule of the folder once."""
    assert sorted(ORDER) == registry.names("text rule")


def test_the_users_order_does_not_matter() -> None:
    """Any order of the same rules is the same cleaner; a rule named twice alike is one rule."""
    specs = ["html", "unicode", "lower", "urls:mask", "whitespace", "repeats:2"]
    made = {TextCleaner.from_spec(",".join(random.Random(i).sample(specs, len(specs)))).names for i in range(20)}
    assert len(made) == 1
    assert TextCleaner.from_spec("lower, html,lower") == TextCleaner.from_spec("html,lower")


def test_default_with_more() -> None:
    """Rules beside `default` join it; a rule that it has already is replaced."""
    names = dict(TextCleaner.from_spec("default,emoji:name,width:half").names)
    assert names == {**dict(DEFAULT), "emoji": "name", "width": "half"}
    assert TextCleaner.from_spec("width:half,default") == TextCleaner.from_spec("default,width:half")


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("htlm", UnknownComponent, r"Unknown text rule 'htlm'\. Did you mean 'html'\? Known: default, control, "),
        ("defualt", UnknownComponent, r"Did you mean 'default'\?"),
        ("default:all", ConfigError, "'default' takes no argument. Got 'all'"),
        ("lower:yes", ConfigError, "'lower' takes no argument. Got 'yes'"),
        ("emoji:names", ConfigError, "'emoji': unknown argument 'names'. Known: drop, keep, name, name_zh"),
        ("urls:hide", ConfigError, "'urls': unknown argument 'hide'. Known: drop, mask"),
        ("width:narrow", ConfigError, "'width': unknown argument 'narrow'. Known: half, letters"),
        ("repeats:0", ConfigError, "from 1 to 99. Got '0'"),
        ("repeats:many", ConfigError, "from 1 to 99. Got 'many'"),
        ("emoji:name,emoji:drop", ConfigError, "asks for 'emoji' in two ways"),
        ("", ConfigError, "is not a list of names"),
        ("stop_words:no/such/file.txt", ConfigError, r"cannot read the list .*one word a line"),
    ],
)
def test_what_cannot_be_used_is_said(spec: str, error: type[Exception], message: str) -> None:
    """A wrong rule or argument is an error when the cleaner is made, with what is known."""
    with pytest.raises(error, match=message):
        TextCleaner.from_spec(spec)


def test_trace() -> None:
    """Each rule in its turn."""
    cleaner = TextCleaner.from_spec("lower,html,whitespace")
    assert cleaner.trace("<b>A</b>  b") == [("html", "A  b"), ("lower", "a  b"), ("whitespace", "a b")]
    assert TextCleaner().trace("x") == []


def test_a_later_pass_is_traced() -> None:
    """A rule that makes work for an earlier one: the trace goes on with the steps that changed the text."""
    cleaner = TextCleaner.from_spec("html,control")
    assert cleaner.trace("<\u200bb>x") == [("html", "<\u200bb>x"), ("control", "<b>x"), ("html", "x")]


def test_settings_hold_all(tmp_path: Path) -> None:
    """Through JSON, without the user's file, the cleaner does the same."""
    path = tmp_path / "mine.txt"
    path.write_text("# mine\nFoo\n手机\n", encoding="utf-8")
    cleaner = TextCleaner.from_spec(f"default,emoji:name,stop_words:{path}")
    path.unlink()
    kept = json.loads(json.dumps(cleaner.settings()))
    again = TextCleaner.from_settings(kept)
    text = "<p>foo 手机 bar the 😀</p>"
    assert again.clean(text) == cleaner.clean(text) == "bar the grinning face"
    assert again.settings() == cleaner.settings()
    assert [rule["name"] for rule in kept] == ["html", "control", "emoji", "width", "stop_words", "whitespace"]


def test_built_in_words_are_kept() -> None:
    """A bundle keeps the words of its own list too: a later list does not change what it does."""
    (rule,) = TextCleaner.from_spec("stop_words").settings()
    assert {"the", "的"} <= set(rule["kept"])


def test_nothing_to_do() -> None:
    """No rules: the texts themselves. A text may become empty."""
    assert TextCleaner().clean_all(["a ", ""]) == ("a ", "")
    assert TextCleaner.from_spec("default").clean_all(["<br>", " ", "ok"]) == ("", "", "ok")
    assert TextCleaner.from_settings(()) == TextCleaner()
