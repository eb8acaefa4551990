"""urls, emails, numbers: found in every surrounding, whole, and nothing beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.text.rules.emails import Emails
from headstart.text.rules.numbers import Numbers
from headstart.text.rules.urls import Urls

NAME = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
AROUND = st.sampled_from(["看", "好，", "见：", "（", "word ", "x\n", ""])
AFTER = st.sampled_from(["这个", "，好", "。", "）", " word", "\nx", "", ". End", ", and", "!", "?"])
PATH = st.lists(NAME, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts))
URL = st.builds("{}{}.{}{}{}".format, st.sampled_from(["http://", "https://", "www.", "HTTPS://"]), NAME, NAME, PATH,
                st.sampled_from(["", "?a=1&b=2", "#top"]))  # fmt: skip
EMAIL = st.builds("{}.{}@{}.{}".format, NAME, NAME, NAME, st.sampled_from(["com", "co.uk", "cn"]))


def squeezed(text: str) -> str:
    return text.replace(" ", "")


@given(AROUND, URL, AFTER)
def test_an_address_is_found_whole(before: str, url: str, after: str) -> None:
    """Nothing of the address is left, and nothing else is gone."""
    assert squeezed(Urls()(before + url + after)) == squeezed(before + after)
    assert squeezed(Urls("mask")(before + url + after)) == squeezed(before + "url" + after)


@given(AROUND.filter(lambda before: not before.endswith("x\n")), EMAIL, AFTER)
def test_an_email_is_found_whole(before: str, email: str, after: str) -> None:
    """The same for e-mail addresses, which begin at the first ASCII character."""
    assert squeezed(Emails()(before + email + after)) == squeezed(before + after)


@given(st.text(alphabet="abc好.,/:@ -", max_size=30).filter(lambda text: "www." not in text))
def test_texts_without_addresses_stay(text: str) -> None:
    """Letters and punctuation without a scheme, a known domain or digits are no address and no number."""
    assert Urls()(text) == text
    assert Numbers()(text) == text


@given(st.integers(0, 10**9))
def test_a_number_needs_seven_digits(number: int) -> None:
    """Six digits stay, seven go."""
    text = f"共{number}元"
    assert Numbers("mask")(text) == (text if number < 10**6 else "共 number 元")


@pytest.mark.parametrize("year", ["1999-2020", "2020-01-31", "2020-1-1"])
def test_dates_stay(year: str) -> None:
    """Dates and spans of years have seven digits and more, and mean something."""
    assert Numbers()(f"in {year}, ok") == f"in {year}, ok"
