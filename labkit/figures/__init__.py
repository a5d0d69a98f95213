"""Figures: one file per mechanism, and one for sweeps; result in, plotly figure out."""
