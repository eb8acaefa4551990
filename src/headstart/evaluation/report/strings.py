"""Every fixed word of a report, in English and Chinese: the one place to add a language or change a label."""

from collections.abc import Mapping

from headstart.errors import ConfigError, did_you_mean
from headstart.evaluation.report.strings_explained import EXPLAINED
from headstart.evaluation.report.strings_explored import EXPLORED
from headstart.evaluation.report.strings_recommended import RECOMMENDED

__all__ = ["LANGUAGES", "Words", "metric_name", "words"]

Words = Mapping[str, str]

LANGUAGES = ("en", "zh")

# key -> (English, Chinese). `{name}` is filled by the caller.
_TABLE: dict[str, tuple[str, str]] = {
    "language": ("en", "zh"),
    # the model and its metrics
    "model": ("Model", "模型"),
    "baseline": ("Baseline", "基线"),
    "difference": ("Difference", "差值"),
    "metric": ("Metric", "指标"),
    "metric.accuracy": ("Accuracy", "准确率"),
    "metric.balanced_accuracy": ("Balanced accuracy", "平衡准确率"),
    "metric.macro_f1": ("Macro-F1", "宏平均 F1"),
    "metric.mcc": ("MCC", "MCC"),
    "metric.log_loss": ("Log loss", "对数损失"),
    "metric.roc_auc": ("ROC-AUC", "ROC-AUC"),
    "metric.ece": ("ECE", "ECE"),
    "metric.micro_f1": ("Micro-F1", "微平均 F1"),
    "metric.weighted_f1": ("Weighted F1", "加权 F1"),
    "metric.macro_precision": ("Macro precision", "宏平均精确率"),
    "metric.micro_precision": ("Micro precision", "微平均精确率"),
    "metric.weighted_precision": ("Weighted precision", "加权精确率"),
    "metric.macro_recall": ("Macro recall", "宏平均召回率"),
    "metric.micro_recall": ("Micro recall", "微平均召回率"),
    "metric.weighted_recall": ("Weighted recall", "加权召回率"),
    "hint.macro_f1": ("mean F1 of the classes", "各类 F1 的平均"),
    "hint.mcc": ("1 perfect, 0 like chance", "1 为完美，0 相当于随机"),
    "lower_is_better": ("lower is better", "越低越好"),
    # the first screen
    "verdict.helped": ("The transfer helped", "迁移有帮助"),
    "verdict.hurt": ("The transfer hurt", "迁移有害"),
    "verdict.better": ("Better than the baseline", "优于基线"),
    "verdict.worse": ("Worse than the baseline", "不如基线"),
    "verdict.no difference shown": ("No difference shown", "未显示出差异"),
    "verdict.none": ("Not compared", "未作比较"),
    "alone.bundle": (
        "The classifier was measured alone. What it was compared with when it was made stands in its card.md.",
        "这里只评估分类器本身。训练时与基线的比较见模型文件夹里的 card.md。",
    ),
    "alone.baseline": (
        "This model is the from-scratch baseline itself. Without --encoder, fit compares a better one with it.",
        "此模型本身就是从零开始的基线。不指定 --encoder 时，fit 会训练更好的模型并与它比较。",
    ),
    "alone.rows": (
        "There is no from-scratch baseline: it needs two labelled rows of two classes.",
        "没有从零开始的基线：它需要至少两个类别各有两条标注。",
    ),
    "interval": ("95% interval {low} to {high}", "95% 区间 {low} 至 {high}"),
    "no_interval": ("no interval computed", "未计算区间"),
    "not_computed": ("not computed", "未计算"),
    "right_of": ("{right} of {n} texts right", "{n} 条文本中 {right} 条正确"),
    "on_rows": ("{n} rows checked", "检验 {n} 条数据"),
    "summary": ("How good is it?", "效果如何？"),
    "further_metrics": ("Further metrics ({n})", "其他指标（{n}）"),
    "metrics_note": (
        "In brackets: 95% intervals. Difference: model minus baseline; coloured only where an "
        "interval leaves out zero. ↓ lower is better. ECE: expected calibration error.",
        "方括号内为 95% 区间。差值 = 模型减基线；仅当区间不含零时着色。↓ 越低越好。ECE：期望校准误差。",
    ),
    "interval_caption": (
        "Point and 95% interval, higher is better.",
        "点估计与 95% 区间，越高越好。",
    ),
    "interval_alt": ("Interval plot. {values}", "区间图。{values}"),
    "named": ("{role}: {name}", "{role}：{name}"),
    "sections": ("Sections", "目录"),
    # classes
    "classes": ("Classes", "各类别"),
    "class": ("Class", "类别"),
    "precision": ("Precision", "精确率"),
    "recall": ("Recall", "召回率"),
    "f1": ("F1", "F1"),
    "f1_bar": ("F1 from 0 to 1", "F1（0 至 1）"),
    "support": ("Rows", "行数"),
    "bar_note": (
        "Bar: F1; thin line: its 95% interval.",
        "条形：F1；细线：其 95% 区间。",
    ),
    "bar_note_baseline": ("Grey tick: F1 of the baseline.", "灰色刻度：基线的 F1。"),
    "weakest_first": ("The {n} weakest of {k} classes.", "{k} 个类别中最弱的 {n} 个。"),
    "other_classes": ("The other {n} classes", "其余 {n} 个类别"),
    "no_classes": ("No per-class scores were computed.", "未计算各类别的得分。"),
    # confusion
    "confusion": ("Confusion", "混淆矩阵"),
    "true": ("True class", "真实类别"),
    "predicted": ("Predicted class", "预测类别"),
    "confusion_note": (
        "Rows: true class; columns: predicted class. Shading: share of the row; blue right, amber wrong.",
        "行：真实类别；列：预测类别。颜色深浅表示占该行的比例；蓝色为正确，琥珀色为错误。",
    ),
    "confused_pairs": ("Most often confused", "最常混淆的类别对"),
    "pairs_note": ("{shown} of {n} kinds of confusion.", "共 {n} 种混淆，列出 {shown} 种。"),
    "count": ("Texts", "文本数"),
    "share": ("Share of the true class", "占真实类别的比例"),
    "confusion_alt": (
        "Confusion matrix of {k} classes as a picture; {right} of {n} texts lie on the diagonal.",
        "{k} 个类别的混淆矩阵图；{n} 条文本中 {right} 条位于对角线上。",
    ),
    "confusion_picture": (
        "{k} by {k} classes in the order of the model. Blue diagonal: right; amber: wrong. Stronger: a larger share.",
        "{k} × {k} 个类别，按模型中的顺序。蓝色对角线为正确，琥珀色为错误；颜色越深比例越大。",
    ),
    "no_confusion": ("No text was classified wrongly.", "没有分类错误的文本。"),
    "no_matrix": ("No confusion matrix was computed.", "未计算混淆矩阵。"),
    # calibration
    "calibration": ("Can the probabilities be trusted?", "概率可信吗？"),
    "calibration.short": ("Calibration", "校准"),
    "calibration_note": (
        "A point on the dashed line: texts given this probability are right this often. Below it the model "
        "is too sure of itself, above it too modest.",
        "点落在虚线上：给出该概率的文本，其正确比例与概率一致。在虚线下方表示模型过于自信，上方表示过于保守。",
    ),
    "confidence": ("Probability", "概率"),
    "accuracy": ("Share right", "正确比例"),
    "bin": ("Bin", "区间"),
    "no_calibration": ("No reliability curve was computed.", "未计算可靠性曲线。"),
    "calibration_alt": ("Reliability curve. {values}", "可靠性曲线。{values}"),
    "calibration_bin": (
        "{n} texts at probability {confidence}: {accuracy} right",
        "概率 {confidence} 的 {n} 条文本：正确 {accuracy}",
    ),
    # the limit of errors
    "answering": ("Which texts are answered?", "回答哪些文本？"),
    "answering.short": ("Answers", "回答"),
    "answered": ("Texts answered", "已回答的文本"),
    "answered_error": ("Errors among the answered", "已回答文本中的错误率"),
    "none_answered": ("none is answered", "没有回答任何文本"),
    "sets_without": ("Label sets without the true label", "不含真实类别的标签集"),
    "set_size": ("Labels a set, mean", "标签集的平均大小"),
    "answering_rows": ("On these {n} rows", "在这 {n} 行上"),
    # further labels
    "more_labels": ("What more labels would buy", "更多标注能带来什么"),
    "more_labels.now": ("Accuracy to expect with all {n} rows: {figure}", "预计准确率（全部 {n} 条标注）：{figure}"),
    "more_labels.more": ("{n} more labels: about {figure}", "再标注 {n} 条：约 {figure}"),
    "more_labels.further": ("{n} more: about {figure}", "再标注 {n} 条：约 {figure}"),
    "more_labels.join": ("; ", "；"),
    # mistakes
    "mistakes": ("Most confident mistakes", "最自信的错误"),
    "mistakes.short": ("Mistakes", "错误"),
    "mistakes_note": (
        "The wrong predictions of which the model was surest: wrong labels and unclear classes show up here.",
        "模型最有把握却预测错误的文本：标注错误和界限不清的类别最先出现在这里。",
    ),
    "mistakes_shown": ("{n} of {total} are shown.", "共 {total} 条，显示 {n} 条。"),
    "no_mistakes": ("No mistakes were recorded.", "没有记录到错误。"),
    "taken_for": ("True {true}, predicted {predicted}", "真实 {true}，预测 {predicted}"),
    "probability_of": ("probability {p}", "概率 {p}"),
    "line": ("line {line}", "第 {line} 行"),
    "whole_text": ("Whole text ({n} characters)", "全文（{n} 个字符）"),
    "first_part": ("The first {shown} of {n} characters", "{n} 个字符中的前 {shown} 个"),
    # words
    "class_words": ("Words that speak for each class", "各类别的代表词"),
    "class_words.short": ("Words", "词语"),
    "speaking_words": ("Words, the strongest first", "词语（由强到弱）"),
    "class_words_note": (
        "The words and short phrases with the largest weights of the linear model: in a text, they push towards the "
        "class. For single texts: headstart explain.",
        "线性模型中权重最大的词和短语：它们在文本中出现时，会使预测偏向该类别。解释单条文本：headstart explain。",
    ),
    # data
    "data": ("Data", "数据"),
    "rows": ("{n} rows", "{n} 行"),
    "finding_rows": ("{severity}, rows: {n}", "{severity}，行数：{n}"),
    "unlabelled": ("unlabelled", "无标注"),
    "languages": ("Languages", "语言"),
    "language.en": ("English", "英文"),
    "language.zh": ("Chinese", "中文"),
    "language.mixed": ("mixed", "混合"),
    "language.other": ("other", "其他"),
    "lengths": ("Characters in a text", "文本字符数"),
    "length.min": ("shortest", "最短"),
    "length.median": ("median", "中位数"),
    "length.mean": ("mean", "平均"),
    "length.p95": ("95th percentile", "第 95 百分位"),
    "length.max": ("longest", "最长"),
    "findings": ("Findings", "发现"),
    "no_findings": ("Nothing to object to.", "未发现问题。"),
    "severity.error": ("Error", "错误"),
    "severity.warning": ("Warning", "警告"),
    "severity.info": ("Note", "提示"),
    "examples": ("Examples", "示例"),
    "notes": ("How it was read", "读取方式"),
    "and_more": ("and {n} more", "另有 {n} 个"),
    "no_audits": ("The data was not audited.", "未对数据进行检查。"),
    # steps
    "steps": ("What was done to the rows", "对数据行做了什么"),
    "steps.short": ("Steps", "步骤"),
    "step_data": ("Data", "数据"),
    "role.train": ("train", "训练数据"),
    "role.test": ("test", "测试数据"),
    "role.source": ("source", "源领域数据"),
    "role.unlabelled": ("unlabelled", "无标注数据"),
    "action": ("Step", "步骤"),
    "before": ("Rows before", "之前行数"),
    "after": ("Rows after", "之后行数"),
    "change": ("Change", "变化"),
    "no_steps": ("No steps were recorded.", "没有记录步骤。"),
    # training
    "training": ("How the training went", "训练过程"),
    "training.short": ("Training", "训练"),
    "training_note": (
        "Held out: training rows that were spared to check. Of more than 200 steps the training loss is the mean of "
        "neighbouring ones. Where it falls while the held-out loss rises, the model learns by heart.",
        "留出数据：从训练数据中留出、仅用于检查的行。超过 200 步时，训练损失为相邻若干步的平均。"
        "若训练损失下降而留出损失上升，说明模型在死记硬背。",
    ),
    "no_held_out": (
        "No rows were held out to check: there were too few. The training loss alone does not say how well new texts "
        "are classified.",
        "数据太少，没有留出用于检查的行。仅凭训练损失无法判断对新文本的分类效果。",
    ),
    "loss": ("Loss", "损失"),
    "training_loss": ("Training loss", "训练损失"),
    "held_out": ("Held-out rows", "留出数据"),
    "held_out_loss": ("Held-out loss", "留出损失"),
    "held_out_accuracy": ("Held-out accuracy", "留出准确率"),
    "lowest_held_out": ("Lowest held-out loss", "最低留出损失"),
    "learning_rate": ("Learning rate", "学习率"),
    "step": ("Step", "步"),
    "steps_taken": ("Steps", "步数"),
    "at_step": ("{value} at step {step}", "{value}（第 {step} 步）"),
    "checks": ("All checks ({n})", "全部检查（{n}）"),
    "curves_alt": ("Learning curves. {values}", "学习曲线。{values}"),
    # method
    "why": ("Why this encoder and this head", "为何选择此编码器与分类头"),
    "why.short": ("Choice", "选择"),
    "no_reasons": (
        "The encoder and the head were given, not chosen.",
        "编码器与分类头由用户指定，并非自动选择。",
    ),
    "encoder": ("Encoder", "编码器"),
    "head": ("Head", "分类头"),
    "strategy": ("Strategy", "策略"),
    "method": ("How it was measured", "如何测量"),
    "method.short": ("Method", "方法"),
    "repeat": ("Repeat this run", "重现本次运行"),
    "seed": ("Seed", "随机种子"),
    "seconds": ("Seconds", "用时（秒）"),
    "seconds.read": ("read", "读取"),
    "seconds.fit": ("fit", "训练"),
    "seconds.evaluate": ("evaluate", "评估"),
    "versions": ("Versions", "版本"),
    "scroll": ("{name}, scrolls sideways", "{name}，可横向滚动"),
    # the terminal
    "trained": (
        "{n} steps in {seconds} s, loss {first} to {last}",
        "{n} 步，用时 {seconds} 秒，损失 {first} 至 {last}",
    ),
    "checked": (
        "held-out rows at step {step}: loss {loss}, accuracy {accuracy}",
        "第 {step} 步的留出数据：损失 {loss}，准确率 {accuracy}",
    ),
    "warnings": ("Warnings", "警告"),
    "more_classes": ("{n} more classes are in the report.", "另有 {n} 个类别见报告。"),
    "more_warnings": ("{n} more warnings are in the report.", "另有 {n} 条警告见报告。"),
    "bundle": ("Bundle", "模型包"),
    "report": ("Report", "报告"),
    **EXPLAINED,
    **EXPLORED,
    **RECOMMENDED,
}


def words(language: str) -> Words:
    """The strings of `language` ("en" or "zh"). Raises ConfigError for another one."""
    if language not in LANGUAGES:
        raise ConfigError(
            f"Report language {language!r} is not known.{did_you_mean(language, LANGUAGES)} "
            f"Use one of {', '.join(LANGUAGES)}."
        )
    column = LANGUAGES.index(language)
    return {key: texts[column] for key, texts in _TABLE.items()}


def metric_name(w: Words, key: str) -> str:
    """What the reader calls the metric `key`; a metric without an entry shows its key: `top_3` -> "top 3"."""
    return w.get(f"metric.{key}", key.replace("_", " "))
