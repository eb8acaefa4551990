"""Encoders and transforms joined by +, read from left to right: tfidf+minilm, tfidf+select:2000+pca:200."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from headstart import registry
from headstart.encoders._grammar import Part, construct, parse, portable, route
from headstart.types import Bools, Features, Ints, State

__all__ = ["Composed"]

_FOLDER = "parts"  # of a bundle: below it, each encoder has the folder of its place


class Composed:
    """A part that names a transform works on everything on its left; any other part is an encoder, whose columns
    stand beside. `minilm+pca:50+tfidf`: 50 columns from MiniLM, then those of tfidf.

    parts: the name; settings: `{"pca.whiten": True}` or, where one part alone has it, `{"whiten": True}`.

    Side by side, all blocks weigh alike: the rows of an encoder are brought to length 1 (bow, tfidf and MiniLM have it
    already), since the length of a row says little but how long the text is; what a transform gives is divided by
    one number, so that the mean squared length of its rows on the texts of `fit` is 1. A block that stands alone is
    left as it is. The columns are CSR where any block is.

    Parts that learn from labels (`select`, `lda_projection`, the networks) make the encoder `supervised`: it has seen
    the labels of all rows of `fit`. A head that is chosen by cross-validation on the same rows finds the held-out part
    easier than new texts, and becomes too sure; `linear_probe` therefore chooses it on rows that the encoder has not
    seen.
    """

    _takes_settings = False

    def __init__(self, parts: str = "tfidf+pca:100", *, settings: Mapping[str, Any] | None = None) -> None:
        self.parts, self._takes_settings = parts, True
        self._parts = parse(parts)
        routed = route(self._parts, settings or {})
        self._made: list[Any] = [
            construct(part, own, f"{part.label}.") for part, own in zip(self._parts, routed, strict=True)
        ]
        self._scales = [0.0] * len(self._parts)
        self._fitted: tuple[Sequence[str], _Block] | None = None

    @classmethod
    def of(cls, names: Sequence[str], encoders: Sequence[Any]) -> Self:
        """Encoders of these names that are fitted already, side by side; each may be a composition itself. One alone:
        its rows are brought to length 1 all the same.
        """
        made = cls.__new__(cls)
        made.parts, made._fitted = "+".join(names), None
        made._parts = tuple(
            Part("encoder", "composed", name) if isinstance(encoder, Composed) else parse(name)[0]
            for name, encoder in zip(names, encoders, strict=True)
        )
        made._made, made._scales = list(encoders), [0.0] * len(encoders)
        return made

    def decided_by_number(self) -> dict[str, Any]:
        """What the number of texts of `fit` alone decided in the parts, as settings: `{"tfidf.min_df": 2}`. Nothing of
        encoders that were fitted before (`of`, a bundle): no settings make them.
        """
        if not self._takes_settings:
            return {}
        return {
            f"{part.label}.{key}": value
            for part, made in zip(self._parts, self._made, strict=True)
            if hasattr(made, "decided_by_number")
            for key, value in made.decided_by_number().items()
        }

    @property
    def pretrained(self) -> bool:
        """Whether `fit` learns nothing from texts: all parts are pre-trained encoders."""
        kinds = zip(self._parts, self._made, strict=True)
        return all(part.kind == "encoder" and made.pretrained for part, made in kinds)

    @property
    def supervised(self) -> bool:
        """Whether any part learns from labels."""
        return any(getattr(made, "supervised", False) for made in self._made)

    def fit(self, texts: Sequence[str], y: Ints | None = None, groups: Ints | None = None) -> Self:
        """Fit each part on what stands on its left; what no transform needs is not encoded here.

        Raises what the parts raise: ConfigError where labels are missing, DataError, EncoderUnavailable, MissingExtra.
        """
        kept = tuple(texts)  # the same object where it is a tuple: encoders hand over what they have just read
        blocks: list[_Block] = []
        for i, (part, made) in enumerate(zip(self._parts, self._made, strict=True)):
            if part.kind == "encoder":
                made.fit(kept, y, groups)
                if i < self._last_transform:
                    blocks.append(_Block(made.encode(kept)))
            else:
                left = _joined(blocks)
                found = made.fit(left, y).transform(left)
                self._scales[i] = _root_mean_square(found)
                blocks = [_Block(found, self._scales[i])]
        self._fitted = (texts, blocks[0]) if blocks and texts is kept else None  # a list may be changed by then
        return self

    def encode(self, texts: Sequence[str]) -> Features:
        """Features (n, d) float32. What `fit` has encoded of the tuple just fitted is there already, once."""
        fitted_texts, block = self._fitted or (None, None)
        self._fitted = None
        start, blocks = (0, []) if block is None or texts is not fitted_texts else (self._last_transform + 1, [block])
        for i in range(start, len(self._parts)):
            made = self._made[i]
            if self._parts[i].kind == "encoder":
                blocks.append(_Block(made.encode(texts)))
            else:
                blocks = [_Block(made.transform(_joined(blocks)), self._scales[i])]
        return _weighted(blocks[0]) if len(self._parts) == 1 else _joined(blocks)

    def truncated(self, texts: Sequence[str]) -> Bools:
        """(n,) True where any of the encoders does not read the whole text."""
        encoders = [made for part, made in zip(self._parts, self._made, strict=True) if part.kind == "encoder"]
        found: Bools = np.any([encoder.truncated(texts) for encoder in encoders], axis=0)
        return found

    def get_state(self, folder: Path) -> State:
        """The parts' states in one; the files of the encoder at place i go into `parts/i` of `folder`."""
        parts, arrays = [], {}
        for i, (part, made) in enumerate(zip(self._parts, self._made, strict=True)):
            state = _state_of_encoder(made, folder / _FOLDER / str(i)) if part.kind == "encoder" else made.get_state()
            arrays.update({f"{i}.{name}": array for name, array in state.arrays.items()})
            facts = {"kind": part.kind, "component": part.component, "label": part.label, "scale": self._scales[i]}
            parts.append({**facts, "settings": dict(state.settings)})
        return State({"name": portable(self.parts), "parts": parts}, arrays)

    @classmethod
    def from_state(cls, state: State, folder: Path) -> Self:
        """The encoder again; needs no torch. Raises UnknownComponent."""
        made = cls.__new__(cls)
        made.parts, made._fitted = state.settings["name"], None
        parts = state.settings["parts"]
        made._parts = tuple(Part(part["kind"], part["component"], part["label"]) for part in parts)
        made._scales = [part["scale"] for part in parts]
        made._made = []
        for i, part in enumerate(parts):
            own = {name.removeprefix(f"{i}."): a for name, a in state.arrays.items() if name.startswith(f"{i}.")}
            component, inner = registry.load(part["kind"], part["component"]), State(part["settings"], own)
            where = () if part["kind"] == "transform" else (folder / _FOLDER / str(i),)
            made._made.append(component.from_state(inner, *where))
        return made

    @property
    def _last_transform(self) -> int:
        return max((i for i, part in enumerate(self._parts) if part.kind == "transform"), default=-1)


