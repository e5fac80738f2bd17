"""`cli.py calibrate`: the contract's keys, checked numbers, plain refusals."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

import cli
from analysis.thresholds.halves import half_rows

ADULT = "82dc6c82"


@pytest.fixture
def run_cli(capsys):
    def call(*arguments):
        status = cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def answer(run_cli, *arguments):
    status, out, err = run_cli("calibrate", *arguments, "--json")
    assert status == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


def refusal(run_cli, *arguments):
    status, out, err = run_cli("calibrate", *arguments, "--json")
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.fixture
def people():
    """Return people whose score is too sure by a factor of two, more so in town y."""
    rng = np.random.default_rng(1)
    logit = rng.normal(size=3_000)
    town = np.where(rng.random(3_000) < 0.4, "y", "x")
    return pd.DataFrame(
        {
            "hired": (rng.random(3_000) < expit(logit)).astype(int),
            "town": town,
            "age": rng.integers(18, 70, 3_000),
            "p": expit(logit * np.where(town == "y", 3, 1.5)),
        }
    )


@pytest.fixture
def scored(people, tmp_path):
    path = tmp_path / "scored people.csv"
    people.to_csv(path, index=False)
    return str(path)


def of(path, *more):
    return (path, "--label", "hired", "--scores", "p", "--groups", "town", *more)


def test_a_scored_file_is_fitted_on_one_half_and_reported_on_the_other(
    run_cli, people, scored
):
    found = answer(run_cli, *of(scored), "--method", "temperature")
    assert found["method"] == "temperature"
    assert found["n_fit"] == found["n_report"] == 1_500
    _, second = half_rows(3_000)
    y, p = people["hired"].to_numpy()[second], people["p"].to_numpy()[second]
    before = found["before"]
    assert before["log_loss"]["value"] == pytest.approx(log_loss(y, p))
    assert before["brier_score"]["value"] == pytest.approx(brier_score_loss(y, p))
    change = found["change"]["log_loss"]
    after = found["after"]["log_loss"]["value"]
    assert change["value"] == pytest.approx(after - before["log_loss"]["value"])
    assert change["high"] < 0
    assert found["recommended"] is True
    town = people["town"].to_numpy()[second]
    for group in found["groups"]:
        rows = town == group["group"]["town"]
        assert group["n"] == rows.sum()
        loss = group["before"]["log_loss"]["value"]
        assert loss == pytest.approx(log_loss(y[rows], p[rows]))
        assert set(group["before"]) == set(group["after"]) == set(before)


def test_by_group_is_fitted_and_reported_by_group(run_cli, scored):
    common = answer(run_cli, *of(scored), "--method", "temperature")
    apart = answer(run_cli, *of(scored), "--method", "temperature", "--by", "town")
    assert apart["settings"]["attribute"] == "town"
    losses = [f["after"]["log_loss"]["value"] for f in (common, apart)]
    assert losses[1] < losses[0]
    said = re.search(r"x (\d\.\d+), y (\d\.\d+)", " ".join(apart["notes"]))
    assert float(said[1]) == pytest.approx(1.5, rel=0.15)
    assert float(said[2]) == pytest.approx(3.0, rel=0.3)
    hidden = answer(run_cli, *of(scored), "--by", "town", "--hide-below", "700")
    assert not re.search(r"[xy] \d\.\d", " ".join(hidden["notes"]))


def test_by_alone_names_the_groups_of_a_file(run_cli, scored):
    found = answer(run_cli, scored, "--label", "hired", "--scores", "p", "--by", "town")
    assert [g["group"] for g in found["groups"]] == [{"town": "x"}, {"town": "y"}]


@pytest.mark.parametrize("method", ["platt", "isotonic", "histogram_binning", "beta"])
def test_every_method_mends_scores_that_are_too_sure(run_cli, scored, method):
    found = answer(run_cli, *of(scored), "--method", method)
    assert found["advice"] == "helps"


def test_a_run_is_fitted_on_calibration_rows_and_reported_on_test_rows(run_cli):
    found = answer(run_cli, ADULT, "--groups", "sex")
    assert (found["n_fit"], found["n_report"]) == (4_884, 16_281)
    # one global temperature at a threshold of one half changes no decision
    assert found["decisions"]["newly_right"] == found["decisions"]["newly_wrong"] == 0
    elsewhere = answer(run_cli, ADULT, "--threshold", "0.3")
    flips = elsewhere["decisions"]
    assert flips["newly_right"] + flips["newly_wrong"] > 0
    on_validation = answer(run_cli, ADULT, "--report", "validation")
    assert on_validation["n_report"] == 4_884


def test_a_raw_score_needs_consent_to_ranks(run_cli):
    assert "--ranks" in refusal(run_cli, "compas")
    found = answer(run_cli, "compas", "--ranks", "--method", "isotonic")
    assert any("own threshold, 5" in note for note in found["notes"])
    kept = answer(run_cli, "compas", "--ranks", "--method", "platt")
    assert kept["before"]["auroc"] == pytest.approx(kept["after"]["auroc"])


def test_a_cohort_and_small_groups_are_reported_as_asked(run_cli, scored):
    young = answer(run_cli, *of(scored), "--cohort", "age < 30")
    assert 0 < young["n_report"] < 1_500
    hidden = answer(run_cli, *of(scored), "--hide-below", "700")
    # one group alone would follow from the total, so both are withheld
    assert [g.get("hidden", False) for g in hidden["groups"]] == [True, True]
    assert hidden["groups"][1]["n"] is None
    assert hidden["groups"][1]["after"]["log_loss"]["value"] is None


def test_scores_of_exactly_0_and_1_and_20_values_are_served(run_cli, people, tmp_path):
    people["p"] = (people["p"] * 20).round() / 20
    people.loc[people.index[:40], "p"] = [0.0, 1.0] * 20
    path = tmp_path / "coarse.csv"
    people.to_csv(path, index=False)
    for method in ("temperature", "platt", "isotonic", "venn_abers", "beta"):
        found = answer(run_cli, *of(str(path)), "--method", method)
        assert np.isfinite(found["after"]["log_loss"]["value"])


def test_constant_scores_and_one_class_are_refused_or_served_plainly(
    run_cli, people, tmp_path
):
    path = str(tmp_path / "odd.csv")
    people.assign(p=0.5).to_csv(path, index=False)
    found = answer(run_cli, *of(path), "--method", "platt")
    assert np.isfinite(found["after"]["log_loss"]["value"])
    same = answer(run_cli, *of(path), "--method", "temperature")
    assert same["advice"] == "nothing"
    assert same["recommended"] is False


def test_a_group_with_five_rows_takes_the_common_fit_and_says_so(
    run_cli, people, tmp_path
):
    people.loc[people.index[:10], "town"] = "hamlet"
    path = str(tmp_path / "hamlet.csv")
    people.to_csv(path, index=False)
    found = answer(run_cli, *of(path), "--by", "town")
    assert any("hamlet" in note and "everyone" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--method", "focal"), "does not change scores; choose one of temperature"),
        (("--method", "nothing"), "choose one of temperature"),
        (("--set", "min_rows=x"), "give a whole number"),
        (("--set", "shape=3"), "has no setting 'shape'"),
        (("--by", "height"), "height"),
        (("--method", "bias_correction", "--by", "town"), "with --groups"),
        (("--cohort", "height > 3"), "height"),
        (("--class", "maybe"), "not a class"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(run_cli, scored, arguments, says):
    assert says in refusal(run_cli, *of(scored), *arguments)


def test_nothing_named_says_what_to_name(run_cli):
    assert "give a run, an embedded task or a file" in refusal(run_cli)


def test_no_single_person_can_be_read_off_while_small_groups_are_hidden(run_cli):
    person = "age = 42 & hours_per_week = 90"
    said = refusal(run_cli, ADULT, "--hide-below", "10", "--cohort", person)
    assert "would tell of single people" in said
    said = refusal(
        run_cli,
        *(ADULT, "--hide-below", "10", "--method", "prior_correction"),
        *("--set", f"target={person}"),
    )
    assert "scores of fewer than 10 people change" in said
    found = answer(run_cli, ADULT, "--hide-below", "10", "--groups", "sex")
    assert found["largest_move"] is None
    wide = answer(run_cli, ADULT, "--hide-below", "10", "--cohort", "age >= 40")
    assert wide["n_report"] > 1_000


@pytest.mark.parametrize("weights", [(1e200, 1e199), (1e-300, 0.0), (1.0, 0.0)])
@pytest.mark.parametrize("method", ["platt", "isotonic", "histogram_binning"])
def test_weights_of_any_scale_are_served(run_cli, people, tmp_path, method, weights):
    people["w"] = np.where(np.arange(len(people)) % 2, *weights)
    path = str(tmp_path / "weighted.csv")
    people.to_csv(path, index=False)
    found = answer(run_cli, *of(path), "--weights", "w", "--method", method)
    assert found["advice"] == "helps"


def test_cohorts_of_a_fit_may_name_any_column_of_a_file(run_cli, scored):
    multi = ("--set", "scope=multicalibrated", "--set", "cohorts=age > 40")
    found = answer(run_cli, *of(scored), *multi)
    assert any("Stopped" in note for note in found["notes"])


def test_a_score_barely_above_one_is_told_to_the_last_digit(run_cli, people, tmp_path):
    people.loc[people.index[0], "p"] = 1.0000001
    path = str(tmp_path / "above.csv")
    people.to_csv(path, index=False)
    assert "to 1.0000001" in refusal(run_cli, *of(path))
