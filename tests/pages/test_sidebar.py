import pytest
from streamlit.testing.v1 import AppTest

from analysis.cohorts import parse
from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from models.store import Store
from pages.ui import cache
from pages.ui.view import EXISTING_SCORE, View


def follower():
    """A page that asks for a cohort or thresholds, and says what it shows."""
    import streamlit as st

    from pages.ui import needs, sidebar, state
    from pages.ui.messages import audit_errors, note

    with st.sidebar:
        sidebar.draw()
    note(state.unknown())
    with audit_errors():
        shown, data = needs.evaluation()
        needs.say_rows(shown, data)
    if st.button("woman", key="woman"):
        state.follow_cohort("sex==female & age = 25-39")
        st.rerun()
    if st.button("by sex", key="by sex"):
        state.accept_thresholds("sex", (0.3, 0.7))
        st.rerun()
    if st.button("for all", key="for all"):
        state.accept_thresholds("", (0.625,))
        st.rerun()


@pytest.fixture
def asking():
    def opened(**query):
        at = AppTest.from_function(follower, default_timeout=60)
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def labels(at):
    """What stands in the sidebar, from top to bottom."""
    return [w.label for w in at.sidebar if getattr(w, "label", None)]


def asked(at, key):
    value = at.query_params.get(key, [])
    return value if isinstance(value, list) else [value]


def click(at, key):
    at.get_by_key(key).click().run()
    assert not at.exception, [e.value for e in at.exception]


def looks(home, task="german"):
    return Store(home).notes.looks(task)


def positives(by_group):
    """How many test rows of German credit the newest run decides positive."""
    run = cache.store().runs("german")[0]
    view = View("german", run.id, "", None, by_group)
    return int(cache.evaluation(view).decisions.sum())


def test_the_sidebar_has_four_lines_in_order_and_the_rest_folded(
    open_page, loaded_home
):
    at = open_page("subgroups", data="german")
    assert labels(at) == [
        *("Data set", "Run", "Cohort", "Decided positive from"),
        "More",
        "Smallest group shown",
    ]
    assert not at.sidebar.expander[0].proto.expanded


def test_a_cohort_from_a_group_narrows_the_page_is_kept_and_stands_in_the_address(
    asking, loaded_home, said
):
    home, _, _ = loaded_home
    at = asking(data="german")
    click(at, "woman")
    rule = "sex = female & age = 25-39"
    assert at.sidebar.text_input[0].value == rule
    assert f"where {rule}" in said(at)
    assert asked(at, "cohort") == [rule]
    assert [str(c) for c in Store(home).notes.cohorts("german")] == [rule]
    assert at.get_by_key("sidebar.saved").value == rule

    data = load(task_named("german"))
    shown = cache.evaluation(View("german", cache.store().runs()[0].id, rule, None))
    in_group = data.frame.grouping(("sex", "age"))
    code = in_group.names.index("female · 25-39")
    expected = set(data.frame.row_ids[in_group.codes == code])
    assert set(shown.row_ids) <= expected
    assert f"{len(shown):,} test rows" in said(at)


def test_a_saved_cohort_is_chosen_left_and_forgotten(asking, loaded_home, said):
    home, _, _ = loaded_home
    notes = Store(home).notes
    notes.save_cohort("german", parse("age >= 40", "Older"))
    notes.save_cohort("german", parse("sex = female"))
    notes.save_cohort("adult", parse("sex = Male"))
    at = asking(data="german")
    saved = at.get_by_key("sidebar.saved")
    assert saved.options == ["Older", "sex = female"]
    assert saved.value is None
    saved.set_value("age >= 40").run()
    assert at.sidebar.text_input[0].value == "age >= 40"
    assert "where age >= 40" in said(at)
    click(at, "sidebar.forget")
    assert [c.title for c in notes.cohorts("german")] == ["sex = female"]
    assert at.sidebar.text_input[0].value == "age >= 40"  # in view until left
    click(at, "sidebar.keep")
    assert [str(c) for c in notes.cohorts("german")] == ["sex = female", "age >= 40"]
    at.get_by_key("sidebar.saved").set_value(None).run()
    assert at.sidebar.text_input[0].value == ""
    assert "where" not in said(at)


