"""What all panels share: a small helper in the browser, and whether the notebook is being saved."""

from __future__ import annotations

import os

import anywidget

# JupyterLab moves from cell to cell with the arrow keys, also while a list or a radio button has the focus.
# Plotly's widget measures its width only when the window changes, so a change of the cell is reported as one.
SCRIPT = """
const OURS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", " ", "Enter"];
function render({ el }) {
  const keep = (event) => {
    const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey);
    if (plain && OURS.includes(event.key)) event.stopPropagation();
  };
  const wider = () => window.dispatchEvent(new Event("resize"));
  const watched = new ResizeObserver(wider);
  watched.observe(el);
  let panel = null;
  const later = [0, 200, 800].map((wait) => setTimeout(() => {
    wider();
    if (panel === null && el.parentElement) {
      panel = el.parentElement.closest(".labkit-keys");
      panel?.addEventListener("keydown", keep);
    }
  }, wait));
  return () => {
    watched.disconnect();
    later.forEach(clearTimeout);
    panel?.removeEventListener("keydown", keep);
  };
}
export default { render };
"""


class Page(anywidget.AnyWidget):
    """An invisible child of a panel; it serves the nearest box around it that has the class ``labkit-keys``."""

    _esm = SCRIPT


def saving() -> bool:
    """Return whether the notebook is being executed to be saved: a panel then also hands over a still picture."""
    return os.environ.get("LABKIT_SAVE") == "1"
