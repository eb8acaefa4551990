"""Search of settings: what it may propose, when it stops, when the defaults stay."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optuna")

from headstart.errors import ConfigError
from headstart.finetuning.search import Found, check_n_trials, search
from headstart.finetuning.settings import Settings
from headstart.finetuning.trials import Look

_N = 200
_NOISE = np.random.default_rng(0).normal(size=_N)


class Bowl:
    """Trials whose mean loss is 0.5 + the distance of the logarithm of the learning rate from that of `best`."""

    def __init__(self, best: float, noise: float = 0.0, seconds: float = 0.0) -> None:
        self.best, self.noise, self.seconds = best, noise, seconds
        self.now = 0.0
        self.tried: list[Settings] = []
        self.looks: list[int] = []

    def clock(self) -> float:
        """Seconds that the trials took."""
        return self.now

    def __call__(self, settings: Settings, look: Look) -> tuple[np.ndarray, float]:
        """A trial with looks after its quarters."""
        self.tried.append(settings)
        self.looks.append(0)
        loss = 0.5 + abs(np.log10(settings.learning_rate / self.best))
        for number in range(1, 5):
            self.now += self.seconds / 4
            if number < 4:
                self.looks[-1] = number
                look(number, number / 4, loss)
        sign = 1.0 if settings == self.tried[0] else -1.0  # noise that no pair of trials shares
        return loss + sign * self.noise * _NOISE, 1.0 - loss / 10


def searched(bowl: Bowl, n_trials: int = 12, **more: object) -> Found:
    return search(bowl, Settings(learning_rate=1e-4), **{"n_trials": n_trials, "n_layers": 6, **more})  # type: ignore[arg-type] # of the tests


def test_the_first_trial_is_that_of_the_defaults_and_the_number_of_trials_is_kept() -> None:
    bowl = Bowl(best=3e-4)
    found = searched(bowl)
    assert bowl.tried[0] == Settings(learning_rate=1e-4)
    assert len(bowl.tried) == 12
    assert found.trials[0].number == 1
    assert not found.trials[0].changed


def test_a_clearly_better_trial_is_taken_and_it_is_the_best_of_them() -> None:
    bowl = Bowl(best=3e-4)
    found = searched(bowl)
    assert found.settings in bowl.tried[1:]
    assert abs(np.log10(found.settings.learning_rate / 3e-4)) == min(
        abs(np.log10(settings.learning_rate / 3e-4)) for settings in bowl.tried
    )
    assert "clearly better" in found.reasons[0]


def test_the_defaults_stay_when_they_are_best() -> None:
    found = searched(Bowl(best=1e-4))
    assert found.settings == Settings(learning_rate=1e-4)
    assert "defaults stayed" in found.reasons[0]


def test_the_defaults_stay_when_the_gain_is_within_the_noise() -> None:
    """The least gain to tell is one standard error of the paired difference: 2 * noise / sqrt(n), about 1.4 here."""
    found = searched(Bowl(best=3e-4, noise=10.0))
    assert len(found.trials) > 1
    assert found.settings == Settings(learning_rate=1e-4)


def test_same_seed_same_result_other_seed_other_trials() -> None:
    first, second, other = Bowl(3e-4), Bowl(3e-4), Bowl(3e-4)
    assert searched(first, random_state=5).settings == searched(second, random_state=5).settings
    searched(other, random_state=6)
    assert first.tried == second.tried
    assert first.tried[1:] != other.tried[1:]


def test_poor_trials_are_broken_off_and_counted() -> None:
    bowl = Bowl(best=1e-4)
    found = searched(bowl, 20)
    stopped = sum(looks < 3 for looks in bowl.looks)
    assert stopped > 0
    assert bowl.looks[0] == 3
    assert len(found.trials) + stopped == 20
    assert f"20 trials, {stopped} of them stopped early" in found.reasons[0]


def test_proposals_stay_in_range_and_leave_alone_what_the_user_gave() -> None:
    bowl = Bowl(best=3e-4)
    base = Settings(learning_rate=1e-4, top_layers=2, weight_decay=0.05)
    search(bowl, base, n_trials=15, n_layers=4, fixed=["weight_decay", "n_epochs"])
    assert {s.weight_decay for s in bowl.tried} == {0.05}
    assert {s.n_epochs for s in bowl.tried} == {base.n_epochs}
    assert {s.top_layers for s in bowl.tried} <= {1, 2, 3, 4}
    assert len({s.top_layers for s in bowl.tried}) > 1
    assert all(1e-4 / 4.01 <= s.learning_rate <= 4.01e-4 for s in bowl.tried)
    assert all(0.6 <= s.layer_decay <= 1.0 and 0.0 <= s.label_smoothing <= 0.2 for s in bowl.tried)


def test_all_layers_stay_all_layers() -> None:
    bowl = Bowl(best=3e-4)
    searched(bowl)
    assert {s.top_layers for s in bowl.tried} == {None}


@pytest.mark.parametrize("budget_s", [25.0, 60.0, 100.0])
def test_the_budget_holds_the_final_run_too(budget_s: float) -> None:
    """Trials of 10 seconds, of whose time the final run takes half as much again."""
    bowl = Bowl(best=3e-4, seconds=10.0)
    found = searched(bowl, 50, budget_s=budget_s, final_share=1.5, clock=bowl.clock)
    assert bowl.now + 15.0 <= budget_s
    assert bowl.now + 15.0 + 10.0 >= budget_s  # and no trial was left out that fitted
    assert "no time for more" in found.reasons[0]


def test_without_time_for_one_trial_the_defaults_stay() -> None:
    bowl = Bowl(best=3e-4, seconds=10.0)
    found = searched(bowl, budget_s=5.0, clock=bowl.clock)
    assert found.settings == Settings(learning_rate=1e-4)
    assert found.trials == ()
    assert "the defaults stayed" in found.reasons[0]
    assert bowl.now < 5.0


def test_a_trial_that_goes_astray_is_passed_over_the_first_is_not() -> None:
    bowl = Bowl(best=3e-4)

    def astray(settings: Settings, look: Look) -> tuple[np.ndarray, float]:
        if settings.learning_rate > 2e-4:
            raise ConfigError("Training went astray")
        return bowl(settings, look)

    found = search(astray, Settings(learning_rate=1e-4), n_trials=10, n_layers=6)
    assert 0 < len(found.trials) < 10
    with pytest.raises(ConfigError, match="astray"):
        search(astray, Settings(learning_rate=3e-4), n_trials=10, n_layers=6)


def test_reasons_tell_the_defaults_and_the_five_best_trials() -> None:
    found = searched(Bowl(best=3e-4), 20)
    lines = found.reasons[1:]
    assert len(lines) == min(6, len(found.trials))
    assert lines[0].startswith("Trial 1: ")
    losses = [float(line.partition("log loss ")[2].split()[0]) for line in lines[1:]]
    assert losses == sorted(losses)


def test_everything_given_leaves_nothing_to_search() -> None:
    names = ["learning_rate", "head_learning_rate", "n_epochs", "layer_decay", "weight_decay", "label_smoothing"]
    with pytest.raises(ConfigError, match="Leave some of them out"):
        searched(Bowl(1e-4), fixed=names)


def test_optunas_verbosity_is_left_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    from optuna import logging

    level = logging.get_verbosity()
    searched(Bowl(3e-4), 3)
    assert logging.get_verbosity() == level
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("value", "n"), [(False, 0), (None, 0), (7, 7), (True, 20)])
def test_number_of_trials(value: object, n: int) -> None:
    assert check_n_trials(value) == n


@pytest.mark.parametrize("value", [1, 0, -3, "yes", 2.5])
def test_what_is_no_number_of_trials_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=r"strategy\.search must be true, false or a number"):
        check_n_trials(value)