class _Block(NamedTuple):
    """Columns of a part. scale: what a transform's are divided by beside others; None for an encoder's."""

    features: Features
    scale: float | None = None


def _joined(blocks: Sequence[_Block]) -> Any:
    """The columns of all blocks, weighing alike where there are several."""
    if len(blocks) == 1:
        return blocks[0].features
    weighted = [_weighted(block) for block in blocks]
    if not any(map(sparse.issparse, weighted)):
        return np.hstack(weighted)
    return sparse.hstack([sparse.csr_matrix(block) for block in weighted], format="csr")


def _weighted(block: _Block) -> Any:
    if block.scale is not None:
        return block.features * np.float32(1 / block.scale)
    return normalize(block.features) if block.features.shape[0] else block.features


def _root_mean_square(features: Any) -> float:
    """Of the row lengths; 1 where all are 0."""
    squares = features.multiply(features) if sparse.issparse(features) else np.square(features)
    return float(np.sqrt(squares.sum(dtype=np.float64) / features.shape[0])) or 1.0


def _state_of_encoder(encoder: Any, folder: Path) -> State:
    """The state; the folder is there only where the encoder writes something into it."""
    folder.mkdir(parents=True, exist_ok=True)
    state: State = encoder.get_state(folder)
    for empty in (folder, folder.parent):
        if not any(empty.iterdir()):
            empty.rmdir()
    return state
