"""JSON files that people wrote, in any encoding."""

import json
from pathlib import Path

import pytest

from headstart.data.json_file import read_json
from headstart.errors import DataError

NAMES = {"好": "满意的评价，值得再来", "坏": "不满意的评价，不会再来"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_bytes(json.dumps(NAMES, ensure_ascii=False).encode(encoding))
    assert read_json(path) == NAMES


def test_no_encoding(tmp_path: Path) -> None:
    """The message says where it breaks off, and what to do; no option of ours would help."""
    path = tmp_path / "names.json"
    path.write_bytes(json.dumps(NAMES, ensure_ascii=False).encode("gb18030") + b"\xff\xff")
    with pytest.raises(
        DataError, match=r"names\.json is text in no encoding .* line 1: byte 0x.*: save it as UTF-8"
    ) as caught:
        read_json(path)
    assert "--encoding" not in str(caught.value)
