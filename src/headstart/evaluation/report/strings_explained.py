"""The fixed words of a page of explanations, a part of the table in strings.py."""

__all__ = ["EXPLAINED"]

# key -> (English, Chinese). `{name}` is filled by the caller.
EXPLAINED: dict[str, tuple[str, str]] = {
    "explain.title": ("Which words pushed the prediction", "哪些词推动了预测"),
    "explain.legend": (
        "Words that speak {pro}for{end} and {con}against{end} the class",
        "{pro}支持{end}与{con}反对{end}该类别的词",
    ),
    "explain.note": (
        "The stronger the colour, the more the word adds to the class's score. Score = empty text + words + rest; 0 is "
        "undecided, +0.7 doubles the odds. Rest: what no single word did.",
        "颜色越深，该词对类别得分的影响越大。得分 = 空文本 + 各词 + 其余；0 表示不确定，+0.7 使胜率加倍。"
        "其余：无法归于单个词的部分。",
    ),
    "explain.of": ("{label}, probability {p}", "{label}，概率 {p}"),
    "explain.predicted": ("predicted: {label}", "预测为 {label}"),
    "explain.sum": (
        "score {score} = empty text {offset}, words {words}, rest {rest}",
        "得分 {score} = 空文本 {offset}，各词 {words}，其余 {rest}",
    ),
    "explain.method": ("method: {method}", "方法：{method}"),
    "explain.truncated": ("the model does not read this text to its end", "模型没有读完整条文本"),
    "explain.word": ("Word", "词"),
    "explain.weight": ("Adds to the score", "对得分的影响"),
    "explain.times": ("Times", "次数"),
    "explain.seen": ("Texts", "文本数"),
    "explain.all": ("All words ({n})", "全部词（{n}）"),
    "explain.without_part": ("No part in it: {words}", "未起作用：{words}"),
    "explain.cut": ("The first {shown} of {n} characters are marked.", "仅标注 {n} 个字符中的前 {shown} 个。"),
}
