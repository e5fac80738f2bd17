"""Records as JSON and back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from analysis.estimates import Estimate
from analysis.evaluation import Argmax, GroupThresholds, Threshold
from models.as_json import KIND, from_json, plain_json, to_json


@dataclass(frozen=True)
class Inner:
    name: str
    estimate: Estimate
    pairs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Outer:
    count: int
    share: float
    is_known: bool
    word: Literal["one", "two"]
    inner: Inner | None
    by_name: Mapping[str, Inner]
    table: dict[str, tuple[float, ...]]
    rule: Threshold | GroupThresholds | Argmax = field(default_factory=Threshold)


def outer(**more):
    inner = Inner("a", Estimate(0.5, 0.25, math.nan, 10.0), (("x", 1.0), ("y", 2.0)))
    given = {
        "count": 3,
        "share": math.inf,
        "is_known": True,
        "word": "two",
        "inner": inner,
        "by_name": {"b": inner},
        "table": {"c": (1.0, -math.inf)},
    }
    return Outer(**given | more)


def through(record):
    return from_json(type(record), json.loads(json.dumps(to_json(record))))


def test_a_record_comes_back_as_it_was():
    record = outer()
    back = through(record)
    assert math.isnan(back.inner.estimate.high)
    assert repr(back) == repr(record)


@pytest.mark.parametrize(
    "rule", [Threshold(0.3), GroupThresholds("sex", (0.1, 0.2)), Argmax()]
)
def test_one_of_several_records_comes_back_as_its_own_type(rule):
    assert through(outer(rule=rule)).rule == rule


def test_nothing_comes_back_as_nothing():
    assert through(outer(inner=None)).inner is None


def test_no_number_that_json_lacks_is_written():
    json.dumps(to_json(outer()), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", "three"), ("count", True), ("is_known", 1), ("share", []), ("table", 3)],
)
def test_data_of_another_shape_are_refused(name, value):
    data = to_json(outer()) | {name: value}
    with pytest.raises((TypeError, ValueError, AttributeError)):
        from_json(Outer, data)


def test_a_missing_field_is_refused():
    data = to_json(outer())
    del data["word"]
    with pytest.raises(KeyError):
        from_json(Outer, data)


def test_what_is_no_plain_field_is_refused():
    with pytest.raises(TypeError, match="cannot be kept"):
        to_json(outer(word={1, 2}))


def test_plain_json_has_no_kinds_and_null_for_undefined():
    plain = plain_json(to_json(outer()))
    assert plain["inner"]["estimate"] == {
        "value": 0.5,
        "low": 0.25,
        "high": None,
        "n": 10,
    }
    assert plain["share"] is None
    assert KIND not in json.dumps(plain)


@pytest.mark.parametrize("name", ["kind", "nan", "inf", "__type__ "])
def test_names_that_look_like_ours_stay_names(name):
    record = outer(by_name={name: outer().inner}, table={name: (1.0,)})
    assert set(through(record).by_name) == {name}
    assert set(plain_json(to_json(record))["table"]) == {name}
