import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.audits.presets import four_fifths, law_144
from analysis.audits.unknown import is_unknown
from analysis.charts import presets as printing
from analysis.errors import DataError, SettingError
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping


def people(cells, sex_names=("Female", "Male"), race_names=("A", "B"), weights=None):
    """One row per person: cells are (sex, race, score, how many)."""
    sex, race, score = (
        np.repeat([cell[i] for cell in cells], [cell[3] for cell in cells])
        for i in range(3)
    )
    n = len(sex)
    return Evaluation(
        title="tool",
        y_true=np.zeros(n, np.int64),
        scores=binary_probabilities(score.astype(float)),
        classes=("no", "yes"),
        groups={
            "sex": Grouping(sex.astype(int), sex_names),
            "race": Grouping(race.astype(int), race_names),
        },
        weights=np.ones(n) if weights is None else weights,
        row_ids=np.arange(n),
        rule=Threshold(0.5),
    )


# Worked by hand. Female A: 30 of 100, Female B: 5 of 50, Male A: 80 of 200, Male B:
# 24 of 40; and two women of an unknown race, one of them selected.
HAND = [
    (0, 0, 0.9, 30),
    (0, 0, 0.1, 70),
    (0, 1, 0.9, 5),
    (0, 1, 0.1, 45),
    (1, 0, 0.9, 80),
    (1, 0, 0.1, 120),
    (1, 1, 0.9, 24),
    (1, 1, 0.1, 16),
    (0, 2, 0.9, 1),
    (0, 2, 0.1, 1),
]


def test_law_144_table_worked_by_hand():
    by_sex, by_race, both = law_144(
        people(HAND, race_names=("A", "B", "Missing")), "sex", "race"
    )
    assert by_sex.names == ("Female", "Male")
    assert by_sex.n.tolist() == [150, 240]
    assert by_sex.selected.tolist() == [35, 104]
    assert by_sex.rates.value == pytest.approx([35 / 150, 104 / 240])
    assert by_sex.ratios.value == pytest.approx([(35 / 150) / (104 / 240), 1])
    assert by_race.n.tolist() == [300, 90]
    assert by_race.rates.value == pytest.approx([110 / 300, 29 / 90])
    assert by_race.ratios.value == pytest.approx([1, (29 / 90) / (110 / 300)])
    assert both.names == ("Female · A", "Female · B", "Male · A", "Male · B")
    assert both.ratios.value == pytest.approx([0.3 / 0.6, 0.1 / 0.6, 0.4 / 0.6, 1])
    assert [t.left_out for t in (by_sex, by_race, both)] == [2, 2, 2]


def test_a_table_is_printed_as_in_the_rules():
    """In the form of the example in 6 RCNY 5-301 (b); the ratio in three decimals."""
    evaluation = people(
        [(1, 0, 0.9, 667), (1, 0, 0.1, 723), (0, 1, 0.9, 555), (0, 1, 0.1, 626)]
    )
    table = law_144(evaluation, "sex", "race")[0]
    shown = printing.printed(table)
    assert shown.iloc[0].tolist()[:5] == [
        "Female",
        "1,181",
        "555",
        "47.0\u00a0%",
        "0.979",
    ]
    assert shown.iloc[1].tolist()[4:] == ["1.000", "highest rate"]


def test_scoring_rate_counts_scores_above_the_median_and_ties_at_it_do_not():
    cells = [(0, 0, 0.2, 2), (0, 0, 0.5, 3), (1, 1, 0.5, 1), (1, 1, 0.8, 2)]
    by_sex, _, _ = law_144(people(cells), "sex", "race", "scoring")
    assert by_sex.median == 0.5
    assert by_sex.selected.tolist() == [0, 2]
    assert by_sex.rates.value == pytest.approx([0, 2 / 3])
    assert by_sex.ratios.value == pytest.approx([0, 1])


def test_the_median_is_that_of_the_full_sample_unknown_people_included():
    cells = [(0, 0, 0.2, 1), (1, 1, 0.4, 1), (2, 0, 0.6, 3)]
    names = ("Female", "Male", "Missing")
    by_sex, _, _ = law_144(people(cells, names), "sex", "race", "scoring")
    assert by_sex.median == 0.6
    assert by_sex.left_out == 3


def test_all_scores_tied_leaves_no_ratio():
    by_sex, _, _ = law_144(
        people([(0, 0, 0.5, 4), (1, 1, 0.5, 4)]), "sex", "race", "scoring"
    )
    assert np.isnan(by_sex.ratios.value).all()
    assert "no impact ratio" in printing.notes(by_sex)[-1]


