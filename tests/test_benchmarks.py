"""Benchmarks print what they promise; how fast they are is not a test."""

import json
import sys

from benchmarks import report, training


def test_a_result_is_one_json_object_with_its_ratio(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["training", "--json"])
    monkeypatch.setattr(training, "ROUNDS", 1)
    report.main(training.measure)
    printed = json.loads(capsys.readouterr().out)
    keys = {"name", "peer", "ours_seconds", "peer_seconds", "ratio", "detail"}
    assert printed.keys() == keys
    assert printed["ratio"] == printed["peer_seconds"] / printed["ours_seconds"]
