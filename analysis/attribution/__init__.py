"""A change split over the parts of a distribution that moved."""
