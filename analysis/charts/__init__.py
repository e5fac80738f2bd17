"""Charts: records in, `go.Figure` out; the only importer of Plotly.

Every module pairs a figure with `alt(...)`, which says in words what the figure shows.
"""