def test_a_category_under_two_percent_keeps_number_and_rate_but_no_ratio():
    cells = [(0, 0, 0.9, 40), (0, 0, 0.1, 60), (1, 1, 0.9, 1), (1, 1, 0.1, 1)]
    table = law_144(people(cells), "sex", "race")[0]
    assert table.is_small.tolist() == [False, True]  # 2 of 102 people
    assert table.rates.value == pytest.approx([0.4, 0.5])
    assert table.ratios.value[0] == 1
    assert np.isnan(table.ratios.value[1])
    kept = law_144(people(cells), "sex", "race", excluding_small=False)[0]
    assert kept.ratios.value == pytest.approx([0.8, 1])
    assert printing.EXCLUDABLE in printing.printed(kept)["Remark"][1]


def test_exactly_two_percent_is_not_under_two_percent():
    cells = [(0, 0, 0.9, 98), (1, 1, 0.9, 2)]
    assert not law_144(people(cells), "sex", "race")[0].is_small.any()


def test_nobody_selected_has_no_ratio():
    table = law_144(people([(0, 0, 0.1, 5), (1, 1, 0.1, 5)]), "sex", "race")[0]
    assert table.rates.value.tolist() == [0, 0]
    assert np.isnan(table.ratios.value).all()
    assert table.reference == -1
    assert printing.verdict(table).startswith("Nobody was selected")


def test_one_category_is_compared_with_itself():
    evaluation = people([(0, 0, 0.9, 5), (0, 0, 0.1, 5)], ("All",), ("One",))
    for table in law_144(evaluation, "sex", "race"):
        assert table.ratios.value.tolist() == [1]


def test_when_everybody_is_unknown_the_tables_are_empty_and_say_how_many():
    evaluation = people([(0, 0, 0.9, 5)], ("Missing",), ("Missing (not recorded)",))
    tables = law_144(evaluation, "sex", "race")
    assert [t.names for t in tables] == [(), (), ()]
    assert tables[0].left_out == 5
    assert "5 applicants" in printing.notes(tables[0])[0]
    assert printing.printed(tables[2]).empty


def test_a_published_audit_counts_individuals_whatever_their_weights(rng):
    heavy = people(HAND[:8], weights=rng.uniform(0.1, 9, 390))
    assert law_144(heavy, "sex", "race")[2].n.tolist() == [100, 50, 200, 40]
    assert law_144(heavy, "sex", "race")[2].ratios.value[0] == pytest.approx(0.5)


def test_both_attributes_must_differ_and_exist():
    with pytest.raises(SettingError, match="two different attributes"):
        law_144(people(HAND[:8]), "sex", "sex")
    with pytest.raises(DataError, match="Declare it on the Data page"):
        law_144(people(HAND[:8]), "sex", "faith")
    with pytest.raises(SettingError, match="selection, scoring"):
        law_144(people(HAND[:8]), "sex", "race", "median")


def test_four_fifths_flags_what_is_below_and_says_how_surely():
    cells = [(0, 0, 0.9, 300), (0, 0, 0.1, 700), (1, 1, 0.9, 500), (1, 1, 0.1, 500)]
    table = four_fifths(people(cells), ("sex",))
    assert table.ratios.value == pytest.approx([0.6, 1])
    assert table.ratios.at(1).low == table.ratios.at(1).high == 1
    assert table.is_surely_below.tolist() == [True, False]
    few = [(0, 0, 0.9, 3), (0, 0, 0.1, 7), (1, 1, 0.9, 5), (1, 1, 0.1, 5)]
    table = four_fifths(people(few), ("sex",))
    assert table.is_below.tolist() == [True, False]
    assert table.is_surely_below.tolist() == [False, False]


@pytest.mark.parametrize(("low", "high"), [(24, 30), (28, 35), (4, 5), (56, 70)])
def test_exactly_four_fifths_is_not_below(low, high):
    cells = [(0, 0, 0.9, low), (0, 0, 0.1, 100 - low)]
    cells += [(1, 1, 0.9, high), (1, 1, 0.1, 100 - high)]
    assert not four_fifths(people(cells), ("sex",)).is_below.any()


def test_the_most_selected_group_has_two_percent_and_a_known_category():
    cells = [(0, 0, 0.9, 40), (0, 0, 0.1, 60), (1, 1, 0.9, 1)]
    table = four_fifths(people(cells), ("sex",))
    assert table.reference == 0
    assert table.ratios.value == pytest.approx([1, 2.5])
    cells[2] = (1, 1, 0.9, 50)
    unknown = four_fifths(people(cells, ("Female", "Missing")), ("sex",))
    assert unknown.reference == 0


