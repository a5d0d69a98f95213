"""Goes through every panel of a notebook with the keyboard alone, and says what a reader without a mouse would miss."""

from browser.driver import idle

BOXES = ".jp-OutputArea-output .labkit-keys"
VIEWS = ".labkit-choice button"

# What the page itself needs for the tour: the controls of a box, and what is to be known of each. Stop is left out: it
# comes and goes with the work.
_TOOLS = """() => {
  const kinds = [
    'button', 'input', 'select', 'textarea', 'a[href]', 'summary', '[tabindex="0"]', '[contenteditable="true"]',
  ];
  const shown = e => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().width > 0;
  // Tab stops once at a group of radio buttons.
  const group = e => {
    if (e.type !== 'radio') return e;
    const all = e.closest('.jupyter-widgets');
    return all.querySelector(':checked') ?? all.querySelector('input');
  };
  // The ring of a point that is drawn is a part of the drawing.
  const look = e => [e, ...e.querySelectorAll('.ring')].map(part => {
    const style = getComputedStyle(part);
    return [style.boxShadow, style.borderColor, style.backgroundColor, style.stroke].join();
  }).join();
  const words = e => {
    const own = (e.innerText ?? '').trim();
    if (own && !e.matches('.widget-readout, select')) return own;
    const labels = [...(e.closest('.jupyter-widgets')?.querySelectorAll('.widget-label, label') ?? [])];
    const label = labels.find(l => shown(l) && l.innerText.trim());
    if (label) return label.innerText.trim().split('\\n')[0];
    return e.querySelector('i, svg') && e.title && e.ariaLabel ? e.title : '';
  };
  const value = e => e.matches('.noUi-handle') ? e.ariaValueText ?? e.ariaValueNow
    : e.type === 'checkbox' ? e.checked : e.value;
  window.tour = {
    controls: box => [...new Set([...box.querySelectorAll(kinds.join())].filter(
      e => shown(e) && !e.disabled && !e.closest('.js-plotly-plot, .labkit-bar')).map(group))],
    note: (e, at) => (e.lookBefore ??= look(e), e.tourPlace = at),
    ring: e => {
      const style = getComputedStyle(e);
      return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || look(e) !== e.lookBefore;
    },
    words, value,
    // A slider of one place, such as the time of a result that is not there yet, cannot move.
    kind: e => e.matches('.noUi-handle') ? (e.ariaValueMin === e.ariaValueMax ? 'other' : 'slider')
      : e.matches('select') ? 'list'
      : e.matches('[type=checkbox]') ? 'checkbox' : e.matches('[type=number]') ? 'number' : 'other',
  };
}"""

_SETTLE = """box => {
  document.activeElement?.blur();
  const found = window.tour.controls(box);
  found.forEach((e, i) => window.tour.note(e, i));
  found[0]?.focus();
  return found.length;
}"""

_HERE = """box => {
  const e = document.activeElement;
  // What has the focus may vanish, such as Stop when all is done: the page then goes on from where it stood.
  if (e !== document.body && !box.contains(e)) return null;
  if (e.tourPlace === undefined) return {};
  const {words, ring, kind, value} = window.tour;
  const known = e.tourSeen;
  e.tourSeen = true;
  const html = e.outerHTML.slice(0, 90);
  return {place: e.tourPlace, words: words(e), ring: ring(e), kind: kind(e), value: value(e), known, html};
}"""

_MISSED = """([box, places]) => window.tour.controls(box)
  .filter(e => places.includes(e.tourPlace)).map(e => e.outerHTML.slice(0, 90))"""

_VALUE = "() => window.tour.value(document.activeElement)"

# The key that moves a control, and the one that moves it back.
KEYS = {
    "slider": ("ArrowRight", "ArrowLeft"),
    "list": ("ArrowDown", "ArrowUp"),
    "checkbox": ("Space", "Space"),
    "number": ("ArrowUp", "ArrowDown"),
}


def tour(page):
    """Return what is wrong, in words: controls out of reach of Tab, without a label or a ring, or that do not move."""
    page.evaluate(_TOOLS)
    wrong = []
    for box in page.locator(BOXES).element_handles():
        box.scroll_into_view_if_needed()
        wrong += _walk(page, box)
        for view in box.query_selector_all(f"{VIEWS}:not(.mod-active)"):
            view.focus()
            page.keyboard.press("Space")
            idle(page, 0.3)
            wrong += _walk(page, box)
    return wrong


def _walk(page, box):
    """Press Tab from the first control of a box to its last."""
    count = page.evaluate(_SETTLE, box)
    reached, wrong = set(), []
    for _ in range(2 * count + 20):
        here = page.evaluate(_HERE, box)
        if here is None:
            break
        # The picture has tools of its own between the controls.
        if here and here["place"] not in reached:
            reached.add(here["place"])
            wrong += [] if here["known"] else _judge(page, here)
        page.keyboard.press("Tab")
    missed = set(range(count)) - reached
    return wrong + [f"Tab does not reach {html}" for html in page.evaluate(_MISSED, [box, sorted(missed)])]


def _judge(page, here):
    name = here["words"] or here["html"]
    wrong = [] if here["words"] else [f"no visible label: {name}"]
    wrong += [] if here["ring"] else [f"no sign of the focus: {name}"]
    if keys := KEYS.get(here["kind"]):
        moved = [page.keyboard.press(key) or page.evaluate(_VALUE) for key in keys]
        if here["kind"] != "checkbox" and moved[1] == here["value"] == moved[0]:
            moved[0] = page.keyboard.press(keys[0]) or page.evaluate(_VALUE)
        wrong += [f"no key moves {name}"] if here["value"] == moved[0] == moved[1] else []
    return wrong
