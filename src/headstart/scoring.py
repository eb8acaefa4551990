"""Predicting files of any size: rows in, rows out, a bounded number of them in memory."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from headstart.data import TextRow, TextRows, open_writer
from headstart.predictor import Predictor
from headstart.progress import track

__all__ = ["Summary", "predict_rows"]

# Enough for the encoder to sort texts by length, few enough to hold: 4,096 rows of 1 MB are the worst case
# that the limit on a text allows, so a chunk is also bounded in characters.
_CHUNK_ROWS = 4096
_CHUNK_CHARACTERS = 8_000_000


@dataclass(slots=True)
class Summary:
    """What was done: rows written, rows without usable text, texts that were longer than the encoder reads."""

    n: int = 0
    n_unusable: int = 0
    n_truncated: int = 0

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """For people."""
        parts = [f"{self.n:,} rows predicted"]
        if self.n_truncated:
            parts.append(f"{self.n_truncated:,} texts were longer than the encoder reads (column truncated)")
        if self.n_unusable:
            parts.append(f"{self.n_unusable:,} rows without usable text have no label")
        return "; ".join(parts)


def predict_rows(
    predictor: Predictor,
    rows: TextRows,
    out: str,
    *,
    format: str | None = None,
    all_probabilities: bool = False,
) -> Summary:
    """Write every row with `predicted`, `probability`, `truncated` added (with a trailing underscore where the
    input has such a column). The file `out` appears when all rows are in it.
    """
    names = _new_columns(rows.columns, predictor.classes if all_probabilities else ())
    summary = Summary()
    with open_writer(out, [*rows.columns, *names], format=format) as writer:
        for chunk in track(_chunks(rows), "predicting", 0, len):
            writer.write(_predicted(predictor, chunk, names, summary))
    return summary


def _new_columns(present: Sequence[str], classes: Sequence[Any]) -> list[str]:
    names = ["predicted", "probability", "truncated", *(f"p_{c}" for c in classes)]
    return [next(f"{n}{'_' * i}" for i in itertools.count() if f"{n}{'_' * i}" not in present) for n in names]


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
    predictor: Predictor, chunk: Sequence[TextRow], names: Sequence[str], summary: Summary
) -> Iterator[dict[str, object]]:
    found = predictor.predict([row.text for row in chunk if row.text is not None])
    results = zip(found.labels.tolist(), found.probabilities.tolist(), found.truncated.tolist(), strict=True)
    for row in chunk:
        summary.n += 1
        if row.text is None:
            summary.n_unusable += 1
            yield {**row.values, **dict.fromkeys(names)}
            continue
        label, probabilities, truncated = next(results)
        summary.n_truncated += truncated
        values = [label, round(max(probabilities), 6), truncated, *(round(p, 6) for p in probabilities)]
        yield {**row.values, **dict(zip(names, values, strict=False))}
