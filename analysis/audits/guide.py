"""From a situation to the measure that fits it, in plain words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """What is at stake, and what to look at.

    Parameters
    ----------
    when : str
        The situation, as a reader would tell it.
    look_at : tuple of str
        Names of metrics, the first one first.
    why : str
    is_multiclass : bool
        Whether it arises only with more than two classes.
    """

    when: str
    look_at: tuple[str, ...]
    why: str
    is_multiclass: bool = False


SITUATIONS: tuple[Situation, ...] = (
    Situation(
        "A positive decision helps (a loan, a treatment), and labels can be trusted.",
        ("false_negative_rate", "true_positive_rate"),
        "The harm is being missed although one qualifies; equal opportunity asks for "
        "equal rates.",
    ),
    Situation(
        "A positive decision is a burden (detention, an inspection).",
        ("false_positive_rate", "precision"),
        "The harm is being flagged for nothing; also ask whether a flag means the "
        "same for every group.",
    ),
    Situation(
        "Both errors hurt, not equally.",
        ("expected_cost", "false_negative_rate", "false_positive_rate"),
        "Write down what each error costs and compare the cost by group; look at the "
        "two rates to see which error drives it.",
    ),
    Situation(
        "Labels record past decisions rather than what people deserved.",
        ("selection_rate",),
        "Error rates would hold the model to a biased yardstick; demographic parity "
        "does not use labels.",
    ),
    Situation(
        "A law or a regulator asks about selection (hiring in the USA, New York City).",
        ("selection_rate",),
        "The four-fifths rule and Local Law 144 compare selection rates; their tables "
        "stand under Audit tables.",
    ),
    Situation(
        "People act on the score itself, not on a decision.",
        ("expected_calibration_error", "auroc"),
        "A score must mean the same in every group, and rank well within each.",
    ),
    Situation(
        "Places are few and go to the highest scores.",
        ("average_precision", "precision", "selection_rate"),
        "What counts is how pure the top of the list is, and whom it holds.",
    ),
    Situation(
        "One label is rare.",
        ("balanced_accuracy", "matthews_correlation", "average_precision"),
        "Accuracy is high for a model that never finds the rare label.",
    ),
    Situation(
        "There are more than two classes.",
        ("f1_macro", "true_positive_rate_macro", "auroc_macro"),
        "A mean over classes gives each class a voice; then look at one class "
        "against the rest.",
        is_multiclass=True,
    ),
    Situation(
        "Base rates differ between groups.",
        ("true_positive_rate", "false_positive_rate", "expected_calibration_error"),
        "Equal error rates and equal calibration cannot both hold then (Kleinberg et "
        "al. 2017): choose which, and say why.",
    ),
)
