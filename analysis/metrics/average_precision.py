"""Average precision by group: the precision at each positive's score, averaged."""

import numpy as np

from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.metrics.score_metrics import Influence
from analysis.metrics.sorted_scores import sorted_scores


def average_precision(evaluation: Evaluation, grouping: Grouping) -> Influence:
    """Return the average precision by group, rows tied in score taken together.

    Returns
    -------
    Influence
        NaN for a group without positives (by weight).

    Notes
    -----
    With T(s) and D(s) the weight of positives and of all rows scoring at least s, and
    P that of all positives, the value is sum w y T / D over P. Adding weight at row j
    changes y_j's own term, and T / D at every score not above s_j; the influence is
    the derivative, scaled to the row's share of weight.

    References
    ----------
    Boyd, Eng & Page (2013), Area under the precision-recall curve, ECML PKDD; the
    step-wise estimate is scikit-learn's.
    """
    rows = sorted_scores(evaluation, grouping)
    w_pos = rows.w * rows.positive
    positives, everything = rows.sums(w_pos), rows.sums(rows.w)
    own_pos, own_all = rows.at_ties(w_pos), rows.at_ties(rows.w)
    found = rows.spread_out(positives) - rows.up_to(w_pos) + own_pos  # T
    selected = rows.spread_out(everything) - rows.up_to(rows.w) + own_all  # D
    with np.errstate(invalid="ignore", divide="ignore"):
        # above every row of weight stands nothing, or a rounding error of it
        precision = np.clip(np.nan_to_num(found / selected), 0, 1)
        value = rows.sums(w_pos * precision) / positives
        gained = rows.up_to(np.nan_to_num(w_pos / selected))
        lost = rows.up_to(np.nan_to_num(w_pos * precision / selected))
        own = precision - rows.spread_out(value) + gained
        scale = rows.spread_out(everything / positives)
        influence = scale * (np.where(rows.positive, own, 0.0) - lost)
    n = rows.sizes.astype(np.float64)
    return Influence(value, rows.unsorted(influence), n)
