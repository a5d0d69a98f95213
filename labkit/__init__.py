"""labkit: how many limited agents remember, weigh, argue, compress and explore together."""

from labkit.first_cell import expect

__version__ = "0.1.0"
__all__ = ["expect"]
