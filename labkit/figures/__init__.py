"""Figures: one file per mechanism, result in, plotly figure out."""
