"""The recommended fine-tuning: all layers, from a last layer that fits already; and beside them a linear model of
counted words, where held-out rows are clearly better off with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headstart.checks import check_whole, check_word
from headstart.encoders.composed import Composed
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings
from headstart.heads.logistic import Logistic
from headstart.predictor import History, Predictor
from headstart.strategies._finetuning import FineTuning, Work, ends_by, reasons_of
from headstart.types import Floats, Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.network import Network
    from headstart.finetuning.rows import Rows
    from headstart.finetuning.words import Mixture, Words

__all__ = ["Finetune"]

# The mean of three is 0.4 points better than one on rows held out of training (docs/log.md); from so many rows on a run
# takes many minutes
_RUNS, _FEW_ROWS = 3, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinetuneSettings(Settings):
    """words: the encoder of counts whose linear model may stand beside; "none" = nothing does. runs: how many runs
    begin at the same weights, with their rows in another order each; what they end with is averaged (a model soup).
    None = three up to 10,000 rows, one with more.
    """

    words: str = "tfidf"
    runs: int | None = None

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        check_whole("runs", self.runs, optional=True, part="strategy")
        check_word("words", self.words, part="strategy")
        if "+" in self.words:
            raise ConfigError(f"strategy.words must be one encoder of counts, or none. Got {self.words!r} instead.")

    @classmethod
    def build(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """Where the user names the layers that learn, the word embeddings do not, unless that is asked for too."""
        alone = {"embeddings": False} if "top_layers" in given else {}
        return super(_FinetuneSettings, cls).build({**defaults, **alone}, given)

    def n_runs(self, n_rows: int) -> int:
        """Runs with so many rows."""
        return self.runs or (_RUNS if n_rows <= _FEW_ROWS else 1)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A network that has learnt, the m rows that it was asked for and its logits (m, k) of them, how it went, and
    sentences.
    """

    network: "Network"
    asked: Ints
    logits: Floats
    history: History
    reasons: tuple[str, ...]


