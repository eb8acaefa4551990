"""Predicting files of any size: rows in, rows out, a bounded number of them in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headstart.abstaining import Limit
from headstart.data import TextRow, TextRows, open_writer
from headstart.data.writing import free_names
from headstart.predictor import Predictor
from headstart.progress import track
from headstart.types import Floats

__all__ = ["Summary", "predict_rows"]

# Enough for the encoder to sort texts by length, few enough to hold: 4,096 rows of 1 MB are the worst case
# that the limit on a text allows, so a chunk is also bounded in characters.
_CHUNK_ROWS = 4096
_CHUNK_CHARACTERS = 8_000_000
_LABEL_COLUMN = "predicted"
_MOST_LINES = 5  # of texts in a foreign script that are named


@dataclass(slots=True)
class Summary:
    """What was done: rows written, rows without usable text, texts that were longer than the encoder reads, texts in a
    script that the predictor did not learn from and the lines of the first five, texts that are not answered (None
    without a limit of errors); the column that has the labels.
    """

    n: int = 0
    n_unusable: int = 0
    n_truncated: int = 0
    n_unfamiliar: int = 0
    unfamiliar_lines: list[int] = field(default_factory=list)
    n_abstained: int | None = None
    label_column: str = _LABEL_COLUMN

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """For people."""
        parts = [f"{self.n - self.n_unusable:,} rows predicted"]
        if self.n_truncated:
            parts.append(f"{self.n_truncated:,} texts were longer than the encoder reads (column truncated)")
        if self.n_unfamiliar:
            more = ", ..." if self.n_unfamiliar > len(self.unfamiliar_lines) else ""
            where = (
                f"{'line' if self.n_unfamiliar == 1 else 'lines'} {', '.join(map(str, self.unfamiliar_lines))}{more}"
            )
            what = f"texts are in a script that it did not learn from ({where}): do not trust their labels"
            parts.append(f"{self.n_unfamiliar:,} {what}")
        if self.n_abstained is not None:
            parts.append(f"{self.n_abstained:,} texts are better not answered (column abstained)")
        if self.n_unusable:
            parts.append(f"{self.n_unusable:,} rows without usable text have no label")
        if self.label_column != _LABEL_COLUMN:
            parts.append(f"the file has a column {_LABEL_COLUMN} already: the labels are in {self.label_column}")
        return "; ".join(parts)


def predict_rows(
    predictor: Predictor,
    rows: TextRows,
    out: str,
    *,
    format: str | None = None,
    all_probabilities: bool = False,
    max_error: float | str | None = None,
    sets: bool = False,
) -> Summary:
    """Write every row with `predicted`, `probability`, `truncated` added (with a trailing underscore where the
    input has such a column), and `abstained` where there is a limit of errors: the predictor's or max_error. sets:
    also `label_set`, the labels that cannot be excluded at this rate, joined by |. The file `out` appears when all
    rows are in it. Raises ConfigError where the limit is missing.
    """
    limit = predictor.required_limit(max_error) if sets else predictor.limit(max_error)
    more = [*(["abstained"] if limit else []), *(["label_set"] if sets else [])]
    classes = predictor.classes if all_probabilities else ()
    added = [_LABEL_COLUMN, "probability", "truncated", *more, *(f"p_{c}" for c in classes)]
    names = free_names(added, rows.columns)
    summary = Summary(n_abstained=None if limit is None else 0, label_column=names[0])
    with open_writer(out, [*rows.columns, *names], format=format, like=rows.source.dialect) as writer:
        for chunk in track(_chunks(rows), "predicting", 0, len):
            writer.write(_predicted(predictor, chunk, names, summary, limit, sets))
    return summary


def _chunks(rows: Iterable[TextRow]) -> Iterator[list[TextRow]]:
    chunk: list[TextRow] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += len(row.text or "")
        if len(chunk) == _CHUNK_ROWS or characters > _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _predicted(
    predictor: Predictor,
    chunk: Sequence[TextRow],
    names: Sequence[str],
    summary: Summary,
    limit: Limit | None,
    sets: bool,
) -> Iterator[dict[str, object]]:
    usable = [row for row in chunk if row.text is not None]
    texts = [row.text or "" for row in usable]
    found, truncated = predictor.scored(texts)
    labels = [predictor.classes[code] for code in found.argmax(axis=1).tolist()]
    strange = [usable[i].line for i in predictor.unfamiliar(texts).nonzero()[0].tolist()]
    summary.n_unfamiliar += len(strange)
    summary.unfamiliar_lines = [*summary.unfamiliar_lines, *strange][:_MOST_LINES]
    more = _limited(predictor, found, limit, sets)
    results = zip(labels, found.tolist(), truncated.tolist(), more, strict=True)
    for row in chunk:
        summary.n += 1
        if row.text is None:
            summary.n_unusable += 1
            yield {**row.values, **dict.fromkeys(names)}
            continue
        label, probabilities, is_cut, extra = next(results)
        summary.n_truncated += is_cut
        if summary.n_abstained is not None:
            summary.n_abstained += bool(extra[0])
        values = [label, round(max(probabilities), 6), is_cut, *extra, *(round(p, 6) for p in probabilities)]
        yield {**row.values, **dict(zip(names, values, strict=False))}


def _limited(predictor: Predictor, probabilities: Floats, limit: Limit | None, sets: bool) -> list[tuple[Any, ...]]:
    """What each text has in the columns `abstained` and `label_set`, of which there may be none."""
    if limit is None:
        return [()] * len(probabilities)
    columns: list[list[Any]] = [limit.abstained(probabilities).tolist()]
    if sets:
        columns.append(["|".join(map(str, labels)) for labels in predictor.label_sets(probabilities, limit)])
    return list(zip(*columns, strict=True))
