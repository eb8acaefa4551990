"""Labels as codes: which kinds there are, and classes that only their names are known of."""

from typing import Any

import pytest

from headstart.errors import DataError
from headstart.labels import encode_labels


@pytest.mark.parametrize(
    ("labels", "names", "classes", "codes"),
    [
        (["b", "b"], ["a", "b"], ["a", "b"], [1, 1]),
        ([1, 1], ["0", "1", "-2"], [-2, 0, 1], [2, 2]),
        ([True, True], ["True", "False"], [False, True], [1, 1]),
        ([False], ["True", "False"], [False, True], [0]),
        ([], ["True", "False"], ["False", "True"], []),  # nothing says that these are no words
    ],
)
def test_a_class_without_a_row_is_of_the_kind_of_the_others(
    labels: list[Any], names: list[str], classes: list[Any], codes: list[int]
) -> None:
    """It comes back as the user would have written it in a row."""
    found, y = encode_labels(labels, len(labels), dict.fromkeys(names, "name"))
    assert found.tolist() == classes
    assert [type(label) for label in found.tolist()] == [type(label) for label in classes]
    assert y.tolist() == codes


@pytest.mark.parametrize(
    ("label", "odd"), [(1, "one"), (1, "1.0"), (True, "false"), (True, "0"), (True, "yes"), (1, "True")]
)
def test_a_name_of_another_kind_is_refused(label: Any, odd: str) -> None:
    """Which name, and what kind the labels of the rows are of."""
    kind = type(label).__name__
    with pytest.raises(DataError, match=f"{odd!r} is not a label of the data, which are of the kind {kind}"):
        encode_labels([label] * 2, 2, {str(label): "name", odd: "name"})
