"""A small helper in the browser: the map takes the width of the page, at once and whenever that changes."""

from __future__ import annotations

import anywidget

# Plotly's widget measures its width only when the window changes, so a change of the cell is reported as one.
SCRIPT = """
function render({ el }) {
  const watched = new ResizeObserver(() => window.dispatchEvent(new Event("resize")));
  watched.observe(el);
  const later = [200, 800].map((wait) => setTimeout(() => window.dispatchEvent(new Event("resize")), wait));
  return () => { watched.disconnect(); later.forEach(clearTimeout); };
}
export default { render };
"""


class Fit(anywidget.AnyWidget):
    """An empty element as wide as the page."""

    _esm = SCRIPT
