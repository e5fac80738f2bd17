"""Answers with a promise: sets that hold the truth, thresholds that hold a risk.

MAPIE offers much of this for one group of rows at a time. It stands here anew because
an audit needs it by group with intervals, with survey weights, for any number of
classes, and in a server that does not load scikit-learn; tests hold it against MAPIE.

Every promise is for new people drawn as the fitted rows were (exchangeable ones): it
holds on average over draws of both, not for each table that was drawn.
"""