def test_a_rule_that_cannot_be_read_is_not_kept(asking, loaded_home, said):
    home, _, _ = loaded_home
    at = asking(data="german", cohort="age over 40")
    assert "Write comparisons joined by &" in said(at)
    click(at, "sidebar.keep")
    assert Store(home).notes.cohorts("german") == []


def test_thresholds_by_group_decide_on_every_page_until_they_are_dropped(
    open_page, loaded_home, said
):
    query = {"data": "german", "thresholds": ["sex", "0.41", "0.5"]}
    at = open_page("subgroups", **query)
    assert "decided positive by sex, from female 0.41, male 0.5" in said(at)
    assert "By sex: female 0.41, male 0.5." in said(at)
    assert at.sidebar.number_input[0].placeholder == "its group's threshold"
    assert asked(at, "thresholds") == ["sex", "0.41", "0.5"]
    assert positives(("sex", (0.41, 0.5))) != positives(None)
    at.switch_page("../calibration.py").run()
    assert "decided positive by sex" in said(at)
    click(at, "sidebar.one_threshold")
    assert "decided positive from 0.5." in said(at)
    assert asked(at, "thresholds") == []


def test_each_group_is_decided_by_its_own_threshold(loaded_home):
    run = cache.store().runs("german")[0]
    view = View("german", run.id, "", None, ("sex", (0.2, 0.8)))
    shown = cache.evaluation(view)
    cut = [0.2 if code == 0 else 0.8 for code in shown.groups["sex"].codes]
    assert shown.groups["sex"].names == ("female", "male")
    assert (shown.decisions == (shown.score >= cut)).all()


def test_thresholds_accepted_on_a_page_hold_from_the_next_run_on(
    asking, loaded_home, said
):
    at = asking(data="german")
    click(at, "by sex")
    assert "by sex, from female 0.3, male 0.7" in said(at)
    click(at, "for all")
    assert "decided positive from 0.625." in said(at)
    assert asked(at, "thresholds") == []
    assert asked(at, "threshold") == ["0.625"]
    click(at, "by sex")
    assert at.sidebar.number_input[0].value is None
    at.sidebar.number_input[0].set_value(0.2).run()
    assert "decided positive from 0.2." in said(at)


def test_a_cohort_and_thresholds_asked_for_one_after_the_other_both_hold(
    asking, loaded_home, said
):
    at = asking(data="german")
    click(at, "by sex")
    click(at, "woman")
    assert "where sex = female" in said(at)
    assert "by sex, from female 0.3" in said(at)


def test_another_run_or_data_set_drops_the_thresholds(open_page, loaded_home, said):
    _, _, second = loaded_home
    query = {"data": "german", "thresholds": ["sex", "0.41", "0.5"], "k": "7"}
    at = open_page("subgroups", **query)
    at.sidebar.selectbox[1].set_value(second).run()
    assert "decided positive from 0.5." in said(at)
    at = open_page("subgroups", **query)
    at.sidebar.selectbox[0].set_value("planted").run()
    assert "decided positive from 0.5." in said(at)
    assert asked(at, "k") == ["7"]  # how few people may be shown is the reader's own


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"thresholds": ["sex", "0.4"]}, "thresholds by 'sex' are not one number for"),
        ({"thresholds": ["race", "0.4", "0.5"]}, "thresholds by 'race' are not"),
        ({"thresholds": ["sex", "a", "0.5"]}, "thresholds by 'sex' are not"),
        ({"thresholds": ["sex", "nan", "0.5"]}, "thresholds by 'sex' are not"),
        ({"class": "good"}, "names a class, 'good', which cannot be chosen"),
        ({"class": "<b>"}, "names a class, '<b>', which cannot be chosen"),
        ({"k": "many"}, "names a smallest group, 'many'"),
        ({"threshold": "high"}, "names a threshold, 'high', which is no number"),
    ],
)
def test_a_bad_link_says_what_is_left_out(query, words, open_page, loaded_home, said):
    at = open_page("subgroups", data="german", **query)
    assert words in said(at)
    assert "decided positive from 0.5." in said(at)
    for key in query:
        assert asked(at, key) == []
    assert not at.warning


