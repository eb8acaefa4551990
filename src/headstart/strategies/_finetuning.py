"""What the strategies that fine-tune share: a task's rows through one run, to a predictor."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from headstart.encoders import make_encoder, pretrained_for
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings
from headstart.predictor import Predictor
from headstart.types import Ints, Task

if TYPE_CHECKING:
    from headstart.finetuning.checkpoint import Checkpoint
    from headstart.finetuning.inputs import Inputs, Pays
    from headstart.finetuning.network import Network
    from headstart.finetuning.run import Run
    from headstart.finetuning.search import Found

__all__ = ["FineTuning", "Work", "ends_by", "reasons_of"]

# Of 96 rows of trec6 three epochs are nine steps, and worse than no tuning; ten epochs are 20 points better
# (docs/log.md; Zhang et al., ICLR 2021, and Mosbach et al., ICLR 2021, say the same of BERT)
_LEAST_STEPS = 60
_KEPT = "states_kept"  # beside a checkpoint's state


@dataclass(frozen=True, slots=True)
class Work:
    """A task, the transformer that learns it, and the texts as that one reads them."""

    task: Task
    encoder: Transformer
    ids: Sequence[Sequence[int]]  # rows of tokens, text after text
    counts: Ints  # (n,) how many of them each text has
    checkpoint: "Checkpoint | None" = None


class FineTuning:
    """encoder: one transformer (`minilm`, a folder, a hub id); "auto" is the one that reads the texts
    (`pretrained_for`). head: "auto", the linear layer that learns with it.
    """

    uses: ClassVar[frozenset[str]] = frozenset()  # labelled rows alone
    settings_type: ClassVar[type[Settings]] = Settings
    is_long_work: ClassVar[bool] = True  # keeps to a budget, goes on from a checkpoint
    has_search: ClassVar[bool] = True  # trials learn as `_fit` does
    defaults: ClassVar[Mapping[str, Any]] = {}  # of the strategy, where they are not those of Settings

    def __init__(
        self,
        encoder: str = "minilm",
        head: str = "auto",
        *,
        encoder_settings: Mapping[str, Any] | None = None,
        head_settings: Mapping[str, Any] | None = None,
        strategy_settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.encoder, self.head = encoder, head
        self.encoder_settings, self.head_settings = dict(encoder_settings or {}), dict(head_settings or {})
        self.strategy_settings = dict(strategy_settings or {})

    def fit(self, task: Task) -> Predictor:
        """Learn from the labelled rows. Raises ConfigError, DataError, EncoderUnavailable, MissingExtra."""
        from headstart.finetuning.distributed import together
        from headstart.finetuning.search import check_n_trials

        given = dict(self.strategy_settings)
        n_trials = check_n_trials(given.pop("search", None))
        if n_trials and not self.has_search:
            raise ConfigError("strategy.search: no trial learns the way that this strategy does. Leave it out.")
        settings = self.settings_type.build({"least_steps": _LEAST_STEPS, **self.defaults}, given)
        with together() as processes:
            processes.check_equal("training rows", [task.texts, task.y.tolist()])
            search = {"strategy.search": str(n_trials), "the list of settings": ", ".join(sorted(given))}
            work, more = self._work(task, settings, search if n_trials else None), tuple[str, ...]()
            if n_trials:
                work, settings, more = self._after_search(work, settings, n_trials)
            made = self._fit(work, settings)
            return replace(made, reasons=(*made.reasons, *more), is_slow=self.is_long_work)

    def _work(self, task: Task, settings: Settings, more: Mapping[str, str] | None = None) -> Work:
        """The task with all that is found, read and tokenised once, which its budget pays for. more: decides the run,
        beside the settings.
        """
        from headstart.finetuning.checkpoint import Checkpoint, identity

        begun, encoder, kept = monotonic(), self._transformer(task), None
        if task.checkpoint is not None and self.is_long_work:
            deciding = {**identity(self._name(), task, encoder, settings), **(more or {})}
            kept = Checkpoint(task.checkpoint, deciding, settings.checkpoint_every_s)
        ids, counts = encoder.tokeniser.windows(task.texts)
        return Work(replace(task, budget_s=_left(task, begun)), encoder, ids, counts, kept)

    def _after_search(self, work: Work, settings: Settings, n_trials: int) -> tuple[Work, Settings, tuple[str, ...]]:
        """What is left to do after the trials, the settings for it, and what the trials said.

        A run that goes on repeats no trial: its checkpoint has what they led to, also how much of the budget was left.
        """
        place, task = work.checkpoint, work.task
        saved = None if place is None else place.read()
        if saved is None:
            found, seconds = self._search(work, settings, n_trials)
            before, after = asdict(settings), asdict(found.settings)
            led_to: Mapping[str, Any] = {
                "settings": {name: after[name] for name in after if after[name] != before[name]},
                "reasons": found.reasons,
                "budget_s": None if task.budget_s is None else task.budget_s - seconds,
            }
        else:
            led_to = saved.beside
        if place is not None:
            place.beside = led_to
        left = replace(work, task=replace(task, budget_s=led_to["budget_s"]))
        return left, replace(settings, **led_to["settings"]), tuple(led_to["reasons"])

    def _search(self, work: Work, settings: Settings, n_trials: int) -> "tuple[Found, float]":
        """Settings that are better on held-out training rows, where there are any, and the seconds that it took. A
        search that goes on repeats no trial that had ended.
        """
        from headstart.finetuning.kept_trials import KeptTrials
        from headstart.finetuning.network import blocks_of
        from headstart.finetuning.search import search
        from headstart.finetuning.trials import attempts, hold_out
        from headstart.finetuning.tuned import Tuned

        begun, task, ends_at, whole = monotonic(), work.task, ends_by(work.task), work.encoder.whole_model()
        y, seed = np.asarray(task.y), task.random_state
        draws = hold_out(task.texts, y, seed)
        afresh = replace(work, encoder=Tuned(work.encoder, whole))  # each trial gets a copy of what is loaded here
        trials = attempts(partial(self._ready, afresh, ends_at=ends_at), self._begin, draws, y, seed)
        kept = KeptTrials(trials, work.checkpoint)
        found = search(
            kept.attempt,
            settings,
            n_trials=n_trials,
            n_layers=len(blocks_of(whole.model)),
            fixed=self.strategy_settings,
            random_state=seed,
            budget_s=task.budget_s,
            final_share=len(y) / sum(len(draw.learn) for draw in draws),
            clock=kept.clock,
        )
        return found, kept.clock() - begun

    def _fit(self, work: Work, settings: Settings) -> Predictor:
        from headstart.finetuning.few import few_rows_scale
        from headstart.finetuning.logs import observe
        from headstart.finetuning.reading import within
        from headstart.finetuning.run import Rows, Run, split_rows
        from headstart.finetuning.tuned import Tuned, last_layer

        task, encoder = work.task, work.encoder
        ends_at = ends_by(task)
        y, seed, rows = np.asarray(task.y), task.random_state, split_rows(task.texts, task.y, task.random_state)
        with self._ready(work, settings, ends_at) as (network, inputs, depth):
            rows, settings = within(network, inputs, y, rows, settings, seed, ends_at, work.checkpoint)

            def make_run(rows: Rows, checkpoint: "Checkpoint | None" = None) -> Run:
                run = Run(network, inputs, y, rows, settings, seed, ends_at, checkpoint)
                self._begin(run)
                return run

            few = None if len(rows.check) else few_rows_scale(make_run, task.texts, task.y, seed)
            run = make_run(rows, work.checkpoint)
            with observe(run) as seen:
                for step in run.steps():
                    seen(step)
            head = last_layer(network, run.scale() if few is None else few, {"n_steps": len(run.losses)})
        reasons = (*reasons_of(run, depth), *self._close(network), *filter(None, [inputs.note]))
        tuned = Tuned(encoder, network.body)
        made = Predictor(tuned, head, task.classes, encoder.model, "logistic", self._name(), reasons)
        return replace(made, history=seen.history())

    @contextmanager
    def _ready(
        self, work: Work, settings: Settings, ends_at: float | None = None
    ) -> "Iterator[tuple[Network, Inputs, int]]":
        """A network that has learnt nothing yet, what it reads of the task, and the number of its frozen layers.

        ends_at: when learning has to be over, if it has to: what frozen layers compute is kept if that pays until then.
        """
        import torch

        from headstart.finetuning.distributed import current
        from headstart.finetuning.inputs import Tokens, kept_states
        from headstart.finetuning.network import Network, blocks_of, prepare
        from headstart.finetuning.table import used_tokens
        from headstart.finetuning.windows import in_windows
        from headstart.training import random_stream

        task, encoder = work.task, work.encoder
        body = encoder.whole_model().to(encoder.device)
        with random_stream(torch.Generator().manual_seed(task.random_state)):
            prepare(body.model, settings)
            network = Network(body, len(task.classes), settings.dropout).to(encoder.device)
            depth = self._open(network, settings)
        current().start_equal(network)
        tokens = Tokens(body, work.ids, encoder.pad_id)
        once = settings.n_epochs <= 1 and len(work.counts) >= settings.least_steps * settings.batch_rows
        frozen = depth if settings.keep_states and not once else 0  # what is read once need not be kept
        pays = None if ends_at is None else _pays(work, ends_at, depth, len(blocks_of(body.model)))
        keeping = kept_states(body, tokens, frozen, settings.batch_tokens, precision=settings.precision, pays=pays)
        with used_tokens(body, tokens), keeping as read:
            yield network, in_windows(read, work.counts, normalise=body.recipe.normalise), depth

    def _open(self, network: "Network", settings: Settings) -> int:
        """Let those weights learn that the strategy lets learn. Returns how many of the lowest layers are frozen."""
        from headstart.finetuning.groups import open_layers

        return open_layers(network, settings.top_layers, embeddings=settings.embeddings)

    def _begin(self, run: "Run") -> None:
        """Called once for each run, before its first step."""

    def _close(self, network: "Network") -> Sequence[str]:
        """Bring the network that has learnt into the form that is kept; sentences for the report."""
        return ()

    @classmethod
    def _name(cls) -> str:
        """As in the registry."""
        return cls.__module__.rpartition(".")[2]

    def _transformer(self, task: Task) -> Transformer:
        """The encoder, found and read. Raises ConfigError for one that is no transformer, and for a head."""
        if self.head != "auto" or self.head_settings:
            raise ConfigError("A linear layer learns with the encoder: --head must be auto, without settings.")
        name = _by_language(task.texts) if self.encoder == "auto" else self.encoder
        encoder = make_encoder(name, seed=task.random_state, **self.encoder_settings)
        if not isinstance(encoder, Transformer):
            raise ConfigError(
                f"Fine-tuning needs a transformer, and encoder {self.encoder!r} is none. Take minilm, or a folder."
            )
        return encoder.fit(task.texts)


def ends_by(task: Task) -> float | None:
    """When the budget of a task is over, if it has one."""
    return None if task.budget_s is None else monotonic() + task.budget_s


def _pays(work: Work, ends_at: float, depth: int, n_layers: int) -> "Pays":
    """Whether to keep what the frozen layers compute; a run that goes on reads what it read before."""
    from headstart.finetuning.distributed import current
    from headstart.finetuning.plan import states_pay

    place = work.checkpoint

    def pays(seconds: float) -> bool:
        def decide() -> bool:
            return bool(current().agree(states_pay(seconds, ends_at - monotonic(), depth, n_layers)))

        return decide() if place is None else bool(place.decided(_KEPT, decide))

    return pays


def _left(task: Task, begun: float) -> float | None:
    """Seconds of the budget, less those since `begun`."""
    return None if task.budget_s is None else task.budget_s - (monotonic() - begun)


def _by_language(texts: Sequence[str]) -> str:
    """The encoder that "auto" stands for. Raises ConfigError where none at hand reads the texts."""
    name, obstacle = pretrained_for(texts)
    if name is None:
        raise ConfigError(
            f"Fine-tuning needs a transformer that has read the language of the texts; {obstacle} "
            "Name one: --encoder FOLDER, or a hub id."
        )
    return name


def _highest(n: int | None) -> str:
    return "the highest layer" if n == 1 else f"the highest {n} layers"


def reasons_of(run: "Run", depth: int) -> list[str]:
    """Sentences for the report."""
    settings = run.settings
    top = settings.top_layers
    what = "the last linear layer alone" if top == 0 else _highest(top) if depth else "all layers"
    said = [
        f"Fine-tuned {what} for {len(run.losses):,} steps of at most {settings.batch_rows} rows, "
        f"{run.n_epochs():.3g} epochs.",
        *run.notes,
    ]
    if run.kept is not None:
        n, accuracy = len(run.rows.check), 100 * run.kept.check.accuracy
        said.append(f"Held-out training rows ({n:,}): accuracy {accuracy:.1f} with the weights that stayed.")
    return said
