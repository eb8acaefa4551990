"""The model card of a bundle: what it is, what it was made from, how good it is, for people."""

from collections.abc import Mapping
from typing import Any

from headstart.predictor import History, Predictor

__all__ = ["render_card"]

_KEEPS_ROWS = (
    "- This head keeps the features of every training row. Where words are counted, that is which words each text has: "
    "do not pass on such a folder of confidential texts."
)


def render_card(predictor: Predictor, facts: Mapping[str, Any]) -> str:
    """Markdown. facts: label -> text, in the order to be shown (data, figures, command)."""
    classes = [" ".join(str(name).split()) for name in predictor.classes]
    lines = [
        "# Text classifier made with Headstart",
        "",
        f"- model: {predictor.name}, strategy {predictor.strategy}",
        f"- classes ({len(predictor.classes)}): {', '.join(classes)}",
        *_training(predictor.history),
        *([] if (limit := predictor.limit()) is None else [f"- limit of errors: {limit.sentence()}"]),
        *(f"- {label}: {text}" for label, text in facts.items()),
        "",
        "## Why this model",
        *(f"- {reason}" for reason in predictor.reasons or ("It was asked for by name.",)),
        "",
        "## Use",
        "",
        "    headstart predict THIS_FOLDER texts.csv --out predicted.csv",
        "",
        "In Python: `headstart.load_bundle(folder).predict(texts)`.",
        "",
        "## Care",
        "- Figures hold for texts like those it was tested on; measure on yours with `headstart evaluate`.",
        "- The vocabulary of a classic model holds words of the training texts. The training texts "
        "themselves are not in this folder, unless golden.jsonl was given some on purpose.",
        *([_KEEPS_ROWS] if predictor.head_name in ("knn", "kernel_ridge") else []),
        "- Every file is listed with its sha256 in manifest.json; nothing here is executable.",
        "",
    ]
    return "\n".join(lines)


def _training(history: History | None) -> list[str]:
    if history is None or not history.stretches:
        return []
    first, last = history.stretches[0].loss, history.stretches[-1].loss
    said = f"- training: {history.n_steps:,} steps, loss {first:.3f} to {last:.3f}"
    if history.checks:
        check = history.checks[-1]
        said += f"; held-out rows at step {check.step:,}: loss {check.loss:.3f}, accuracy {check.accuracy:.3f}"
    return [said]
