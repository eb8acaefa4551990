"""From a data set to a recommendation: candidates ranked by the accuracy to expect, and the reasons in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart import registry
from headstart.data import check_trainable
from headstart.encoders import LEAST_READ, is_pretrained, make_encoder, share_read
from headstart.encoders._grammar import parse
from headstart.errors import ConfigError, DataError, HeadstartError
from headstart.progress import track
from headstart.recommend.candidate import Candidate, measure_candidate
from headstart.recommend.curve import forecast
from headstart.recommend.encoding import SECONDS, draw_sample
from headstart.recommend.task import Machine, TaskFacts, facts_of, this_machine

if TYPE_CHECKING:
    from headstart.types import Dataset

__all__ = ["Recommendation", "recommend"]

_ENCODERS = ("bow", "tfidf", "tfidf:char", "lsa", "word2vec", "minilm", "tfidf+minilm")
_NOT_ENGLISH = ("e5",)  # beside them, for other texts
_LEAST_EFFORT = 0.1  # below it a sample of 120 rows would say nothing
_CLOSE = 0.01  # accuracy that a cheaper encoder may give away
_CHEAPER = 3.0  # times
_FEW_ROWS = 20  # a class
_BALANCE = 0.2


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What suits the task. best None: nothing could be ranked, `reasons` say why."""

    facts: TaskFacts
    machine: Machine
    candidates: tuple[Candidate, ...]  # the most accurate first, those that cannot be used last
    best: str | None
    family: str | None  # "words", "vectors learnt from your texts", "pre-trained", "words and pre-trained"
    strategy: str | None
    reasons: tuple[str, ...]


def recommend(
    data: "Dataset",
    *,
    encoders: Sequence[str] | None = None,
    unlabelled: "Dataset | None" = None,
    budget_s: float | None = None,
    random_state: int = 0,
) -> Recommendation:
    """Rank encoders for a data set by the accuracy that each would reach when learning from all its rows.

    encoders: names as for `make_encoder`; None = those at hand. budget_s: seconds for all candidates; None = about
    10 s each on two cores. Less budget means fewer rows, not other methods; the same budget gives the same answer.
    Data without labels: what can be said without. Raises DataError for data that nothing can be learnt from, and
    ConfigError where `encoders` is empty.
    """
    if encoders is not None and not encoders:
        raise ConfigError(
            "No encoder is named: give some, such as tfidf,minilm, or leave out --encoders (encoders=None)."
        )
    facts = facts_of(data, unlabelled.n if unlabelled is not None else 0)
    usual = (*_ENCODERS, *(() if _is_english(facts) else _NOT_ENGLISH))
    names = list(dict.fromkeys(encoders if encoders is not None else usual))
    if data.n == 0:
        raise DataError(f"{data.origin or 'The data'} has no rows.")
    passed = {} if encoders is not None else _passed_over(names, facts)
    if data.labels is None:
        return _without_labels([_usable(name, passed) for name in names], facts)
    check_trainable(data)
    classes, y = np.unique(np.array(data.labels, dtype=object).astype(str), return_inverse=True)
    n_tried = max(1, len(names) - len(passed))
    effort = 1.0 if budget_s is None else float(np.clip(budget_s / n_tried / SECONDS, _LEAST_EFFORT, 1.0))
    more = unlabelled.texts if unlabelled is not None else ()
    sample = draw_sample(data.texts, y, more, effort=effort, random_state=random_state)
    if len(np.unique(sample.y)) < 2:
        raise DataError(
            f"{data.origin or 'The data'}: of {len(classes)} classes fewer than two have two different texts, so that "
            "no row can be checked by the others. Add rows."
        )
    found = [
        Candidate(name, problem=passed[name]) if name in passed else measure_candidate(name, sample, effort=effort)
        for name in track(names, "encoders", len(names))
    ]
    ranked = sorted(found, key=lambda c: -c.expected.value if c.expected is not None else 1.0)
    return _with_labels(ranked, facts)


def _passed_over(names: Sequence[str], facts: TaskFacts) -> dict[str, str]:
    """Name -> why it is not worth trying, of encoders that the user has not named."""
    if _is_english(facts):
        return {}
    others = 1 - share_read("minilm", facts.languages)
    reason = f"MiniLM has read English only, and {others:.0%} of the texts are not; name it to try it"
    return {name: reason for name in names if "minilm" in name.split("+")}


def _is_english(facts: TaskFacts) -> bool:
    return share_read("minilm", facts.languages) >= LEAST_READ


def _usable(name: str, passed: dict[str, str]) -> Candidate:
    """Without labels: whether the encoder is there."""
    if name in passed:
        return Candidate(name, problem=passed[name])
    try:
        encoder = make_encoder(name)
        if encoder.pretrained:
            encoder.fit([])
    except HeadstartError as error:
        return Candidate(name, problem=str(error))
    return Candidate(name)


