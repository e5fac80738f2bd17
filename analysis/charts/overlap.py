"""The overlap of classes in words, and what it means for one temperature."""

from analysis.calibration.overlap import MUCH, Overlap
from analysis.charts import numbers

LIMIT = (
    "Temperature scaling divides all logits by one number. Where classes overlap, it "
    "falls behind methods that train for it, the more the more classes there are "
    "(Chidambaram & Ge 2024, ICLR); Mixup, which trains on blends of rows, does not. "
    f"The warning stands from an overlap of surely {MUCH:.0%}, a mark of ours."
)


def sentence(found: Overlap) -> str:
    """Say how far the two closest classes overlap, and what to make of it."""
    first, second = found.classes
    value = found.value
    if value.is_undefined:
        return (
            f"The overlap of the classes {first} and {second} is unknown: one of them "
            "has no rows here."
        )
    said = (
        f"The scores of {first} and {second} overlap by {numbers.full(value)} "
        f"(n = {numbers.count(value.n)}; 0 % would be never crossing, 100 % the same)."
    )
    if found.is_much:
        return f"{said} That is much: one temperature may not be enough."
    return f"{said} That is little: one temperature has nothing to fear from it."
