"""Two predictors that can be told apart, and a bundle of the first."""

from pathlib import Path

import pytest
from bundles import fitted

from headstart import Predictor, save_bundle


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    return fitted().predictor_


@pytest.fixture(scope="session")
def other() -> Predictor:
    """Told from `predictor` by its classes, its head and the size of its files."""
    return fitted(labels=("yes", "no"), head="prototype").predictor_


@pytest.fixture
def bundle(predictor: Predictor, tmp_path: Path) -> Path:
    return save_bundle(predictor, tmp_path / "bundle")
