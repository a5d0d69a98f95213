"""What all panels share: a small helper in the browser, and whether the notebook is being saved."""

from __future__ import annotations

import os

import anywidget

# JupyterLab moves from cell to cell with the arrow keys, also while a list or a radio button has the focus. Notebook 7
# does so before a key reaches the panel, unless the control that has the focus bears the mark. Keys with Ctrl or Shift
# stay theirs.
# Plotly's widget measures its width only when the window changes, so a change of the cell is reported as one.
SCRIPT = """
const OURS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", " ", "Enter"];
const MARK = "data-lm-suppress-shortcuts";
function render({ el }) {
  const ours = (event) =>
    !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) && OURS.includes(event.key);
  const keep = (event) => ours(event) && event.stopPropagation();
  const mark = (event) => panel?.contains(event.target) && event.target.toggleAttribute(MARK, ours(event));
  const wider = () => window.dispatchEvent(new Event("resize"));
  const watched = new ResizeObserver(wider);
  watched.observe(el);
  window.addEventListener("keydown", mark, true);
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
    window.removeEventListener("keydown", mark, true);
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
