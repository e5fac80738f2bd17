from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, SettingError
from analysis.evaluation import Argmax, Evaluation, Scores
from analysis.frame import Grouping
from analysis.privacy import suppression as privacy
from analysis.privacy.withheld import (
    hidden_groups,
    hidden_on_any,
    named_alike,
    published,
)
from analysis.subgroups.listing import Listing, listing

SEX, TOWN = ("sex",), ("town",)
BOTH = ("sex", "town")


def people(table, classes=2, seed=0):
    """An evaluation with a number of people in each sex and town, mixed otherwise."""
    table = np.asarray(table)
    sex, town = (
        np.repeat(codes.ravel(), table.ravel()) for codes in np.indices(table.shape)
    )
    rng = np.random.default_rng(seed)
    n = len(sex)
    return Evaluation(
        title="model",
        y_true=np.arange(n) % classes,
        scores=Scores(rng.dirichlet(np.ones(classes), n)),
        classes=tuple(map(str, range(classes))),
        groups={
            name: Grouping(codes, tuple(f"{name}{i}" for i in range(size)))
            for name, codes, size in zip(BOTH, (sex, town), table.shape, strict=True)
        },
        weights=np.ones(n),
        row_ids=np.arange(n),
        rule=Argmax(),
    )


def test_a_chart_of_margins_beside_a_table_of_intersections_hides_for_both():
    shown = people([[3, 400, 400], [400, 400, 400]])
    alone = published(shown, [BOTH], 20)
    assert alone.of(BOTH).sum() == 2
    together = published(shown, [SEX, TOWN, BOTH], 20)
    # beside both margins, two cells of two rows each are needed
    by_value = together.of(BOTH).reshape(2, 3)
    assert by_value[:, 0].all()
    assert (by_value.sum(1) >= 2).all()
    assert not together.of(SEX).any()


def test_everyone_is_never_hidden():
    shown = people([[1, 1], [1, 1]])
    assert published(shown, [BOTH, ()], 100).of(()).tolist() == [False]
    assert published(shown, [], 100).of(()).tolist() == [False]


def test_the_order_of_attributes_is_that_of_the_groups_asked_for():
    shown = people([[3, 400, 400], [400, 400, 400]])
    found = published(shown, [BOTH, ("town", "sex")], 20)
    assert len(found.hidden) == 1
    turned = found.of(("town", "sex")).reshape(3, 2)
    assert turned.T.tolist() == found.of(BOTH).reshape(2, 3).tolist()
    assert turned[0, 0]


def test_a_crossing_that_was_not_published_is_no_answer():
    found = published(people([[9, 9], [9, 9]]), [SEX], 5)
    with pytest.raises(SettingError, match=r"sex × town is not among .*: sex\. Name"):
        found.of(BOTH)


def test_an_unknown_attribute_is_refused_without_a_threshold_too():
    with pytest.raises(DataError, match="age"):
        published(people([[9]]), [("age",)], 0)


def test_a_listing_is_answered_in_its_order():
    shown = people([[3, 400, 400], [400, 400, 400]])
    listed = listing(shown, BOTH, 2)
    found = published(shown, listed.crossed, 20)
    parts = [found.of(crossed) for crossed in (SEX, TOWN, BOTH)]
    assert found.listed(listed).tolist() == np.concatenate(parts).tolist()
    assert hidden_groups(shown, listed, 20).tolist() == found.listed(listed).tolist()


@pytest.mark.parametrize("k", [0, 1])
def test_a_threshold_below_two_hides_nothing(k):
    found = published(people([[1, 1], [1, 0]]), [SEX, BOTH], k)
    assert not found.of(BOTH).any()
    assert not found.is_coarse


