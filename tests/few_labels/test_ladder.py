"""The ladder: what stays, what is left out, and what is told of it."""

import numpy as np
import pytest

from headstart.few_labels.experts import Expert, Parts, Ridge, from_names, from_tuned, way_of_dense
from headstart.few_labels.ladder import BELIEF, Ladder, Pool, Rung, fitted_mixture
from headstart.functional.conformal import exact_interval
from headstart.functional.probability import softmax


def world(seed: int = 0, n: int = 24, unlabelled: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray, Parts]:
    """Rows of two classes, the first n labelled; codes of all."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n) % 2, rng.integers(2, size=unlabelled)])
    x = rng.normal(size=(len(y), 8))
    x[:, 0] += 2.2 * (2 * y - 1)
    noise = rng.normal(size=(len(y), 5))
    return x, noise, y, Parts.of(y[:n], 2, [str(i) for i in range(n)], seed)


def climbed(x: np.ndarray, noise: np.ndarray, parts: Parts) -> Ladder:
    ladder = Ladder(parts)
    ladder.start("noise", lambda: Ridge(noise, len(parts.y)).expert("words", parts))
    ladder.beside("features", lambda: [Ridge(x, len(parts.y)).expert("features", parts)])
    return ladder


def test_what_tells_the_classes_apart_counts_and_noise_does_not() -> None:
    """The factor of the features is many times that of the noise; the whole is right about rows without labels."""
    x, noise, y, parts = world()
    pool = climbed(x, noise, parts).taken()
    factors = {expert.name: factor for expert, factor in pool.parts()}
    assert factors["features"] > 3 * factors["words"]
    assert np.mean(pool.final()[24:].argmax(axis=1) == y[24:]) > 0.9


def test_names_that_lie_are_left_out_and_names_that_help_stay() -> None:
    """Directions that point the wrong way make held-out rows clearly worse."""
    x, noise, _, parts = world()
    right = np.zeros((2, 8))
    right[:, 0] = (-1.0, 1.0)
    for towards, stays in ((right, True), (-right, False)):
        ladder = climbed(x, noise, parts)
        made = from_names(x, towards, parts, "names")
        kept = ladder.add("names", lambda made=made: made, "unless worse")  # type: ignore[misc] # mypy: a default argument
        pool = ladder.taken()
        counts = any(factor > 0 and expert.name == "names" for expert, factor in pool.parts())
        assert counts is stays or not kept
        assert kept or not stays


def test_what_is_rarely_right_must_be_clearly_better() -> None:
    """A direction that tells the classes apart is kept; one that has nothing to do with them is in one of ten
    draws at most, though it is better by chance more often.
    """
    kept = {"if better": 0, "if clearly better": 0}
    for seed in range(10):
        x, noise, _, parts = world(seed)
        for column, rule in ((0, "if clearly better"), (5, "if better"), (5, "if clearly better")):
            towards = np.zeros((2, 8))
            towards[:, column] = (-1.0, 1.0)
            ladder = climbed(x, noise, parts) if column else Ladder(parts)
            if not column:
                ladder.start("noise", lambda noise=noise, parts=parts: Ridge(noise, 24).expert("words", parts))  # type: ignore[misc] # mypy: a default argument
            made = from_names(x, towards, parts, "names")
            stays = ladder.add("names", lambda made=made: made, rule)  # type: ignore[misc,arg-type] # mypy: a default argument
            kept[rule] += stays and column == 5
            assert stays or column == 5
    assert kept["if clearly better"] <= 1 < kept["if better"]


def test_unlabelled_rows_join_where_they_help() -> None:
    """Two clusters that are the classes: rows without labels are told better with them, or as well."""
    before, after = [], []
    for seed in range(5):
        x, noise, y, parts = world(seed, n=8)
        ladder = climbed(x, noise, parts)
        before.append(np.mean(ladder.taken().final()[8:].argmax(axis=1) == y[8:]))
        ladder.add_unlabelled("unlabelled", x)
        after.append(np.mean(ladder.taken().final()[8:].argmax(axis=1) == y[8:]))
    assert np.mean(after) > np.mean(before) + 0.02


def test_every_rung_is_told() -> None:
    """Name, held-out accuracy with an interval that holds it, whether it stayed and why."""
    x, noise, _, parts = world()
    ladder = climbed(x, noise, parts)
    ladder.add_unlabelled("400 unlabelled texts", x)
    assert [rung.name for rung in ladder.rungs] == [
        "noise", "features, alone", "with words", "+ 400 unlabelled texts",
    ]  # fmt: skip
    for rung in ladder.rungs:
        assert 0 <= rung.low <= rung.accuracy <= rung.high <= 1
        assert rung.sentence().startswith(f"{rung.name}: {100 * rung.accuracy:.1f} % [")
    assert [rung.verdict for rung in ladder.rungs][:3] == ["", "", "kept"]


def test_without_rows_to_hold_out_the_belief_decides() -> None:
    """Three rows of two texts: nothing can be checked, which is said, and all experts stay."""
    parts = Parts.of(np.array([0, 0, 1, 1]), 2, ["a", "a", "b", "b"], 0)
    x = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    ladder = climbed(x, x[:, :1], parts)
    pool = ladder.taken()
    assert pool.final().argmax(axis=1).tolist() == [0, 0, 1, 1]
    assert all(factor == BELIEF[expert.name] for expert, factor in pool.parts())
    assert "not checked" in ladder.rungs[-1].sentence()


def test_a_mixture_is_linear_in_the_whole_features() -> None:
    """Directions that few rows use are cut, and the same values come out of the features as they are."""
    x, _, y, _ = world(unlabelled=300)
    linear = fitted_mixture(x, 0.5 * (2 * np.eye(2)[y] - 1))
    assert linear.coef.shape == (2, 8)
    assert np.mean(linear(x).argmax(axis=1) == y) > 0.95


def test_experts_of_one_size() -> None:
    """Values that were a thousand times larger count the same."""
    x, noise, _, parts = world()
    plain = Ridge(x, 24).expert("features", parts)
    large = Expert("features", 1e3 * plain.final, tuple(1e3 * p for p in plain.partial), plain.linear.times(1e3))
    np.testing.assert_allclose(large.sized(parts).final, plain.final)
    assert climbed(x, noise, parts).taken().factors.shape == (2,)


def test_features_that_were_tuned_are_judged_by_the_other_part() -> None:
    """Each part is learnt from its own features; held-out values are those of rows that it has not learnt from."""
    x, _, _, parts = world()
    n = len(parts.y)
    of_parts = [x[:n] * (i + 1.0) for i in range(len(parts.pairs))]
    expert = from_tuned(x[:n], of_parts, parts)
    held_out = expert.held_out(parts)
    assert np.mean((held_out - held_out.mean(axis=1, keepdims=True)) ** 2) == pytest.approx(1.0)
    np.testing.assert_allclose(expert.linear(x[:n]), expert.final)
    alone = Ridge(x[:n], n).expert("tuned", parts)  # the size of features does not matter to the ridge
    np.testing.assert_allclose(expert.held_out(parts), alone.held_out(parts))


SAME = ("layers", "last layer", "lexicon", "taught")  # names of experts


def test_experts_who_say_the_same_do_not_make_the_whole_surer_than_it_is_right() -> None:
    """One expert five times over: each has its own belief, and their sum promises more on new rows than they are right.
    At the size that held-out rows ask for the promise is nearer, on average; the answers are the same.
    """
    off = {"as they are": 0.0, "resized": 0.0}
    for seed in range(8):
        x, _, y, parts = world(seed, n=12)
        ladder = Ladder(parts)
        ladder.start("features", lambda x=x, parts=parts: Ridge(x, len(parts.y)).expert("features", parts))  # type: ignore[misc]
        ladder.beside("more", lambda x=x, parts=parts: [Ridge(x, 12).expert(each, parts) for each in SAME])  # type: ignore[misc]
        pool = ladder.taken()
        sized = pool.times(pool.size(parts), parts)
        for name, each in (("as they are", pool), ("resized", sized)):
            p, right = softmax(each.final()[12:]), y[12:]
            off[name] += float(p.max(axis=1).mean() - np.mean(p.argmax(axis=1) == right)) / 8
        assert np.array_equal(sized.final().argmax(axis=1), pool.final().argmax(axis=1))
        assert sized.held_out == pytest.approx(pool.size(parts) * pool.held_out)
    assert abs(off["resized"]) < off["as they are"]


def test_rows_that_nobody_asked_do_not_make_a_rung_surer() -> None:
    """Of 400 rows 60 were asked, twice each: the interval is that of 60."""
    y = np.arange(400) % 2
    asked = np.arange(60)
    parts = Parts(y, 2, ((np.arange(200, 400), asked[:30]), (np.arange(60, 200), asked[30:])) * 2, 2)
    pool = Pool((), np.ones(1), np.eye(2)[np.concatenate([1 - y[:60], y[:60]])], np.ones(120))
    rung = Rung.of("", pool, parts, "", "", 0.0)
    assert (rung.n, rung.accuracy) == (60, 0.5)
    assert (rung.low, rung.high) == exact_interval(30, 60)


@pytest.mark.parametrize(("shares", "k"), [((6, 4), 2), ((5, 5), 2), ((6, 3, 1), 3)])
def test_equal_texts_of_several_classes_are_no_surer_than_their_shares(shares: tuple[int, ...], k: int) -> None:
    """No row can be held out; two experts who say the same do not make them surer."""
    y, x = np.repeat(np.arange(k), shares), np.ones((10, 4))
    parts = Parts.of(y, k, ["same text"] * 10, 0)
    pool = Pool.of([Ridge(x, 10, way=way_of_dense(10, k)).expert(name, parts) for name in SAME[:2]], parts)
    sized = softmax(pool.times(pool.size(parts), parts).final())
    assert sized == pytest.approx(np.tile(np.array(shares) / 10, (10, 1)), abs=0.02)


def test_rows_that_do_not_contradict_each_other_are_as_sure_as_is_believed() -> None:
    """Three texts: none can be held out, and what was learnt from them is right about all."""
    y, x = np.array([0, 0, 1]), np.eye(3)
    parts = Parts.of(y, 2, ["a", "b", "c"], 0)
    assert Pool.of([Ridge(x, 3).expert("features", parts)], parts).size(parts) == 0.7
