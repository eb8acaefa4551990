"""The fixed words of a page and a table of clusters, a part of the table in strings.py."""

__all__ = ["EXPLORED"]

# key -> (English, Chinese). `{name}` is filled by the caller.
EXPLORED: dict[str, tuple[str, str]] = {
    "explore.map": ("Map of the texts", "文本分布图"),
    "explore.map_alt": ("Map of the texts, coloured by {k} clusters.", "按 {k} 个簇着色的文本分布图。"),
    "explore.map_note": (
        "{n} texts by t-SNE: near means alike; distances between far groups, and sizes of groups, mean little. "
        "A number stands in the middle of its cluster.",
        "t-SNE 绘制的 {n} 条文本：相近表示相似；相距较远的簇之间的距离以及簇的大小没有太多含义。数字位于各簇中央。",
    ),
    "explore.clusters": ("Clusters", "簇"),
    "explore.summary": (
        "{n} texts in {k} clusters · {duplicates} copies of others · {outliers} far from every cluster",
        "{n} 条文本，{k} 个簇 · {duplicates} 条重复 · {outliers} 条离群",
    ),
    "explore.size": ("Texts", "文本数"),
    "explore.cohesion": ("Cohesion", "凝聚度"),
    "explore.terms": ("Terms", "关键词"),
    "explore.no_terms": ("no words", "无词语"),
    "explore.column.cluster": ("cluster", "簇"),
    "explore.column.texts": ("texts", "文本数"),
    "explore.column.cohesion": ("cohesion", "凝聚度"),
    "explore.column.terms": ("terms", "关键词"),
    "explore.column.typical": ("typical", "典型文本"),
    "explore.method": ("How it was done", "方法"),
    "explore.encoder": ("Encoder", "编码器"),
    "explore.silhouettes": ("Mean silhouette", "平均轮廓系数"),
    "explore.given": ("The number of clusters was given.", "簇的数量由用户指定。"),
    "explore.chosen": (
        "Of 2 to 30 clusters the fewest whose mean silhouette is within a tenth of the largest.",
        "在 2 至 30 个簇中，取平均轮廓系数与最大值相差不超过一成的最小簇数。",
    ),
    "explore.method_note": (
        "k-means on features of length 1, reduced to 50 dimensions. Terms: class-based TF-IDF. Cohesion: mean "
        "cosine of a text with the centre of its cluster. Examples: the texts nearest to the centre.",
        "对长度归一并降至 50 维的特征做 k-means。"
        "关键词：按簇计算的 TF-IDF。凝聚度：文本与簇中心的平均余弦。示例：离簇中心最近的文本。",
    ),
}
