// Paper to draw a curve on: a stroke sets every position it passes, a point can be dragged alone, and each point is a
// slider for the keyboard. A height is null until the reader sets it.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 660, HEIGHT = 350;
const TOP = 40, LEFT = 58, BOTTOM = 292;

function draw(tag, attributes, parent, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

function button(words, title, press) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: words, title });
  made.addEventListener("click", press);
  return made;
}

// Round heights for about five lines of the grid.
function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((each) => each >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(10)));
  return found;
}

function render({ model, el }) {
  const names = model.get("names");
  const [low, high, step] = ["low", "high", "step"].map((name) => model.get(name));
  const xTitle = model.get("x_title"), yTitle = model.get("y_title"), reference = model.get("reference");
  const last = names.length - 1;
  // The name of a line stands at its right end, where no point covers it.
  const BOX = { left: LEFT, right: reference ? 520 : 632, top: TOP, bottom: BOTTOM };
  const xOf = (place) => BOX.left + 22 + ((BOX.right - BOX.left - 44) * place) / last;
  const yOf = (value) => BOX.bottom - ((BOX.bottom - BOX.top) * (value - low)) / (high - low);
  const rounded = (value) => {
    const held = Math.min(high, Math.max(low, low + Math.round((value - low) / step) * step));
    return Number(held.toPrecision(10));
  };
  const locked = () => model.get("disabled");

  el.classList.add("labkit-draw");
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `Your curve: ${yTitle}, against ${xTitle}` }, el);
  for (const value of ticks(low, high)) {
    draw("line", { class: "grid", x1: BOX.left, x2: BOX.right, y1: yOf(value), y2: yOf(value) }, svg);
    draw("text", { x: BOX.left - 8, y: yOf(value) + 4.5, "text-anchor": "end" }, svg, String(value));
  }
  if (reference) {
    const y = yOf(reference.y);
    draw("line", { class: "reference", x1: BOX.left, x2: BOX.right, y1: y, y2: y }, svg);
    draw("text", { x: BOX.right + 6, y: y + 4.5 }, svg, reference.name);
  }
  names.forEach((name, place) => {
    draw("line", { class: "stem", x1: xOf(place), x2: xOf(place), y1: BOX.top, y2: BOX.bottom }, svg);
    draw("text", { x: xOf(place), y: BOX.bottom + 20, "text-anchor": "middle" }, svg, name);
  });
  draw("text", { class: "title", x: 12, y: 22 }, svg, yTitle);
  draw("text", { class: "title", x: (BOX.left + BOX.right) / 2, y: HEIGHT - 14, "text-anchor": "middle" }, svg, xTitle);
  const line = draw("path", { class: "line" }, svg);

  let values = [...model.get("values")];
  let past = [];
  let timer = null;
  const points = names.map((name, place) => {
    const group = draw("g", { class: "point", role: "slider", tabindex: 0, "aria-orientation": "vertical",
      "aria-label": `${yTitle} at ${xTitle} ${name}`, "aria-valuemin": low, "aria-valuemax": high }, svg);
    draw("circle", { class: "reach", r: 17 }, group);
    draw("circle", { class: "ring", r: 12 }, group);
    draw("circle", { class: "dot", r: 7.5 }, group);
    const words = draw("text", { class: "value", y: -15, "text-anchor": "middle" }, group);
    group.addEventListener("keydown", (event) => key(event, place));
    group.addEventListener("focus", show);
    group.addEventListener("blur", show);
    return { group, words };
  });

  // An open point waits on a level with the nearest one that is set, else half-way up.
  const waits = (place) => {
    for (let far = 1; far <= last; far++)
      for (const near of [place - far, place + far]) if (values[near] != null) return values[near];
    return rounded((low + high) / 2);
  };

  function show() {
    const set = values.map((value, place) => [value, place]).filter(([value]) => value !== null);
    line.setAttribute("d", set.map(([value, place], i) => `${i ? "L" : "M"}${xOf(place)} ${yOf(value).toFixed(1)}`).join(" "));
    points.forEach(({ group, words }, place) => {
      const value = values[place];
      const height = value ?? waits(place);
      group.setAttribute("transform", `translate(${xOf(place)} ${yOf(height).toFixed(1)})`);
      group.classList.toggle("open", value === null);
      group.setAttribute("aria-valuenow", height);
      group.setAttribute("aria-valuetext", value === null ? "not set yet" : String(value));
      group.setAttribute("aria-disabled", locked());
      words.setAttribute("y", yOf(height) < BOX.top + 18 ? 26 : -15);
      words.textContent = value !== null && (document.activeElement === group || held === place) ? String(value) : "";
    });
    el.classList.toggle("locked", locked());
    undo.disabled = locked() || past.length === 0;
    clear.disabled = locked() || values.every((value) => value === null);
  }

  function tell() {
    clearTimeout(timer);
    timer = null;
    model.set("values", [...values]);
    model.save_changes();
  }
  // A key that is held down is told to the kernel when it rests.
  const tellSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(tell, 150);
  };
  const remember = () => {
    past.push([...values]);
    if (past.length > 100) past.shift();
  };
  const change = (next) => {
    values = next;
    show();
    tell();
  };
  const goBack = () => past.length && !locked() && change(past.pop());

  const row = document.createElement("div");
  row.className = "labkit-draw-row";
  const undo = button("Undo", "Take the last stroke or step back (Ctrl+Z)", goBack);
  const clear = button("Clear", "Take the whole curve away; Undo brings it back", () => {
    remember();
    change(names.map(() => null));
  });
  const help = document.createElement("span");
  help.className = "help";
  help.textContent = "Draw with the mouse or a finger. With the keyboard: Tab goes to the next point, the arrow keys move it, Page Up and Page Down move it further.";
  row.append(undo, clear, help);
  el.append(row);

  const KEYS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };
  let lastKey = null;
  function key(event, place) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      event.stopPropagation();
      lastKey = null;
      goBack();
      return;
    }
    const ends = { Home: low, End: high };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS || event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    if (locked()) return;
    // One step back undoes all that was done to a point in a row.
    if (lastKey !== place) remember();
    lastKey = place;
    const from = values[place] ?? waits(place);
    values[place] = rounded(event.key in ends ? ends[event.key] : from + KEYS[event.key] * step);
    show();
    tellSoon();
  }

  let held = null, stroke = null;
  const passed = new Set();
  const where = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const place = Math.min(last, Math.max(0, ((at.x - xOf(0)) / (xOf(last) - xOf(0))) * last));
    return { x: at.x, y: at.y, place, value: low + ((BOX.bottom - at.y) / (BOX.bottom - BOX.top)) * (high - low) };
  };
  const grabbed = ({ x, y }) => {
    const found = values.findIndex((value, place) => value !== null && Math.hypot(x - xOf(place), y - yOf(value)) < 17);
    return found < 0 ? null : found;
  };
  // A stroke that begins or ends a little beside a position means that position, unless it has passed it.
  const touch = (at) => {
    const near = Math.round(at.place);
    if (!passed.has(near) && Math.abs(near - at.place) < 0.35) values[near] = rounded(at.value);
  };
  // Sets every position between two moments of a stroke, on the straight line between them.
  const pass = (from, to) => {
    const [a, b] = from.place < to.place ? [from, to] : [to, from];
    for (let place = Math.ceil(a.place); place <= Math.floor(b.place); place++) {
      const share = b.place > a.place ? (place - a.place) / (b.place - a.place) : 1;
      values[place] = rounded(a.value + share * (b.value - a.value));
      passed.add(place);
    }
  };
  svg.addEventListener("pointerdown", (event) => {
    if (locked() || event.button !== 0) return;
    event.preventDefault();
    remember();
    lastKey = null;
    const at = where(event);
    held = grabbed(at);
    if (held === null) {
      stroke = at;
      passed.clear();
      touch(at);
    }
    points[held ?? Math.round(at.place)].group.focus({ preventScroll: true });
    svg.setPointerCapture(event.pointerId);
    show();
  });
  svg.addEventListener("pointermove", (event) => {
    if (held === null && stroke === null) return;
    const at = where(event);
    if (held !== null) values[held] = rounded(at.value);
    else {
      pass(stroke, at);
      stroke = at;
    }
    show();
  });
  const lift = () => {
    if (held === null && stroke === null) return;
    if (stroke !== null) touch(stroke);
    held = stroke = null;
    show();
    tell();
  };
  svg.addEventListener("pointerup", lift);
  svg.addEventListener("pointercancel", lift);

  const follow = () => {
    // What is still to be told is newer than what the kernel says.
    if (timer === null && held === null && stroke === null) values = [...model.get("values")];
    show();
  };
  model.on("change:values", follow);
  model.on("change:disabled", follow);
  show();
  return () => {
    if (timer !== null) tell();
    model.off("change:values", follow);
    model.off("change:disabled", follow);
  };
}

export default { render };
