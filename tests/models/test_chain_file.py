import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import AuditError, SettingError
from models.chain_file import (
    MOST_BYTES,
    MOST_STAGES,
    chain_from,
    chain_of,
    read_chain,
    rows_words,
    to_json,
)
from models.recipe import Recipe, Stage
from models.remedies.chain import completed, runs_of

STAGES = (
    Stage("reweighing", {"attribute": "sex"}),
    Stage("temperature"),
    Stage("bias_correction"),
)


def content(**more):
    data = {"chain": 1, "stages": [{"remedy": "temperature", "settings": {}}]} | more
    return json.dumps(data).encode()


def test_a_chain_survives_its_file(tmp_path):
    recipe = completed(Recipe("t", seed=3, epochs=5, stages=STAGES))
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(to_json(chain_of(recipe))))
    chain = read_chain(str(file))
    assert chain.on("t") == recipe
    assert chain.task == "t"
    assert chain.training == {"split": "random", "seed": 3, "epochs": 5}


def test_the_beginning_of_a_longer_chain_keeps_its_rows():
    step = runs_of(completed(Recipe("t", stages=STAGES)))[1]
    assert step.calibration_parts == 2
    kept = chain_from(json.dumps(to_json(chain_of(step))).encode())
    assert kept.on("t") == step


def test_what_is_left_out_of_a_file_has_its_default():
    assert chain_from(content()).on("t") == completed(Recipe("t", stages=STAGES[1:2]))


@pytest.mark.parametrize(
    ("given_", "advice"),
    [
        (b"", "saved as a chain"),
        (b"\xff\xfe", "saved as a chain"),
        (b"[" * 100_000, "saved as a chain"),
        (b"[]", "needs a list 'stages'"),
        (b'{"stages": {}}', "needs a list 'stages'"),
        (b" " * (MOST_BYTES + 1), "saved as a chain"),
        (content(chain=2), "Save it anew"),
        (content(code="import os"), "Save it anew"),
        (content(training=[]), "object of settings"),
        (content(task=3), "object of settings"),
        (content(training={"epochs": "many"}), "a whole number"),
        (content(training={"stages": []}), "no setting 'stages'"),
        (content(stages=["temperature"]), "'remedy', a name"),
        (content(stages=[{"remedy": "unlearning"}]), "choose one of"),
        (content(stages=[{"remedy": "temperature", "settings": []}]), "an object"),
        (
            content(stages=[{"remedy": "temperature", "settings": {"scope": [1]}}]),
            "a number or a text",
        ),
        (content(parts=0), "a whole number from 1"),
        (content(parts="all"), "a whole number from 1"),
        (
            content(stages=[{"remedy": "platt", "settings": {"attribute": "\ud800"}}]),
            "no text",
        ),
        (content(training={"warm_start": "\ud800"}), "no text"),
        (
            content(stages=[{"remedy": "temperature"}] * (MOST_STAGES + 1)),
            "Leave some out",
        ),
        (
            content(stages=[{"remedy": "temperature"}, {"remedy": "focal"}]),
            "first",
        ),
        (
            b'{"stages": [{"remedy": "temperature", "settings": {"min_rows": 1%s}}]}'
            % (b"0" * 400),
            "a whole number",
        ),
    ],
)
def test_a_file_that_holds_no_chain_says_what_to_do(given_, advice):
    with pytest.raises(SettingError, match=advice):
        chain_from(given_)


def test_a_file_that_is_not_there_says_what_to_do(tmp_path):
    for path in (tmp_path / "none.json", tmp_path, "a\0b"):
        with pytest.raises(SettingError, match="cannot be read"):
            read_chain(str(path))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
    ),
    max_leaves=6,
)


@given(JSON, JSON, JSON)
def test_whatever_a_file_holds_the_answer_is_a_chain_or_a_plain_refusal(a, b, c):
    stages = [{"remedy": "temperature", "settings": {"level": a, "scope": b}}]
    for data in (a, {"stages": b}, {"stages": stages, "training": {"epochs": c}}):
        with suppress(AuditError):  # nothing else may be raised
            assert chain_from(json.dumps(data).encode()).stages is not None


def test_each_step_says_which_rows_it_learns_from():
    alone = completed(Recipe("t", stages=STAGES[:2]))
    assert rows_words(alone)[1] == "learns from the calibration rows"
    both = completed(Recipe("t", stages=STAGES))
    assert rows_words(both) == (
        "learns from the training rows",
        "learns from part 1 of 2 of the calibration rows",
        "learns from part 2 of 2 of the calibration rows",
    )
