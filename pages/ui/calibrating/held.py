"""A risk held as the reader asked: rows on either side of a change, and weights."""

from dataclasses import dataclass, replace

from analysis.arrays import Floats
from analysis.conformal.change_point import Weighing, is_after, weights_towards
from analysis.conformal.control import Control, Dial, control_risk
from analysis.conformal.dialled import Dialled, dialled
from analysis.conformal.realised import RiskReport, realised
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from pages.ui import cache
from pages.ui.calibrating.reproduced import snippet
from pages.ui.calibrating.rows import Rows


@dataclass(frozen=True)
class Asked:
    """What the reader has set: the dial, the weights, and where things changed.

    Parameters
    ----------
    dial : Dial
    weighing : Weighing
    change : str
        First period after the change, or the other domain; empty for no change.
    """

    dial: Dial
    weighing: Weighing
    change: str

    @property
    def is_weighted(self) -> bool:
        """Whether fitted rows count differently."""
        return bool(self.weighing.name)

    def without_weights(self) -> "Asked":
        """Return the same with all fitted rows alike."""
        return replace(self, weighing=Weighing())


@dataclass(frozen=True, eq=False)
class Sides:
    """Rows fitted on, those that are coming, and those like the rows fitted on."""

    fit: Evaluation
    coming: Evaluation
    alike: Evaluation


def sides_of(rows: Rows, report: Evaluation, change: str) -> Sides:
    """Return the rows of either side of a change; without one all are alike."""
    if not change:
        return Sides(rows.fit, report, report)
    fit = _side(rows.data, rows.fit, change, is_later=False)
    later = _side(rows.data, report, change, is_later=True)
    return Sides(fit, later, _side(rows.data, report, change, is_later=False))


def held(rows: Rows, sides: Sides, asked: Asked, on: Evaluation) -> RiskReport:
    """Return what becomes of the risk on some rows."""
    control = _control(rows.data, sides.fit, sides.coming, asked.dial, asked.weighing)
    return realised(on, control, rows.by)


def price(rows: Rows, sides: Sides, asked: Asked) -> Dialled:
    """Return what every level of the dial costs among the people who are coming."""
    return _price(rows.data, sides.fit, sides.coming, asked.dial, asked.weighing)


def code(rows: Rows, asked: Asked, *, is_test: bool) -> str:
    """Return the Python that gives the risk of the people who are coming."""
    imports = [
        "from analysis.conformal.control import Dial, control_risk",
        "from analysis.conformal.realised import realised",
    ]
    lines, weights = [], ""
    if asked.change:
        imports.append("from analysis.conformal.change_point import is_after")
        lines += _change_lines(asked.change, is_time=rows.data.task.time is not None)
    if asked.is_weighted:
        imports.append(
            "from analysis.conformal.change_point import Weighing, weights_towards"
        )
        features = _features(rows.data)
        call = f"data.frame, fit, report, {features!r}, {asked.weighing!r}"
        lines.append(f"weights = weights_towards({call})")
        weights = ", weights"
    lines.append(f"control = control_risk(fit, {asked.dial!r}{weights})")
    lines.append(f"realised(report, control, {rows.by!r})")
    return snippet(rows, imports, lines, is_test=is_test)


def _change_lines(change: str, *, is_time: bool) -> list[str]:
    def after(name: str) -> str:
        return f"is_after(data.frame, {name}, {change!r}, is_time={is_time})"

    return [
        f"fit = fit.take((~{after('fit')}).nonzero()[0])",
        f"report = report.take({after('report')}.nonzero()[0])",
    ]


def _features(data: Dataset) -> tuple[str, ...]:
    """Return the columns compared: all but the time or domain itself."""
    declared = (data.task.time, data.task.domain)
    method = "time" if data.task.time else ""
    return tuple(f for f in data.features_for(method) if f not in declared)


@cache.shared(32)
def _side(
    data: Dataset, whole: Evaluation, change: str, *, is_later: bool
) -> Evaluation:
    after = is_after(data.frame, whole, change, is_time=data.task.time is not None)
    return whole.take((after if is_later else ~after).nonzero()[0])


@cache.shared(64)
def _control(
    data: Dataset,
    fit: Evaluation,
    coming: Evaluation,
    dial: Dial,
    weighing: Weighing,
) -> Control:
    return control_risk(fit, dial, _weights(data, fit, coming, weighing))


@cache.shared(32)
def _price(
    data: Dataset,
    fit: Evaluation,
    coming: Evaluation,
    dial: Dial,
    weighing: Weighing,
) -> Dialled:
    return dialled(fit, coming, dial, _weights(data, fit, coming, weighing))


@cache.shared(16)
def _weights(
    data: Dataset, fit: Evaluation, coming: Evaluation, weighing: Weighing
) -> Floats | None:
    return weights_towards(data.frame, fit, coming, _features(data), weighing)
