"""Slides: a notebook presents from its own cells, in one file that needs no network and nothing to install."""

from labkit.slides._page import page, write
from labkit.slides._rule import Slide, sequence, slide_types

__all__ = ["Slide", "page", "sequence", "slide_types", "write"]
