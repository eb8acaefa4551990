"""When held-out rows say enough to act on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sem

from headstart.finetuning.checking import answer
from headstart.functional.probability import clearly_lower


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=2, max_size=40))
def test_one_standard_error_of_the_paired_difference(rows: list[tuple[float, float]]) -> None:
    """Lower where the mean gain is above its standard error, as scipy has it; never lower both ways."""
    a, b = (np.array(column) for column in zip(*rows, strict=True))
    gain = b - a
    if abs(gain.mean() - sem(gain)) > 1e-9:
        assert clearly_lower(a, b) == (gain.mean() > sem(gain))
    assert not (clearly_lower(a, b) and clearly_lower(b, a))
    assert not clearly_lower(a, a)


def test_few_rows_prove_nothing_many_do() -> None:
    """One row says nothing; a gain that one row in five makes is noise on 5 rows, and not on 500."""
    assert not clearly_lower(np.array([0.1]), np.array([9.0]))
    gain = np.array([1.0, 0.0, 0.0, 0.0, 0.0]) - 0.05
    assert not clearly_lower(np.zeros(5), gain)
    assert clearly_lower(np.zeros(500), np.tile(gain, 100))


def test_an_answer_is_calibrated() -> None:
    """Logits that are too sure by any factor say the same: loss, accuracy and losses do not change, the scale does."""
    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=(200, 3)), rng.integers(0, 3, 200)
    logits[np.arange(200), y] += 1.5
    one, ten = answer(5, logits, y), answer(5, 10 * logits, y)
    assert (one.check.step, one.check.accuracy) == (5, np.mean(logits.argmax(axis=1) == y))
    assert one.check.loss == pytest.approx(ten.check.loss, rel=1e-5)
    assert one.losses.mean() == pytest.approx(one.check.loss)
    np.testing.assert_array_equal(ten.logits, 10 * logits)
    assert one.scale == pytest.approx(10 * ten.scale, rel=1e-3)