def test_every_class_is_protected_not_only_the_one_in_view():
    shown = people([[300, 300, 300]], classes=3)
    y_true = np.array(shown.y_true)
    first = np.flatnonzero(shown.groups["town"].codes == 0)
    y_true[first] = np.where(np.arange(300) < 4, 0, 1 + np.arange(300) % 2)
    rare = replace(shown, y_true=y_true, view=2)
    # class 0 is rare in the first town; the class in view is not
    assert published(rare, [TOWN], 20).of(TOWN)[0]
    for view in range(3):
        seen = replace(rare, view=view)
        found = published(seen, [TOWN], 20).of(TOWN)
        assert found.tolist() == published(rare, [TOWN], 20).of(TOWN).tolist()


def test_with_two_classes_the_other_class_changes_nothing():
    shown = people([[12, 300, 40], [300, 25, 300]])
    other = replace(shown, view=0)
    for k in (5, 15, 30):
        both = [published(e, [SEX, TOWN, BOTH], k).of(BOTH) for e in (shown, other)]
        assert both[0].tolist() == both[1].tolist()


def test_a_large_listing_says_that_it_is_coarse(monkeypatch):
    shown = people([[3, 400, 400], [400, 400, 400]])
    monkeypatch.setattr(privacy, "MAX_ROWS", 5)
    found = published(shown, [SEX, TOWN, BOTH], 20)
    assert found.is_coarse
    assert found.of(BOTH).all()
    assert not found.of(TOWN).any()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.sampled_from([2, 3]))
def test_no_small_group_of_any_crossing_is_shown(seed, k, classes):
    rng = np.random.default_rng(seed)
    shown = people(rng.choice([0, 3, 20, 90], size=(2, 3)), classes, seed)
    found = published(shown, [SEX, BOTH, TOWN], k)
    for crossed in (SEX, TOWN, BOTH):
        codes = shown.grouping(crossed).codes
        hidden = found.of(crossed)
        for label in range(classes):
            n = np.bincount(codes[shown.y_true == label], minlength=len(hidden))
            assert not ((n > 0) & (n < k) & ~hidden).any()


def test_a_group_hidden_on_one_side_is_hidden_on_all():
    both = people([[400, 400, 400]])
    one = people([[400, 3, 400]])
    assert hidden_on_any([both, one, both], TOWN, 20)[1]
    assert not hidden_on_any([both, both], TOWN, 20).any()


def one_town(names, sizes):
    shown = people([sizes])
    grouping = Grouping(shown.groups["town"].codes, names)
    return replace(shown, groups={"town": grouping})


def test_sides_are_combined_by_the_names_of_groups_not_by_their_places():
    source = one_town(("a", "b", "c"), [300, 300, 400])
    target = one_town(("b", "c", "d"), [300, 40, 660])
    names = named_alike([source, target], TOWN)[1].groups["town"].names
    hidden = dict(zip(names, hidden_on_any([source, target], TOWN, 50), strict=True))
    assert list(hidden) == ["a", "b", "c", "d"]
    assert hidden["c"]
    assert not hidden["a"]
    # the other one is hidden lest the total give it away
    assert [hidden["b"], hidden["d"]].count(True) == 1


def test_sides_may_have_different_numbers_of_groups():
    source = one_town(("a", "b", "c"), [300, 300, 400])
    target = one_town(("b", "a"), [300, 600])
    assert not hidden_on_any([source, target], TOWN, 50).any()
    assert not hidden_on_any([target, source], TOWN, 0).any()
    alike = named_alike([source, target], TOWN)[1].groups["town"]
    assert np.bincount(alike.codes, minlength=3).tolist() == [600, 300, 0]


def test_what_is_seen_beside_a_crossing_has_a_say():
    shown = people([[400, 400, 3], [400, 400, 400]])
    assert not hidden_on_any([shown], SEX, 20).any()
    alone = hidden_on_any([shown], BOTH, 20)
    beside = hidden_on_any([shown, shown], BOTH, 20, [SEX, TOWN])
    assert alone.sum() == 2
    assert beside.sum() > 2


def test_an_empty_listing_has_only_everyone():
    shown = people([[3, 4]])
    assert hidden_groups(shown, Listing(((),)), 5).tolist() == [False]
