"""The recommended fine-tuning: first the top layers, while those below stay as they are; then all
layers; and beside them a linear model of counted words, where held-out rows are clearly better off with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from headstart.checks import check_number, check_whole
from headstart.encoders.composed import Composed
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings
from headstart.heads.logistic import Logistic
from headstart.predictor import History, Predictor
from headstart.strategies._finetuning import FineTuning, Work, reasons_of
from headstart.types import Floats, Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.checking import Answer
    from headstart.finetuning.checkpoint import Checkpoint
    from headstart.finetuning.network import Network
    from headstart.finetuning.rows import Rows
    from headstart.finetuning.words import Mixture, Words

__all__ = ["Finetune"]

_FOLDERS = ("top", "all")  # of the stages' checkpoints
_STRETCH = 2.0  # times the first stage's steps, where a budget has less left after it than it took
_AS_MUCH = 0.9  # of that time, since what is left was only foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinetuneSettings(Settings):
    """first_layers, first_epochs, first_rate: how many of the highest layers learn before all do (None = half of them),
    for how long, and at which rate. words: the encoder of counts whose linear model may stand beside; "none" = nothing
    does.
    """

    first_layers: int | None = None
    first_epochs: float = 1
    first_rate: float = 5e-4
    words: str = "tfidf"

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        check_whole("first_layers", self.first_layers, optional=True, part="strategy")
        for name in ("first_epochs", "first_rate"):
            check_number(name, getattr(self, name), above=True, part="strategy")
        if "+" in self.words:
            raise ConfigError(f"strategy.words must be one encoder of counts, or none. Got {self.words!r} instead.")

    @classmethod
    def build(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """Where the user names the layers that learn, the word embeddings do not, unless that is asked for too."""
        alone = {"embeddings": False} if "top_layers" in given else {}
        return super(_FinetuneSettings, cls).build({**defaults, **alone}, given)

    def stages(self, n_layers: int) -> tuple[Settings, Settings]:
        """Of the top layers, and of all. New layers are new once; the first stage is in no log."""
        top = -(-n_layers // 2) if self.first_layers is None else self.first_layers
        few: dict[str, Any] = {"top_layers": top, "embeddings": False, "average": "none", "log_to": None}
        first = replace(self, n_epochs=self.first_epochs, learning_rate=self.first_rate, **few)
        return first, replace(self, reinit_layers=0)


@dataclass(frozen=True, slots=True)
class _Way:
    """How far the stages have come: the network and its logits (m, k) of the rows that are asked, what held-out rows
    say of it, how it went, sentences, and seconds of the last stage.
    """

    network: "Network | None" = None
    logits: Floats | None = None
    kept: "Answer | None" = None
    history: History = field(default_factory=partial(History, (), (), 0.0))
    reasons: tuple[str, ...] = ()
    took: float = 0.0


class Finetune(FineTuning):
    """Two stages, each with a cycle of rates of its own. The second begins where the first ended, and its weights stay
    unless held-out rows are clearly worse off. A budget that is too short for both is spent on the first, up to twice
    as long then.

    The words learn from the same rows as the network, and their decision values are added to the network's: both
    factors are fitted to held-out rows. So a bundle holds two encoders side by side and one linear head.

    Knobs: `first_layers`, `first_epochs`, `first_rate`, `words`, and those of
    `headstart.finetuning.settings.Settings`, which are about the second stage, or both.
    """

    has_search: ClassVar[bool] = False
    settings_type: ClassVar[type[Settings]] = _FinetuneSettings
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_epochs": 2,
        "learning_rate": 2e-4,
        "schedule": "one_cycle",
        "embeddings": True,  # of words, in the second stage
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

        task, now = work.task, monotonic()
        ends_at = None if task.budget_s is None else now + task.budget_s
        whole = Tuned(work.encoder, work.encoder.whole_model())
        work = replace(work, encoder=whole)  # which gives copies of what is loaded here, once
        rows = split_rows(task.texts, task.y, task.random_state)
        few = None if len(rows.check) else self._mixture_of_few(work, settings, ends_at)
        words = _words(task, settings, rows.learn)
        way = self._climb(work, settings, rows, rows.check, ends_at)
        mixture = few or _mix(way, words, task, rows.check)
        return self._predictor(work, settings, way, words, mixture)

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
        way = self._climb(replace(work, checkpoint=None), settings, Rows(learn, asked[:0]), asked, until)
        return _mix(way, words, task, asked)

    def _climb(self, work: Work, settings: _FinetuneSettings, rows: "Rows", asked: Ints, ends_at: float | None) -> _Way:
        """Both stages, or the first alone where less time is left for the second than the first took by itself."""
        from headstart.finetuning.distributed import current
        from headstart.finetuning.network import blocks_of

        first, second = settings.stages(len(blocks_of(work.encoder.module.model)))
        places = [_place(work.checkpoint, name) for name in _FOLDERS]
        saved = None if places[1] is None else places[1].read()
        if saved is not None:  # the first stage is over
            way = _Way(history=History.from_settings(saved.beside["history"]), reasons=tuple(saved.beside["reasons"]))
            ends_at = None if ends_at is None else ends_at - way.history.seconds
        else:
            way = self._stage(work, first, rows, asked, ends_at, places[0], _Way(), stretch=_STRETCH)
            left = inf if ends_at is None else ends_at - monotonic()
            if current().agree(left) < _AS_MUCH * way.took:  # in a short run all layers forget more than they learn
                return replace(way, reasons=(*way.reasons, "The budget was too short for all layers to learn."))
        if places[1] is not None:
            places[1].beside = {"history": way.history.settings(), "reasons": way.reasons}
        return self._stage(work, second, rows, asked, ends_at, places[1], way)

    def _stage(
        self,
        work: Work,
        settings: Settings,
        rows: "Rows",
        asked: Ints,
        ends_at: float | None,
        place: "Checkpoint | None",
        way: _Way,
        stretch: float = 1.0,
    ) -> _Way:
        """One run, from the weights that the way has come to."""
        from headstart.finetuning.averaging import copies
        from headstart.finetuning.checking import Best
        from headstart.finetuning.logs import observe
        from headstart.finetuning.rows import decide
        from headstart.finetuning.run import Run
        from headstart.finetuning.tuned import Tuned

        begun, task = monotonic(), work.task
        if way.network is not None:
            work = replace(work, encoder=Tuned(work.encoder, way.network.body))
        with self._ready(work, settings) as (network, inputs, depth):
            if way.network is not None:
                network.last.load_state_dict(way.network.last.state_dict())
            run = Run(network, inputs, np.asarray(task.y), rows, settings, task.random_state, ends_at, place)
            run.plan.stretch = stretch
            if way.kept is not None:
                before = replace(way.kept, check=replace(way.kept.check, step=0))
                run.state.best = Best(before, copies(p for p in network.parameters() if p.requires_grad))
            with observe(run) as seen:
                for step in run.steps():
                    seen(step)
            logits = decide(network, inputs, asked, settings) if run.kept is None else run.kept.logits
        reasons = (*way.reasons, *reasons_of(run, depth), *filter(None, [inputs.note]))
        history = way.history.then(seen.history())
        return _Way(network, logits, run.kept, history, reasons, monotonic() - begun)

    def _predictor(
        self, work: Work, settings: _FinetuneSettings, way: _Way, words: "Words | None", mixture: "Mixture"
    ) -> Predictor:
        """The network's last layer and the words' weights as one head over their features side by side."""
        from headstart.finetuning.tuned import Tuned

        if way.network is None:
            raise TypeError("no stage was taken")
        last = way.network.last
        coef, intercept = (mixture.network * p.detach().cpu().numpy() for p in (last.weight, last.bias))
        encoder: Any = Tuned(work.encoder, way.network.body)
        name, reasons = work.encoder.model, way.reasons
        if words is not None:
            reasons = (*reasons, mixture.reason(settings.words))
        if words is not None and mixture.words:
            name = f"{settings.words}+{name}"
            encoder = Composed.of(name, [words.encoder, encoder])
            coef = np.hstack([mixture.words * words.coef, coef])
            intercept = intercept + mixture.words * words.intercept
        head = Logistic.from_weights(coef, intercept, 1.0, {"n_steps": way.history.n_steps})
        made = Predictor(encoder, head, work.task.classes, name, "logistic", self._name(), reasons)
        return replace(made, history=way.history)


def _words(task: Task, settings: _FinetuneSettings, rows: Ints) -> "Words | None":
    from headstart.finetuning.words import Words

    if settings.words == "none":
        return None
    return Words.learn(settings.words, [task.texts[row] for row in rows], task.y[rows], task.random_state)


def _mix(way: _Way, words: "Words | None", task: Task, asked: Ints) -> "Mixture":
    from headstart.finetuning.words import mix

    if way.logits is None:
        raise TypeError("no stage was taken")
    others = None if words is None else words.decide([task.texts[row] for row in asked])
    return mix(way.logits, others, task.y[asked])


def _place(checkpoint: "Checkpoint | None", name: str) -> "Checkpoint | None":
    return None if checkpoint is None else replace(checkpoint, folder=checkpoint.folder / name)
