"""What a comparison found, in a plain sentence for a reader who knows no statistics; in English and in Chinese."""

from dataclasses import dataclass

__all__ = ["MIN_DISAGREEMENTS", "Found"]

# With 5 rows that differ even 5 : 0 has an exact two-sided p of 2 / 2^5 = 0.06: no verdict is possible.
MIN_DISAGREEMENTS = 6

_UNITS = {"accuracy": "points of accuracy", "macro_f1": "points of macro F1", "mcc": "points of MCC (x 100)"}
_CHINESE = {"accuracy": "准确率", "macro_f1": "宏平均 F1", "mcc": "MCC（×100）"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Two models on the same n rows. difference: model minus baseline in the metric, and the ends of its interval,
    shown in hundredths; n_differing: the rows that exactly one of them has right.
    """

    model: str
    baseline: str
    metric: str
    difference: tuple[float, float, float]
    verdict: str
    n: int
    n_differing: int

    def english(self) -> str:
        """`a beats b by 14.0 points of accuracy (95 % interval 6.0 to 24.0): the transfer helped.`"""
        unit = _UNITS.get(self.metric, f"points of {self.metric}")
        if self._is_open:
            return self._open_english(unit)
        points, low, high = self._figures()
        meaning = f": the transfer {self.verdict}" if self.verdict in ("helped", "hurt") else ""
        beats = "beats" if self._gains else "loses to"
        return f"{self.model} {beats} {self.baseline} by {points} {unit} (95 % interval {low} to {high}){meaning}."

    def chinese(self) -> str:
        """The same in Chinese."""
        metric = _CHINESE.get(self.metric, self.metric)
        if self._is_open:
            return self._open_chinese(metric)
        points, low, high = self._figures()
        meaning = {"helped": "：迁移有帮助", "hurt": "：迁移有害"}.get(self.verdict, "")
        than = "高" if self._gains else "低"
        return (
            f"{self.model} 的{metric}比 {self.baseline} {than} {points} 个百分点（95% 区间 {low} 至 {high}）{meaning}。"
        )

    def _open_english(self, unit: str) -> str:
        points, low, high = self._points()
        more = " More test rows would narrow the interval." if low < high else ""
        where = f"{abs(points):.1f} {unit} {'above' if points > 0 else 'below'}" if points else "level with"
        few = f" since exactly one of them is right on {self.n_differing} rows only" if self._is_few else ""
        return (
            f"{self.model} is {where} {self.baseline} on {self.n:,} rows, which may be chance{few} (95 % interval "
            f"{low:+.1f} to {high:+.1f}): no difference shown.{more}"
        )

    def _open_chinese(self, metric: str) -> str:
        points, low, high = self._points()
        more = "更多测试数据会缩小区间。" if low < high else ""
        than = f"比 {self.baseline} {'高' if points > 0 else '低'} {abs(points):.1f} 个百分点"
        where = than if points else f"与 {self.baseline} 相同"
        few = f"，因为两者对错不同的只有 {self.n_differing} 条" if self._is_few else ""
        return (
            f"在 {self.n:,} 条数据上，{self.model} 的{metric}{where}，可能只是偶然{few}"
            f"（95% 区间 {low:+.1f} 至 {high:+.1f}）：未显示出差异。{more}"
        )

    @property
    def _is_open(self) -> bool:
        return self.verdict == "no difference shown"

    @property
    def _is_few(self) -> bool:
        return 0 < self.n_differing < MIN_DISAGREEMENTS

    @property
    def _gains(self) -> bool:
        return self._points()[1] > 0.0

    def _points(self) -> tuple[float, float, float]:
        value, low, high = self.difference
        return 100.0 * value, 100.0 * low, 100.0 * high

    def _figures(self) -> tuple[str, str, str]:
        """The same without a sign, for an interval that excludes 0: it should not read "0.0 to ..."."""
        points, low, high = self._points()
        if not self._gains:
            points, low, high = -points, -high, -low
        digits = 1 if low >= 0.05 else 2
        return f"{points:.{digits}f}", f"{low:.{digits}f}", f"{high:.{digits}f}"
