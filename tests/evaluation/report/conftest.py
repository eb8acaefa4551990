"""Sample reports: five English classes, a Chinese pair, 150 classes. All sentences were written here."""

from dataclasses import replace

import pytest

from headstart.evaluation.results import Bin, ClassScores, Comparison, Evaluation, Interval, Mistake, Report
from headstart.explaining import ClassWords, Weighted
from headstart.predictor import HeldOut, History, Stretch
from headstart.types import Audit, Finding, Step

NASTY = (
    "</script><img src=x onerror=alert(1)>\x00\x1b[31m\u202eevil\u202c & \"quoted\" 'single' <!-- </style>"
    "\x85 👩‍👩‍👧 שלום\u200f" + "W" * 400
)


def interval(value: float, n: int) -> Interval:
    """A plausible interval: two standard errors of a share."""
    half = 1.96 * (max(value * (1 - value), 0.01) / n) ** 0.5
    return Interval(value, value - half, min(value + half, 1.0))


def per_class(classes: tuple[str, ...], confusion: list[list[int]]) -> tuple[ClassScores, ...]:
    scores = []
    for i, name in enumerate(classes):
        right, true = confusion[i][i], sum(confusion[i])
        predicted = sum(row[i] for row in confusion)
        precision, recall, f1 = (
            right / max(predicted, 1),
            right / max(true, 1),
            2 * right / max(predicted + true, 1),
        )
        scores.append(ClassScores(name, interval(precision, true), interval(recall, true), interval(f1, true), true))
    return tuple(scores)


def evaluation(name: str, classes: tuple[str, ...], confusion: list[list[int]], **others: float) -> Evaluation:
    """An evaluation whose shares follow from the matrix; `others` are the metrics that do not."""
    n = sum(map(sum, confusion))
    scores = per_class(classes, confusion)
    right = sum(row[i] for i, row in enumerate(confusion))
    metrics = {
        "accuracy": interval(right / n, n),
        "balanced_accuracy": interval(sum(c.recall.value for c in scores) / len(scores), n),
        "macro_f1": interval(sum(c.f1.value for c in scores) / len(scores), n),
    }
    metrics |= {key: interval(value, n) for key, value in others.items()}
    bins = tuple(
        Bin(
            low / 10,
            (low + 1) / 10,
            3 * low * low - 20,
            low / 10 + 0.055,
            low / 10 + 0.02 + 0.004 * (low % 3),
        )
        for low in range(4, 10)
    )
    return Evaluation(
        name, classes, n, metrics, scores, tuple(map(tuple, confusion)), (Bin(0.3, 0.4, 0, 0.0, 0.0), *bins)
    )


ENGLISH = ("billing", "delivery", "returns", "technical help", "praise")
ENGLISH_CONFUSION = [
    [231, 4, 11, 6, 0],
    [3, 264, 14, 2, 1],
    [9, 17, 158, 5, 0],
    [5, 1, 3, 192, 4],
    [1, 2, 0, 3, 64],
]
ENGLISH_BEFORE = [
    [214, 9, 19, 9, 1],
    [8, 249, 20, 4, 3],
    [21, 33, 122, 11, 2],
    [11, 5, 7, 176, 6],
    [4, 6, 1, 9, 50],
]
LONG = (
    "I have now written four times about the same parcel. The first time I was told that it had left the "
    "warehouse, the second time that the address was incomplete, which it was not, and the third time that I "
    "should wait for five working days. It came this morning, opened and taped up again, with one of the two "
    "lamps missing, and the invoice inside asks me to pay for both. Please send the second lamp or correct "
    "the invoice, I do not mind which."
)
ENGLISH_MISTAKES = (
    Mistake(LONG, "delivery", "billing", 0.981, 214),
    Mistake("Sent back in March, still waiting for my money.", "returns", "billing", 0.967, 87),
    Mistake("The app works again since the update, thank you!", "praise", "technical help", 0.942, 512),
    Mistake("Wrong size. How do I get the courier to pick it up?", "returns", "delivery", 0.911, 33),
    Mistake("You charged me for a repair that nobody carried out.", "technical help", "billing", 0.884, 640),
)
ENGLISH_AUDITS = (
    Audit(
        origin="tickets/train.csv",
        n=400,
        classes={"delivery": 118, "billing": 104, "technical help": 82, "returns": 71, "praise": 25},
        languages={"en": 0.9825, "mixed": 0.0125, "other": 0.005},
        characters={"min": 9, "median": 96, "mean": 121.4, "p95": 348, "max": 1904},
        findings=(
            Finding("small_class", 25, "Class 'praise' has 25 rows; its figures will be uncertain.", (), "info"),
            Finding(
                "exact_duplicates",
                12,
                "12 rows are exact duplicates of an earlier row.",
                ("line 18 = line 203: Where is my parcel?", "line 44 = line 45: Please call me back."),
            ),
            Finding(
                "conflicting_labels",
                2,
                "2 equal texts carry different labels.",
                ("line 77 'returns', line 301 'billing': I want my money back.",),
                "error",
            ),
        ),
        notes=("UTF-8, comma separated", "columns: text = 'message', label = 'topic'"),
    ),
    Audit(
        origin="tickets/test.csv",
        n=1000,
        classes={"delivery": 284, "billing": 252, "technical help": 205, "returns": 189, "praise": 70},
        languages={"en": 1.0},
        characters={"min": 7, "median": 99, "mean": 124.0, "p95": 361, "max": 1650},
        findings=(Finding("leak", 3, "3 test texts also stand in tickets/train.csv and were removed there."),),
    ),
)