def test_many_groups_each_under_two_percent_are_still_compared():
    names = tuple(f"g{i}" for i in range(80))
    cells = [(i, 0, 0.9 if i % 2 else 0.1, 3) for i in range(80)]
    table = four_fifths(people(cells, names), ("sex",))
    assert table.ratios.value[:2].tolist() == [0, 1]


def test_weighting_a_person_twice_is_having_her_twice():
    twice = np.concatenate([np.full(30, 2.0), np.ones(360)])
    doubled = four_fifths(people(HAND[:8], weights=twice), ("sex", "race"))
    copied = four_fifths(people([(0, 0, 0.9, 60), *HAND[1:8]]), ("sex", "race"))
    assert doubled.ratios.value == pytest.approx(copied.ratios.value)


def test_the_interval_of_a_ratio_covers_and_stands_about_the_delta_method(rng):
    p, q, n = 0.3, 0.45, 400
    covered, log_widths = 0, []
    for _ in range(400):
        a, b = rng.binomial(n, [p, q])
        cells = [(0, 0, 0.9, a), (0, 0, 0.1, n - a), (1, 1, 0.9, b), (1, 1, 0.1, n - b)]
        ratio = four_fifths(people(cells), ("sex",)).ratios.at(0)
        covered += ratio.low <= p / q <= ratio.high
        log_widths.append(np.log(ratio.high / ratio.low))
    katz = 2 * stats.norm.isf(0.025) * np.sqrt(0.7 / (n * p) + 0.55 / (n * q))
    assert 0.92 <= covered / 400 <= 0.98
    assert np.mean(log_widths) == pytest.approx(katz, rel=0.05)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(61, 200))
def test_a_ratio_lies_in_its_interval(hits_a, hits_b, n):
    cells = [(0, 0, 0.9, hits_a), (0, 0, 0.1, n - hits_a)]
    cells += [(1, 1, 0.9, hits_b), (1, 1, 0.1, n - hits_b)]
    table = four_fifths(people(cells), ("sex",))
    for g in (0, 1):
        ratio = table.ratios.at(g)
        assert 0 <= ratio.low <= ratio.value + 1e-12
        assert ratio.value - 1e-12 <= ratio.high or np.isnan(ratio.high)


def test_names_stay_text_in_markdown_and_are_no_formula_in_csv():
    names = ("=HYPERLINK(1)|x", "[a](b) *c*")
    table = law_144(people(HAND[:8], names), "sex", "race")[0]
    text = printing.markdown(table, "people")
    assert r"\=HYPERLINK\(1\)\|x" in text
    assert r"\[a\]\(b\) \*c\*" in text
    assert text.count("\n|") == 3
    assert "\n'=HYPERLINK" in printing.csv(table)


def test_what_people_did_not_say_is_no_category():
    cells = [(0, 0, 0.9, 40), (0, 0, 0.1, 60), (1, 0, 0.9, 10), (1, 0, 0.1, 90)]
    cells += [(2, 0, 0.9, 50), (3, 0, 0.1, 5)]
    names = ("Female", "Male", " Prefer not to say", "N/A")
    table = four_fifths(people(cells, names), ("sex",))
    assert table.names == ("Female", "Male")
    assert table.ratios.value == pytest.approx([1, 0.25])
    assert (table.left_out, table.unknown) == (55, names[2:])
    said = " ".join(printing.notes(table))
    assert "55 applicants" in said
    assert "Prefer not to say, N/A" in said
    assert law_144(people(cells, names), "sex", "race")[0].left_out == 55


@pytest.mark.parametrize("name", ["UNKNOWN", "Not Disclosed ", "declined", "Missing"])
@pytest.mark.parametrize("known", ["Black", "Other", "Unknown Islander"])
def test_only_whole_names_stand_for_unknown(name, known):
    grouping = Grouping(np.array([0, 1]), (name, known))
    assert is_unknown(grouping).tolist() == [True, False]


def test_where_being_decided_is_a_burden_rates_are_of_the_other_decision():
    cells = [(0, 0, 0.9, 40), (0, 0, 0.1, 60), (1, 0, 0.9, 80), (1, 0, 0.1, 20)]
    turned = four_fifths(people(cells), ("sex",), "negative")
    assert turned.rates.value == pytest.approx([0.6, 0.2])
    assert turned.ratios.value == pytest.approx([1, 1 / 3])
    by_law = law_144(people(cells), "sex", "race", favourable="negative")[0]
    assert by_law.ratios.value == pytest.approx([1, 1 / 3])
    assert "decided negative" in printing.decision_words(turned, "x", "people")
    with pytest.raises(SettingError, match="is not a decision"):
        four_fifths(people(cells), ("sex",), "maybe")
