"""Benchmarks print what they promise; how fast they are is not a test."""

import json
import sys

import pytest

from benchmarks import frontier, report, training


def test_a_result_is_one_json_object_with_its_ratio(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["training", "--json"])
    monkeypatch.setattr(training, "ROUNDS", 1)
    report.main(training.measure)
    printed = json.loads(capsys.readouterr().out)
    keys = {"name", "peer", "ours_seconds", "peer_seconds", "ratio", "detail"}
    assert printed.keys() == keys
    assert printed["ratio"] == printed["peer_seconds"] / printed["ours_seconds"]


def test_the_peer_of_the_frontier_is_asked_for_plainly(monkeypatch):
    """Without its peer, which is not installed here, the benchmark says what to do."""
    monkeypatch.setattr(sys, "argv", ["frontier", "--json"])
    monkeypatch.setitem(sys.modules, "error_parity", None)
    with pytest.raises(SystemExit, match=r"benchmarks/requirements\.txt"):
        report.main(frontier.measure)


def test_a_large_table_is_read_in_a_few_sorts(monkeypatch):
    monkeypatch.setattr(frontier, "LARGE", 20_000)
    found = frontier.large()
    assert found["rows"] == 20_000
    assert found["over_one_sort"] > 0