def speaking(classes: tuple[str, ...], *words: str) -> tuple[ClassWords, ...]:
    """These words for each class, the first the strongest."""
    weighted = tuple(Weighted(word, 2.5 - 0.5 * i) for i, word in enumerate(words))
    return tuple(ClassWords(name, weighted, "exact") for name in classes)


def english_report() -> Report:
    model = evaluation(
        "minilm + logistic", ENGLISH, ENGLISH_CONFUSION, mcc=0.883, log_loss=0.287, roc_auc=0.986, ece=0.021
    )
    baseline = evaluation("tfidf + svm", ENGLISH, ENGLISH_BEFORE, mcc=0.751, log_loss=0.561, roc_auc=0.953, ece=0.058)
    gain = model.metrics["macro_f1"].value - baseline.metrics["macro_f1"].value
    return Report(
        title="Customer tickets by topic",
        command="headstart fit tickets/train.csv --text message --label topic --test tickets/test.csv "
        "--encoder minilm --seed 7 --out models/tickets --report tickets.html",
        created="2026-01-15T09:30:00+01:00",
        encoder="minilm",
        head="logistic",
        strategy="linear_probe",
        reasons=(
            "minilm was tried because 97% of the texts are English and shorter than the 256 tokens it reads.",
            "It won 5-fold cross-validation on the 385 training rows: macro-F1 0.889 against 0.774 of tfidf.",
            "logistic was kept because svm was not better by more than one standard error.",
        ),
        protocol="1,000 test rows of tickets/test.csv, never seen in training or in any choice; "
        "intervals from 2,000 bootstrap samples of these rows, paired for the difference.",
        model=replace(model, mistakes=ENGLISH_MISTAKES),
        baseline=baseline,
        comparison=Comparison(
            "macro_f1",
            Interval(gain, gain - 0.027, gain + 0.026),
            "helped",
            "With minilm the macro-F1 is 0.112 higher than from scratch; a baseline would need about 2,300 "
            "more labels.",
        ),
        audits=ENGLISH_AUDITS,
        steps=(
            Step("train", "read from tickets/train.csv (UTF-8, comma separated)", 402, 402),
            Step("train", "rows without text skipped", 402, 400),
            Step("train", "exact duplicates removed", 400, 388),
            Step("train", "rows that also stand in the test data removed", 388, 385),
            Step("test", "read from tickets/test.csv (UTF-8, comma separated)", 1000, 1000),
        ),
        seconds={"read": 0.1, "fit": 18.4, "evaluate": 3.2},
        versions={"headstart": "0.1.0", "python": "3.11.7", "scikit-learn": "1.7.0", "torch": "2.13.0"},
        seed=7,
    )


def chinese_report() -> Report:
    classes = ("好评", "差评")
    model = evaluation("static + logistic", classes, [[412, 38], [45, 305]], mcc=0.788, log_loss=0.31, ece=0.034)
    baseline = evaluation("tfidf + svm", classes, [[405, 45], [49, 301]], mcc=0.761, log_loss=0.36, ece=0.041)
    return Report(
        title="酒店评论的情感",
        command="headstart fit 评论/训练.csv --test 评论/测试.csv --out 模型/酒店 --report 酒店.html",
        created="2026-01-15T17:30:00+08:00",
        encoder="static",
        head="logistic",
        strategy="linear_probe",
        reasons=("静态词向量在交叉验证中与 tfidf 相差不到一个标准误，但概率更可靠。",),
        protocol="评论/测试.csv 中的 800 条测试数据，从未用于训练或选择。",
        model=replace(
            model,
            mistakes=(
                Mistake("房间倒是挺大，可惜隔壁装修了一整夜，第二天开会差点睡着。", "差评", "好评", 0.953, 61),
                Mistake("本来没抱什么希望，结果早餐比家里的还香。", "好评", "差评", 0.921, 305),
            ),
        ),
        baseline=baseline,
        comparison=Comparison(
            "macro_f1", Interval(0.014, -0.009, 0.037), "no difference shown", "未显示出差异：区间包含零。"
        ),
        audits=(
            Audit(
                origin="评论/训练.csv",
                n=240,
                classes={"好评": 140, "差评": 100},
                languages={"zh": 0.975, "mixed": 0.025},
                characters={"min": 4, "median": 38, "mean": 47.2, "p95": 120, "max": 420},
                findings=(
                    Finding("exact_duplicates", 6, "6 行与前面的某一行完全相同。", ("第 9 行 = 第 31 行：很满意",)),
                ),
                notes=("GB18030 编码，逗号分隔",),
            ),
        ),
        steps=(
            Step("train", "读取 评论/训练.csv（GB18030）", 246, 246),
            Step("train", "去除完全重复的行", 246, 240),
        ),
        seconds={"fit": 2.5},
        versions={"headstart": "0.1.0"},
        seed=0,
        class_words=speaking(classes, "满意", "不 推荐", "␣好"),
    )


