"""The atlas: all papers as a picture to search and filter, and the lessons and learning paths as tables."""

from labkit.atlas._panel import Atlas
from labkit.atlas._picture import Filter, matches, picture
from labkit.atlas._tables import Table, table_of_lessons, table_of_paths

__all__ = ["Atlas", "Filter", "Table", "atlas", "matches", "picture", "table_of_lessons", "table_of_paths"]


def atlas() -> Atlas:
    """Return the atlas: search it, filter it, and choose a paper to read its idea, its claim and our verdict."""
    return Atlas()
