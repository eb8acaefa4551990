"""What the strategies that fine-tune share: a task's rows through one run, to a predictor."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from headstart.encoders import make_encoder
from headstart.encoders.transformer import Transformer
from headstart.errors import ConfigError
from headstart.finetuning.settings import Settings
from headstart.predictor import Predictor
from headstart.types import Task

if TYPE_CHECKING:
    from headstart.finetuning.run import Run

__all__ = ["FineTuning"]


class FineTuning:
    """encoder: one transformer (`minilm`, a folder, a hub id). head: "auto", the linear layer that learns with it."""

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
        settings = Settings.build(self.defaults, self.strategy_settings)
        encoder = self._transformer(task)
        return self._fit(task, encoder, settings)

    def _fit(self, task: Task, encoder: Transformer, settings: Settings) -> Predictor:
        import torch

        from headstart.finetuning.groups import open_layers
        from headstart.finetuning.inputs import Tokens, kept_states
        from headstart.finetuning.network import Network
        from headstart.finetuning.run import Run, split_rows
        from headstart.finetuning.tuned import Tuned, last_layer
        from headstart.training import random_stream

        body = encoder.whole_model().to(encoder.device)
        with random_stream(torch.Generator().manual_seed(task.random_state)):
            network = Network(body, len(task.classes), settings.dropout).to(encoder.device)
        depth = open_layers(network, settings.top_layers, embeddings=settings.embeddings)
        rows = split_rows(task.texts, task.y, task.random_state)
        tokens = Tokens(body, encoder.tokeniser.ids(task.texts), encoder.pad_id)
        with kept_states(body, tokens, depth, settings.batch_tokens) as inputs:
            run = Run(network, inputs, np.asarray(task.y), rows, settings, task.random_state)
            for _ in run.steps():
                pass
            head = last_layer(network, run.scale(), {"n_steps": len(run.losses)})
        name = type(self).__module__.rpartition(".")[2]
        reasons = tuple(_reasons(run, depth))
        return Predictor(Tuned(encoder, body), head, task.classes, self.encoder, "logistic", name, reasons)

    def _transformer(self, task: Task) -> Transformer:
        """The encoder, found and read. Raises ConfigError for one that is no transformer, and for a head."""
        if self.head != "auto" or self.head_settings:
            raise ConfigError("A linear layer learns with the encoder: --head must be auto, without settings.")
        encoder = make_encoder(self.encoder, seed=task.random_state, **self.encoder_settings)
        if not isinstance(encoder, Transformer):
            raise ConfigError(
                f"Fine-tuning needs a transformer, and encoder {self.encoder!r} is none. Take minilm, or a folder."
            )
        return encoder.fit(task.texts)


def _reasons(run: "Run", depth: int) -> list[str]:
    """Sentences for the report."""
    settings = run.settings
    layers = f"the highest {settings.top_layers}" if depth else "all"
    said = [
        f"Fine-tuned {layers} layers for {len(run.losses):,} steps of at most {settings.batch_rows} rows, "
        f"{settings.n_epochs:g} epochs."
    ]
    if run.checks:
        best = run.checks[-1]
        said.append(f"Held-out training rows ({len(run.rows.check):,}) at the end: accuracy {100 * best.accuracy:.1f}.")
    return said