def _without_labels(candidates: Sequence[Candidate], facts: TaskFacts) -> Recommendation:
    pretrained = [c.name for c in candidates if c.problem is None and family_of(c.name) == "pre-trained"]
    if pretrained:
        choice = f"Once some rows have labels, a pre-trained encoder ({pretrained[0]}) needs the fewest of them."
    else:
        choice = "No pre-trained encoder suits these texts here: tfidf and word2vec can learn from all of them."
    reasons = (
        "No labels: how accurate an encoder would be cannot be said, and nothing is ranked.",
        choice,
        "Label 20 rows or more of each class and ask again; the other rows help with --unlabelled.",
    )
    order = sorted(candidates, key=lambda c: c.problem is not None)
    return Recommendation(facts, this_machine(), tuple(order), None, None, None, reasons)


def _with_labels(ranked: Sequence[Candidate], facts: TaskFacts) -> Recommendation:
    machine, usable = this_machine(), [c for c in ranked if c.expected is not None]
    if not usable:
        why = ("None of the encoders can be used; the reasons stand with their names.",)
        return Recommendation(facts, machine, tuple(ranked), None, None, None, why)
    best = usable[0]
    reasons = (*_on_the_best(best, usable, facts.n_rows), *_on_the_strategy(best, machine), *_on_the_task(facts))
    return Recommendation(facts, machine, tuple(ranked), best.name, family_of(best.name), "linear_probe", reasons)


def family_of(name: str) -> str:
    """What kind of encoder a name is, in plain words."""
    words = any(part.component in ("tfidf", "bow") for part in parse(name))
    if is_pretrained(name):
        return "words and pre-trained" if words else "pre-trained"
    return "words" if words else "vectors learnt from your texts"


def _on_the_best(best: Candidate, usable: Sequence[Candidate], n_rows: int) -> list[str]:
    if best.expected is None or best.curve is None:
        return []
    value = best.expected.value
    reasons = [
        f"{best.name} is expected to be right on {value:.1%} of new texts "
        f"(95 % interval {best.expected.low:.1%} to {best.expected.high:.1%})."
    ]
    doubled = forecast(best.curve, 2 * n_rows).value
    reasons.append(f"Twice as many rows would give about {doubled:.1%}.")
    rival = next((c for c in usable[1:] if family_of(c.name) != family_of(best.name)), None)
    if rival is not None and rival.expected is not None:
        gap = 100 * (value - rival.expected.value)
        reasons.append(f"The best of another kind, {rival.name} ({family_of(rival.name)}), is {gap:.1f} points below.")
    close = [c for c in usable[1:] if c.expected is not None and c.expected.value >= value - _CLOSE]
    if close:
        names = ", ".join(c.name for c in close)
        reasons.append(f"Within a point of it, too close for the sample to tell apart: {names}.")
    quickest = min(close, key=lambda c: c.fit_s or 0.0, default=best)
    if (quickest.fit_s or 0.0) * _CHEAPER <= (best.fit_s or 0.0) and quickest is not best:
        reasons.append(f"Of these {quickest.name} fits in a fraction of the time.")
    return reasons


def _on_the_strategy(best: Candidate, machine: Machine) -> list[str]:
    reasons = [
        "The estimates are for one encoder that stays as it is, with a simple head on top (strategy linear_probe)."
    ]
    tuned = [name for name in ("finetune", "partial_finetune", "full_finetune") if name in registry.names("strategy")]
    if tuned and family_of(best.name) == "pre-trained":
        where = f"on {machine.gpu}" if machine.gpu else f"on {machine.cpus} CPUs, slowly"
        reasons.append(f"Fine-tuning ({tuned[0]}) can go beyond these figures; it runs {where}.")
    return reasons


def _on_the_task(facts: TaskFacts) -> list[str]:
    """What the rows themselves ask for."""
    reasons = []
    n_most = max(facts.classes.values())
    smallest, n_least = list(facts.classes.items())[-1]
    if n_most < _FEW_ROWS and n_most < 2 * n_least:
        each = f"{n_least}" if n_least == n_most else f"{n_least} to {n_most}"
        reasons.append(f"Each class has only {each} rows: more labels would help most.")
    elif n_least < _FEW_ROWS:
        reasons.append(f"Class {smallest!r} has {n_least} rows: more of them would help it most.")
    if facts.balance is not None and facts.balance < _BALANCE:
        reasons.append(f"The smallest class has {facts.balance:.0%} of the largest one's rows: look at macro F1 too.")
    if facts.duplicates:
        reasons.append(f"{facts.duplicates:,} rows repeat a text; the estimates use each text once.")
    return reasons