def test_three_classes_offer_the_one_in_view(open_page, said):
    at = open_page("subgroups", data="planted_multiclass")
    box = at.get_by_key("sidebar.class")
    assert box.options == ["high, the task's own", "low", "middle"]
    assert "decided high rather than any other class from 0.5" in said(at)
    box.set_value("low").run()
    assert not at.exception
    assert "decided low rather than any other class from 0.5" in said(at)
    assert asked(at, "class") == ["low"]
    at.switch_page("../calibration.py").run()
    assert "decided low" in said(at)
    at.sidebar.selectbox[0].set_value("planted").run()
    assert asked(at, "class") == []
    assert "sidebar.class" not in [w.key for w in at.sidebar.selectbox]


def test_the_class_of_a_link_is_in_view(open_page, said):
    at = open_page("subgroups", **{"data": "planted_multiclass", "class": "middle"})
    assert at.get_by_key("sidebar.class").value == "middle"
    assert "decided middle" in said(at)
    view = View("planted_multiclass", EXISTING_SCORE, "", None, positive="middle")
    shown = cache.evaluation(view)
    assert shown.classes[shown.view] == "middle"
    assert (shown.score == shown.scores.values[:, 1]).all()


def test_the_smallest_group_is_stored_and_offered(open_page, loaded_home):
    at = open_page("subgroups", data="german", k="10")
    hidden = at.get_by_key("sidebar.hidden")
    assert hidden.value == 10
    hidden.set_value(0).run()
    assert asked(at, "k") == []
    hidden.set_value(5).run()
    at.switch_page("../data.py").run()
    assert at.get_by_key("sidebar.hidden").value == 5
    assert asked(at, "k") == ["5"]


def test_each_new_combination_is_one_look(asking, loaded_home, said):
    home, _, _ = loaded_home
    at = asking(data="german")
    assert looks(home) == 1
    click(at, "by sex")
    assert looks(home) == 2
    click(at, "for all")
    click(at, "by sex")
    assert looks(home) == 3
    at.sidebar.text_input[0].set_value("age>=40").run()
    at.sidebar.text_input[0].set_value(" age >= 40 ").run()  # the same cohort
    assert looks(home) == 4
    at.sidebar.text_input[0].set_value("age >= 400").run()  # nobody was looked at
    at.sidebar.text_input[0].set_value("").run()
    assert looks(home) == 4
    assert "have been looked at 4 times" in said(at)


def test_how_few_people_may_be_shown_is_no_new_look(asking, loaded_home):
    home, _, _ = loaded_home
    at = asking(data="german")
    at.get_by_key("sidebar.hidden").set_value(10).run()
    assert looks(home) == 1


def test_scores_are_joined_once_for_all_thresholds(loaded_home, monkeypatch):
    joined = []

    def counting(*args):
        joined.append(args)
        return whole(*args)

    whole = cache.run_evaluation
    monkeypatch.setattr(cache, "run_evaluation", counting)
    run = cache.store().runs("german")[0]
    shown = [
        cache.evaluation(View("german", run.id, "age >= 20", threshold))
        for threshold in (0.1, 0.5, 0.9)
    ]
    by_sex = View("german", run.id, "age >= 20", None, ("sex", (0.1, 0.9)))
    shown.append(cache.evaluation(by_sex))
    assert len(joined) == 1
    assert len({e.digest for e in shown}) == 4
    assert all(e.scores is shown[0].scores for e in shown)


@pytest.mark.parametrize("page", ["data", "model", "shift", "remedies", "compare"])
def test_every_page_follows_a_cohort_of_groups_and_thresholds_by_group(
    page, open_page, loaded_home
):
    at = open_page(
        page,
        data="german",
        cohort='age != "under 25"',
        thresholds=["sex", "0.41", "0.5"],
        k="10",
    )
    assert not at.warning
    assert at.get("plotly_chart") or page == "remedies"
    assert asked(at, "cohort") == ['age != "under 25"']


@pytest.mark.parametrize("page", ["data", "model", "calibration", "shift"])
def test_every_page_follows_the_class_in_view(page, open_page):
    query = {"data": "planted_multiclass", "class": "low"}
    at = open_page(page, **query)
    assert not at.warning
    assert asked(at, "class") == ["low"]


def test_a_hostile_saved_cohort_stays_text(open_page, loaded_home):
    home, _, _ = loaded_home
    title = "<b>\u202e[x](http://evil) :red[hot]"
    Store(home).notes.save_cohort("german", parse("age >= 40", title))
    at = open_page("subgroups", data="german")
    (option,) = at.get_by_key("sidebar.saved").options
    assert "\u202e" not in option
    assert option.startswith("<b>")
