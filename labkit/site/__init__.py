"""The site: every notebook as a page that works from disk, with panels whose controls move through frames.

`_ask` executes a notebook and asks what it shows, `_hand` answers in the kernel, `_encode` makes figures small.
`_prose` turns Markdown and formulas into HTML, `_cells` the outputs, `_pages` fills them in, `_build` puts it together,
`_links` looks for links that lead nowhere; `assets` and `templates` are what runs and what is filled in.
"""

from labkit.site._build import build
from labkit.site._hand import hand_over, hand_over_answer
from labkit.site._links import dead_links

__all__ = ["build", "dead_links", "hand_over", "hand_over_answer"]
