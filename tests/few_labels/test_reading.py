"""Which columns speak of what."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from headstart.few_labels.reading import highest_layer, naming


class _Layers:
    """Rows of six columns, from layers of three each."""

    recipe_ = SimpleNamespace(layers=(6, 4))

    def encode(self, texts: list[str]) -> np.ndarray:
        rng = np.random.default_rng(len(texts))
        return rng.normal(size=(len(texts), 6)).astype(np.float32)


@pytest.mark.parametrize(("layers", "columns"), [((), (0, 6)), ((3, 6), (3, 6)), ((6, 4, 5), (0, 2))])
def test_columns_of_the_highest_layer(layers: tuple[int, ...], columns: tuple[int, int]) -> None:
    """Wherever it stands; all of them where nothing stands side by side."""
    encoder = SimpleNamespace(recipe_=SimpleNamespace(layers=layers))
    assert highest_layer(encoder, 6) == slice(*columns)
    assert highest_layer(object(), 6) == slice(0, 6)


def test_names_are_read_by_the_highest_layer() -> None:
    """The rest of a row is zero, and its length is 1."""
    encoder: Any = _Layers()
    rows = naming(encoder)(["a", "b", "c", "d"])
    plain = encoder.encode(["a", "b", "c", "d"])[:, :3]
    np.testing.assert_allclose(rows[:, :3], plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-5)
    assert not rows[:, 3:].any()
