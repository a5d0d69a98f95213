"""labkit: how many limited agents remember, weigh, argue, compress and explore together."""

__version__ = "0.1.0"
