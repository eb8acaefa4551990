"""Where the last layer begins: the logits are those of a logistic regression on the features as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from headstart.finetuning.probe import begin_at_probe  # noqa: E402 - torch may be missing
from headstart.finetuning.rows import decide, features_of  # noqa: E402 - as above
from headstart.functional.probability import softmax  # noqa: E402 - as above
from headstart.heads.logistic import Logistic  # noqa: E402 - as above

MakeRun = Callable[..., Any]


def begin(run: Any, y: Any = None) -> list[str]:
    return begin_at_probe(run.network, run.inputs, run.y if y is None else y, run.rows, run.settings, run.random_state)


def test_the_last_layer_is_the_head_on_frozen_features(toy_run: MakeRun) -> None:
    """Of the rows that learn, and of no others: what a head that is fitted here by itself says of all rows."""
    run = toy_run(probe_rows=1000, precision="fp32")
    learn = run.rows.learn
    features = features_of(run.network, run.inputs, np.arange(len(run.y)), run.settings).astype(np.float32)
    expected = Logistic(10.0, None).fit(features[learn], run.y[learn]).predict_proba(features)
    (said,) = begin(run)
    found = softmax(decide(run.network, run.inputs, np.arange(len(run.y)), run.settings))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert f"{len(learn):,} rows" in said


def test_a_part_of_the_rows(toy_run: MakeRun) -> None:
    """About as many as asked for, of each class; the same seed draws the same ones."""
    runs = [toy_run(probe_rows=12) for _ in range(2)]
    said, _ = (begin(run) for run in runs)
    assert said == ["The last layer began at a logistic regression on the features of 12 rows."]
    assert torch.equal(runs[0].network.last.weight, runs[1].network.last.weight)


def test_off_and_where_there_is_nothing_to_tell_apart(toy_run: MakeRun) -> None:
    """Nothing is asked of zero rows; a single row of a class is left at zero; one class alone changes nothing."""
    run = toy_run(probe_rows=0)
    assert begin(run) == []
    run = toy_run(probe_rows=1000)
    alone = np.zeros_like(run.y)
    assert begin(run, alone) == []
    assert not run.network.last.weight.any()
    alone[run.rows.learn[0]] = 1
    assert begin(run, alone) == []


def test_a_run_begins_there(toy: Any, toy_run: MakeRun) -> None:
    """And ends no worse than that, whatever its rates do."""
    run = toy_run(probe_rows=1000, learning_rate=1.0, n_epochs=1)
    toy.finished(run)
    logits = decide(run.network, run.inputs, run.rows.check, run.settings)
    fresh = toy_run(probe_rows=1000)
    begin(fresh)
    np.testing.assert_allclose(logits, decide(fresh.network, fresh.inputs, fresh.rows.check, fresh.settings), atol=1e-5)
    assert any("after step 0" in note for note in run.notes)
