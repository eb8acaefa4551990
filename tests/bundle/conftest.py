"""Two predictors that can be told apart, and a bundle of the first."""

import sys
from pathlib import Path

import pytest

from headstart import Predictor, save_bundle

sys.path.insert(0, str(Path(__file__).parent))  # for `from bundles import ...`, in any import mode of pytest


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    from bundles import fitted

    return fitted().predictor_


@pytest.fixture(scope="session")
def other() -> Predictor:
    """Told from `predictor` by its classes, its head and the size of its files."""
    from bundles import fitted

    return fitted(labels=("yes", "no"), head="prototype").predictor_


@pytest.fixture
def bundle(predictor: Predictor, tmp_path: Path) -> Path:
    return save_bundle(predictor, tmp_path / "bundle")