def many_classes_report(k: int = 150) -> Report:
    names = tuple(f"intent_{i:03d}_{'transfer_money' if i % 3 else '查询余额'}" for i in range(k))
    confusion = [[0] * k for _ in range(k)]
    for i in range(k):
        confusion[i][i] = 30 - i % 7
        confusion[i][(i + 1) % k] += i % 5
        confusion[i][(i * 7 + 3) % k] += i % 3
    model = evaluation("minilm + logistic", names, confusion, mcc=0.9, log_loss=0.4, ece=0.03)
    mistakes = tuple(Mistake(f"{LONG} {i}", names[i % k], names[(i + 1) % k], 0.9, i + 2) for i in range(50))
    counts = dict.fromkeys(names, 30)
    base = english_report()
    audit = replace(base.audits[0], classes=counts, n=30 * k)
    return replace(
        base,
        title="Bank questions",
        model=replace(model, mistakes=mistakes),
        baseline=model,
        audits=(audit,),
        class_words=speaking(names, "transfer", "余额", "how much"),
    )


def nasty_report() -> Report:
    """Every text that a user can bring in is hostile."""
    base = english_report()
    names = (NASTY, "b", "c", "d", "e")
    model = evaluation(NASTY, names, ENGLISH_CONFUSION)
    audit = replace(
        base.audits[0],
        origin=NASTY,
        classes={NASTY: 3},
        findings=(Finding(NASTY, 3, NASTY, (NASTY,), NASTY),),
        notes=(NASTY,),
        languages={NASTY: 1.0},
    )
    return replace(
        base,
        title=NASTY,
        command=NASTY,
        encoder=NASTY,
        head=NASTY,
        strategy=NASTY,
        reasons=(NASTY,),
        protocol=NASTY,
        model=replace(model, mistakes=(Mistake(NASTY * 3, NASTY, NASTY, 0.9),)),
        baseline=replace(base.model, name=NASTY),
        comparison=Comparison("macro_f1", Interval(0.1, 0.0, 0.2), NASTY, NASTY),
        audits=(audit,),
        steps=(Step(NASTY, NASTY, 3, 2),),
        versions={NASTY: NASTY},
        seconds={NASTY: 1.0},
        class_words=speaking((NASTY,), NASTY, "word"),
    )


def bare_report() -> Report:
    """Nothing but the model's name was computed."""
    model = Evaluation("tfidf + svm", ("a", "b"), 0, {}, (), (), ())
    return Report("Bare", "headstart fit a.csv", "", "tfidf", "svm", "frozen", (), "", model, None, None, (), ())


def learnt_report() -> Report:
    """A model that learnt step by step: 520 steps, checked eight times, the held-out loss lowest half-way."""
    losses = [1.6 * 0.985**i + 0.05 * (i % 3) for i in range(200)]
    rates = [3e-4 * min(i / 20, (200 - i) / 180) for i in range(200)]
    stretches = [Stretch(round(2.6 * (i + 1)), *pair) for i, pair in enumerate(zip(losses, rates, strict=True))]
    checks = [HeldOut(65 * (i + 1), 0.45 + 0.02 * (i - 4) ** 2, 0.86 - 0.004 * (i - 5) ** 2) for i in range(8)]
    return replace(english_report(), history=History(tuple(stretches), tuple(checks), 83.2), strategy="full_finetune")


english = pytest.fixture(english_report, name="english")
learnt = pytest.fixture(learnt_report, name="learnt")
chinese = pytest.fixture(chinese_report, name="chinese")
many_classes = pytest.fixture(many_classes_report, name="many_classes")
twenty_classes = pytest.fixture(lambda: many_classes_report(20), name="twenty_classes")
nasty = pytest.fixture(nasty_report, name="nasty")
bare = pytest.fixture(bare_report, name="bare")
