"""The fixed words of explanations, on a page and in the terminal, a part of the table in strings.py."""

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
        "颜色越深，该词对类别得分的影响越大。得分 = 空文本 + 各词 + 其余；0 表示不确定，+0.7 使几率加倍。"
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
    "explain.signs": (
        "+ speaks for the class, - against it; +0.7 doubles the odds.",
        "+ 支持该类别，- 反对；+0.7 使几率加倍。",
    ),
    "explain.adds": (
        "+ is what a word adds to the score of the class; +0.7 doubles the odds.",
        "+ 是一个词对类别得分的影响；+0.7 使几率加倍。",
    ),
    "explain.parts": (
        "Score = empty text + words + rest; 0 is undecided. empty text: what the model says of no words. rest: what no "
        "single word did.",
        "得分 = 空文本 + 各词 + 其余；0 表示不确定。空文本：没有词时模型的判断。其余：无法归于单个词的部分。",
    ),
    "explain.nothing": (
        "no part in it: words that add nothing, such as those that the model does not know.",
        "未起作用：没有影响的词，例如模型不认识的词。",
    ),
    "explain.exact": (
        "exact: by the model's own weights, nothing is estimated.",
        "exact：直接由模型的权重得出，没有估计。",
    ),
    "explain.occlusion": (
        "occlusion: how the score changes without the word.",
        "occlusion：去掉该词后得分的变化。",
    ),
    "explain.empty": ("empty text", "空文本"),
    "explain.rest": ("rest", "其余"),
    "explain.score": ("= score", "= 得分"),
    "explain.one_more": ("1 more word", "另有 1 个词"),
    "explain.more": ("{n} more words", "另有 {n} 个词"),
    "explain.texts_read": ("{n} texts read", "读了 {n} 条文本"),
    "explain.no_part": ("no part in it: {words}", "未起作用：{words}"),
    "explain.and_more": (" and {n} more", " 等，另有 {n} 个"),
    "explain.page": ("Page", "页面"),
    "explain.cut": ("The first {shown} of {n} characters are marked.", "仅标注 {n} 个字符中的前 {shown} 个。"),
}
