"""The fixed words of a recommendation in the terminal, a part of the table in strings.py."""

__all__ = ["RECOMMENDED"]

# key -> (English, Chinese). `{name}` is filled by the caller.
RECOMMENDED: dict[str, tuple[str, str]] = {
    "recommend.best": ("Recommended: {name} ({family})", "推荐：{name}（{family}）"),
    "recommend.many": (
        "Next, several encoders together, or fine-tuned, as held-out rows are better off",
        "下一步：多个编码器合用，或微调，由留出样本决定",
    ),
    "recommend.few": (
        "Next, the best for so few rows: several encoders together",
        "下一步，样本这么少时最好多个编码器合用",
    ),
    "recommend.alone": ("Or this one encoder with a simple head", "或者只用这一个编码器，加简单的分类头"),
    "recommend.and": (", ", "，"),
    # the facts
    "recommend.rows": ("rows", "行数"),
    "recommend.repeated": ("{n} repeat a text", "{n} 行与别的文本重复"),
    "recommend.read": ("read", "读取"),
    "recommend.classes": ("classes", "类别"),
    "recommend.each": ("{k}, {rows} rows each", "{k} 个，每类 {rows} 行"),
    "recommend.range": ("{least} to {most}", "{least} 至 {most}"),
    "recommend.unlabelled": ("none: unlabelled", "没有标签"),
    "recommend.characters": ("characters", "字符数"),
    "recommend.lengths": ("median {median}, p95 {p95}", "中位数 {median}，第 95 百分位 {p95}"),
    "recommend.languages": ("languages", "语言"),
    "recommend.machine": ("machine", "机器"),
    "recommend.cpus": ("{n} CPUs", "{n} 个 CPU"),
    "recommend.no_gpu": ("no GPU", "无 GPU"),
    "recommend.bf16": ("bf16 in hardware", "硬件支持 bf16"),
    "recommend.no_bf16": ("no bf16", "硬件不支持 bf16"),
    "recommend.no_torch": ("torch is not installed", "未安装 torch"),
    # the table of encoders
    "recommend.encoder": ("encoder", "编码器"),
    "recommend.expected": ("expected accuracy", "预计准确率"),
    "recommend.fit_in": ("fit in", "训练用时"),
    "recommend.layers": ("H layers", "H（各层）"),
    "recommend.seconds": ("{n} s", "{n} 秒"),
    "recommend.minutes": ("{n} min", "{n} 分钟"),
    "recommend.legend": (
        "Expected of a fit on all rows, with its 95 % interval; fit in: about, on this machine. On the sample: LOO, "
        "accuracy of ridge on rows left out; LogME and H-score (H layers: of the mean over a transformer's layers), "
        "larger is better.",
        "预计准确率：用全部样本训练时，附 95% 区间；训练用时：在本机上大约多久。在抽样上：LOO 为岭回归的留一法准确率；"
        "LogME 和 H-score（H（各层）：transformer 各层的平均）越大越好。",
    ),
    "recommend.unusable": ("{name} cannot be used: {problem}", "{name} 不能用：{problem}"),
    "recommend.usable": ("{name} can be used.", "{name} 可用。"),
}
