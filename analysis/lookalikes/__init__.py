"""Groups that look alike, and groups nobody named."""
