"""Groups listed, measured, compared with the rest, pooled, and told in a sentence."""
