import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.attribution.risk_region import risk_region
from analysis.attribution.rule_search import Effects, grown_rule
from analysis.cohorts import parse
from analysis.datasets.synthetic import planted, planted_shift
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.matching import matches
from analysis.shifts.domain import Domain


def world(rng, n=6000, *, moved=0.0, mean=0.0, everywhere=0.0):
    """Labels of people over 50 in the west follow another law by `moved`."""
    age, income = rng.uniform(18, 80, n).round(), rng.normal(mean, 1, n)
    region = rng.choice(["east", "north", "west"], n)
    z = 0.05 * (age - 50) + income
    inside = (age >= 50) & (region == "west")
    y = rng.random(n) < expit(z + moved * inside + everywhere)
    evaluation = Evaluation(
        "m",
        y.astype(int),
        binary_probabilities(expit(z)),
        ("no", "yes"),
        {},
        np.ones(n),
        np.arange(n),
    )
    columns = pd.DataFrame({"age": age, "region": region, "income": income})
    return Domain(evaluation, columns)


def of_planted(made):
    evaluation = Evaluation(
        "m",
        (made.table["outcome"] == "yes").to_numpy().astype(int),
        binary_probabilities(made.table["score"].to_numpy()),
        ("no", "yes"),
        {},
        np.ones(len(made.table)),
        np.arange(len(made.table)),
    )
    columns = ["sex", "region", "age", "income", "tenure", "channel"]
    return Domain(evaluation, made.table[columns])


def test_a_planted_region_is_found_with_its_borders_about_right():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(10):
        source, target = world(rng), world(rng, moved=-1.5, mean=0.5)
        region = risk_region(source, target)
        if not region.is_found:
            continue
        found += 1
        truth = (target.columns["age"] >= 50) & (target.columns["region"] == "west")
        held = matches(parse(region.rule), target.columns)
        assert (held & truth).sum() / (held | truth).sum() > 0.6
        assert region.difference.high < 0
        assert region.n_target == held.sum()
        assert region.share_of_target.value == pytest.approx(held.mean())
    assert found >= 8


def test_the_rates_inside_are_those_of_the_planted_law():
    """As many people of both sides: e = 1/2, so shared rates are plain ones."""
    rng = np.random.default_rng(1)
    source, target = world(rng, n=30_000), world(rng, n=30_000, moved=-1.5)
    region = risk_region(source, target)
    assert region.rule in ("region = west & age >= 50", "age >= 50 & region = west")
    big = world(np.random.default_rng(2), n=400_000)
    held = matches(parse(region.rule), big.columns)
    logits = np.log(big.evaluation.score / (1 - big.evaluation.score))[held]
    assert region.at_source.low <= expit(logits).mean() <= region.at_source.high
    assert region.at_target.low <= expit(logits - 1.5).mean() <= region.at_target.high
    change = region.at_target.value - region.at_source.value
    assert region.difference.value == pytest.approx(change)
    assert region.outside.low <= 0 <= region.outside.high
    assert region.p_value < 1e-6


def test_where_nothing_changed_hardly_any_region_is_confirmed():
    """In 400 draws of each of two worlds: 0.5 % and 0 %."""
    rng = np.random.default_rng(0)
    found = [
        risk_region(world(rng, 1500), world(rng, 1500, mean=0.5), seed=i).is_found
        for i in range(80)
    ]
    assert sum(found) <= 4


def test_a_change_of_the_features_alone_is_no_region():
    """The label has an interaction that the models of it do not know."""
    found = 0
    for seed in range(12):
        first, second = planted_shift("age", 0.7, 5000, seed)
        found += risk_region(of_planted(first), of_planted(second)).is_found
    assert found <= 2


def test_a_change_that_is_alike_everywhere_is_no_region_but_is_said(rng):
    source = world(rng, 3000)
    region = risk_region(source, world(rng, 3000, everywhere=-0.8))
    if not region.rule:
        assert "about alike everywhere" in region.words
    assert region.overall.high < 0


def test_wrong_decisions_can_be_asked_for(rng):
    region = risk_region(
        world(rng, 20_000), world(rng, 20_000, moved=-2.5), outcome="error"
    )
    assert region.is_found
    assert "region = west" in region.rule
    assert region.difference.low > 0
    with pytest.raises(SettingError, match="choose from label, error"):
        risk_region(world(rng), world(rng), outcome="height")


def test_tables_that_share_nothing_have_no_region(rng):
    region = risk_region(world(rng), world(rng, mean=15.0))
    assert not region.is_found
    assert region.rule == ""
    assert "share too little" in region.words


def test_missing_values_and_odd_names_make_rules_that_can_be_read(rng):
    n = 8000
    word = rng.choice(['a "b" & c', "d"], n).astype(object)
    word[rng.random(n) < 0.3] = None
    table = pd.DataFrame({"the = word": word, "x": rng.normal(size=n)})
    is_target = np.arange(n) >= n // 2
    inside = table["the = word"].isna().to_numpy()
    moment = np.where(is_target, 0.5, -0.5) * (rng.normal(size=n) * 0.2)
    moment = moment + 0.25 * inside
    rule = grown_rule(table, Effects(moment, np.full(n, 0.25), is_target))
    assert str(rule) == '"the = word" = Missing'
    assert (matches(parse(str(rule)), table) == inside).all()


def test_a_cut_holds_the_rows_that_were_looked_at(rng):
    x = rng.normal(0, 1e-3, 6000)
    x[rng.random(6000) < 0.2] = np.nan
    is_target = np.arange(6000) % 2 == 0
    moment = 0.25 * (x >= 5e-4) + rng.normal(0, 0.1, 6000)
    effects = Effects(moment, np.full(6000, 0.25), is_target)
    rule = grown_rule(pd.DataFrame({"x": x}), effects, conditions=1)
    held = matches(parse(str(rule)), pd.DataFrame({"x": x}))
    cut = float(rule.conditions[0].value)
    assert rule.conditions[0].op == ">="
    assert cut == pytest.approx(5e-4, abs=1e-4)
    assert (held == (x >= cut)).all()


def test_columns_without_any_difference_give_no_rule(rng):
    table = pd.DataFrame({"x": rng.normal(size=500), "c": ["a"] * 500})
    effects = Effects(np.full(500, 0.1), np.full(500, 0.25), np.arange(500) % 2 == 0)
    assert grown_rule(table, effects).conditions == ()


def test_a_table_of_three_classes_has_regions_of_the_class_in_view():
    first, second = planted(3, 4000, 0), planted(3, 4000, 1)

    def one(made):
        labels = list(made.table["outcome"].cat.categories)
        from analysis.evaluation import Scores

        scores = made.table[["score_low", "score_middle", "score_high"]].to_numpy()
        evaluation = Evaluation(
            "m",
            made.table["outcome"].map(labels.index).to_numpy().astype(int),
            Scores(scores / scores.sum(axis=1, keepdims=True)),
            tuple(labels),
            {},
            np.ones(4000),
            np.arange(4000),
        )
        return Domain(evaluation, made.table[["age", "income", "region"]])

    for outcome in ("label", "error"):
        region = risk_region(one(first), one(second), outcome)
        assert not region.is_found
        assert not np.isnan(region.overall.value)
