"""A bundle keeps what its limit of errors was set on, and old bundles have none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundles import UNSEEN, everything_in, reseal

from headstart import Predictor, load_bundle, save_bundle
from headstart.abstaining import Abstaining, MaxError
from headstart.bundle import layout
from headstart.errors import BundleCorrupt


@pytest.fixture
def limited(predictor: Predictor) -> Predictor:
    """The predictor of the fixtures, with 300 rows that were made up."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet((1, 1), 300)
    y = (rng.random(300) < p[:, 1]).astype(np.int64)
    return replace(predictor, abstaining=Abstaining.from_held_out(p, y, MaxError.read("0.1"), "300 rows"))


def test_the_limit_comes_back(limited: Predictor, tmp_path: Path) -> None:
    """Equal limits at any rate, equal sets; the card says the sentence; saved again the bundle is the same."""
    folder = save_bundle(limited, tmp_path / "b")
    loaded = load_bundle(folder)
    for asked in (None, 0.01, 0.3, "0.2:expected"):
        assert loaded.limit(asked) == limited.limit(asked)
    assert loaded.predict_sets(UNSEEN) == limited.predict_sets(UNSEEN)
    assert limited.required_limit().sentence() in (folder / layout.CARD).read_text()
    one, two = everything_in(folder), everything_in(save_bundle(loaded, tmp_path / "again"))
    assert layout.ABSTAINING_ARRAYS in one
    assert one.pop(layout.MANIFEST)
    assert two.pop(layout.MANIFEST)
    assert one == two


def test_a_limit_that_no_row_could_set_is_kept(predictor: Predictor, tmp_path: Path) -> None:
    """No row is a state of its own: nothing is answered, before and after."""
    none = Abstaining.from_held_out(np.empty((0, 2)), np.empty(0, np.int64), MaxError.read("0.1"), "no row")
    loaded = load_bundle(save_bundle(replace(predictor, abstaining=none), tmp_path / "b"))
    assert loaded.predict(UNSEEN).abstained.all()


def test_bundles_without_a_limit_are_as_ever(bundle: Path) -> None:
    """No file, no key, no column."""
    assert not (bundle / layout.ABSTAINING_ARRAYS).exists()
    assert "abstaining" not in json.loads((bundle / layout.MODEL).read_text())
    assert load_bundle(bundle).predict(UNSEEN).abstained is None


@pytest.mark.parametrize("settings", [{}, {"max_error": "2", "protocol": ""}, 3])
def test_a_damaged_limit_is_named(limited: Predictor, tmp_path: Path, settings: object) -> None:
    """A limit that is none makes the bundle unreadable by name, not by a traceback."""
    folder = save_bundle(limited, tmp_path / "b")
    model = json.loads((folder / layout.MODEL).read_text())
    (folder / layout.MODEL).write_text(json.dumps({**model, "abstaining": settings}))
    reseal(folder)
    with pytest.raises(BundleCorrupt, match=r"model.json"):
        load_bundle(folder)