class Finetune(FineTuning):
    """One run over all layers, with one cycle of the rates, nothing dropped inside the model, and a last layer that
    begins at a logistic regression (`finetuning.probe`), so that even a budget of seconds ends no worse than that.

    The weights are the mean of `runs` runs, as many as a budget allows: as much more time to learn, none to read texts.

    The words learn from the same rows as the network, and their decision values are added to the network's: both
    factors are fitted to held-out rows. So a bundle holds two encoders side by side and one linear head.

    Knobs: `words`, `runs`, and those of `headstart.finetuning.settings.Settings`.
    """

    settings_type: ClassVar[type[Settings]] = _FinetuneSettings
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_epochs": 3,
        "learning_rate": 2e-4,
        "schedule": "one_cycle",
        "embeddings": True,  # of words
        "probe_rows": 1_500,
        "model_dropout": 0.0,  # in so few epochs it costs more than it gives
    }

    def _transformer(self, task: Task) -> Transformer:
        encoder = super()._transformer(task)
        encoder.recipe_ = replace(encoder.recipe_, normalise=True)  # encoders side by side have rows of length 1
        return encoder

    def _fit(self, work: Work, settings: Settings) -> Predictor:
        if not isinstance(settings, _FinetuneSettings):
            raise TypeError(f"settings of type {type(settings).__name__}")
        from headstart.finetuning.rows import split_rows
        from headstart.finetuning.tuned import Tuned

        task, ends_at = work.task, ends_by(work.task)
        whole = Tuned(work.encoder, work.encoder.whole_model())
        work = replace(work, encoder=whole)  # which gives copies of what is loaded here, once
        rows = split_rows(task.texts, task.y, task.random_state)
        few = None if len(rows.check) else self._mixture_of_few(work, settings, ends_at)
        words = _words(task, settings, rows.learn)
        learnt = self._learn(work, settings, rows, ends_at)
        mixture = few or _mix(learnt, words, task)
        return self._predictor(work, settings, learnt, words, mixture)

    def _mixture_of_few(self, work: Work, settings: _FinetuneSettings, ends_at: float | None) -> "Mixture":
        """Where no row can be spared: asked of a network and words that learn from two thirds of the rows."""
        from headstart.finetuning.few import TRIAL_SHARE, thirds
        from headstart.finetuning.rows import Rows
        from headstart.finetuning.words import Mixture

        task, now = work.task, monotonic()
        learn, asked = thirds(task.texts, task.y, task.random_state)
        if not len(asked):
            return Mixture()
        until = None if ends_at is None else now + TRIAL_SHARE * (ends_at - now)
        words = _words(task, settings, learn)
        once = replace(work, checkpoint=None), replace(settings, runs=1, log_to=None)
        learnt = self._learn(*once, Rows(learn, asked[:0]), until, asked)
        return _mix(learnt, words, task, of_part=True)

    def _learn(
        self,
        work: Work,
        settings: _FinetuneSettings,
        rows: "Rows",
        ends_at: float | None,
        asked: Ints | None = None,
    ) -> _Learnt:
        """One run, or several in turn. asked: the rows that are, where not those that check."""
        from headstart.finetuning.logs import observe
        from headstart.finetuning.reading import within
        from headstart.finetuning.rows import decide
        from headstart.finetuning.run import Run
        from headstart.finetuning.soup import in_turn

        y, seed, place = np.asarray(work.task.y), work.task.random_state, work.checkpoint
        n_runs = settings.n_runs(len(y))
        with self._ready(work, settings, ends_at) as (network, inputs, depth):
            rows, learning = within(network, inputs, y, rows, settings, seed, ends_at, place)
            asked = rows.check if asked is None else asked

            def make(number: int, ends_at: float | None) -> Run:
                kept = None if place is None else place.of_run(number)
                return Run(network, inputs, y, rows, learning, seed + number, ends_at, kept)

            turns = in_turn(network, [partial(make, number) for number in range(n_runs)], ends_at)
            for number, run in enumerate(turns):
                with observe(run, number) as seen:
                    for step in run.steps():
                        seen(step)
            logits = decide(network, inputs, asked, settings) if run.kept is None else run.kept.logits
        reasons = (*reasons_of(run, depth), *filter(None, [inputs.note]))
        return _Learnt(network, asked, logits, seen.history(), reasons)

    def _predictor(
        self, work: Work, settings: _FinetuneSettings, learnt: _Learnt, words: "Words | None", mixture: "Mixture"
    ) -> Predictor:
        """The network's last layer and the words' weights as one head over their features side by side."""
        from headstart.finetuning.tuned import Tuned

        last = learnt.network.last
        coef, intercept = (mixture.network * p.detach().cpu().numpy() for p in (last.weight, last.bias))
        encoder: Any = Tuned(work.encoder, learnt.network.body)
        name, reasons = work.encoder.model, learnt.reasons
        if words is not None:
            reasons = (*reasons, mixture.reason(settings.words))
        if words is not None and mixture.words:
            encoder = Composed.of((settings.words, name), (words.encoder, encoder))
            name = encoder.parts
            coef = np.hstack([mixture.words * words.coef, coef])
            intercept = intercept + mixture.words * words.intercept
        head = Logistic.from_weights(coef, intercept, 1.0, {"n_steps": learnt.history.n_steps})
        made = Predictor(encoder, head, work.task.classes, name, "logistic", self._name(), reasons)
        return replace(made, history=learnt.history)


def _words(task: Task, settings: _FinetuneSettings, rows: Ints) -> "Words | None":
    from headstart.finetuning.words import Words

    if settings.words == "none":
        return None
    return Words.learn(
        settings.words, [task.texts[row] for row in rows], task.y[rows], len(task.classes), task.random_state
    )


def _mix(learnt: _Learnt, words: "Words | None", task: Task, *, of_part: bool = False) -> "Mixture":
    from headstart.finetuning.words import mix

    others = None if words is None else words.decide([task.texts[row] for row in learnt.asked])
    return mix(learnt.logits, others, task.y[learnt.asked], of_part=of_part)
