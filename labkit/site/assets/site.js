// What moves on a page: panels step through their frames, readings and the atlas answer their menus, bets are kept.
"use strict";

const quiet = matchMedia("(prefers-reduced-motion: reduce)");
const darkens = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map(); // place -> figure, to be drawn again when the light changes

const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

function remembered(name, value) {
  // A page opened from disk may have no storage; then nothing is kept.
  try {
    if (value === undefined) return localStorage.getItem(`labkit.${name}`);
    localStorage.setItem(`labkit.${name}`, value);
  } catch {}
  return null;
}

// ------------------------------------------------------------------------------------------- light and dark

const isDark = () => (document.documentElement.dataset.theme || (darkens.matches ? "dark" : "light")) === "dark";

function lit() {
  const button = document.getElementById("theme");
  button.textContent = isDark() ? "Light" : "Dark";
  button.setAttribute("aria-label", `Turn the page ${isDark() ? "light" : "dark"}`);
  for (const [place, figure] of drawn) draw(place, figure);
}

function darkened(value, key) {
  // The scale of a picture tells numbers; paper, ink, grid and the colours of lines follow the light.
  if (key === "colorscale" || key === "source") return value;
  if (typeof value === "string") return value.replace(/#[0-9a-f]{6}\b/gi, (colour) => labkitLook.dark[colour.toLowerCase()] ?? colour);
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((each) => darkened(each, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, darkened(each, name)]));
}

// ------------------------------------------------------------------------------------------------- pictures

async function unpacked(id) {
  const text = document.getElementById(`${id}-data`).textContent;
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(opened).json();
}

function patched(base, changes) {
  const figure = structuredClone(base);
  for (const [path, value] of changes) {
    if (!path.length) return structuredClone(value);
    const place = path.slice(0, -1).reduce((part, key) => part[key], figure);
    const last = path.at(-1);
    if (value === null && !Array.isArray(place)) delete place[last];
    else place[last] = structuredClone(value);
  }
  return figure;
}

function draw(place, figure) {
  drawn.set(place, figure);
  place.dataset.drawn = Number(place.dataset.drawn ?? 0) + 1;
  const caption = place.closest("figure")?.querySelector("figcaption");
  const words = figure.words || figure.layout?.meta?.description || "";
  if (caption && caption.textContent !== words) caption.textContent = words;
  place.setAttribute("aria-label", words);
  if (figure.words) {
    Plotly.purge(place);
    place.textContent = figure.words;
    place.classList.add("empty");
    return;
  }
  if (place.classList.contains("empty")) place.replaceChildren();
  place.classList.remove("empty");
  const look = { data: figure.data, layout: { template: labkitLook.template, ...figure.layout } };
  const shown = isDark() ? darkened(look) : structuredClone(look);
  shown.layout.dragmode = false;
  Plotly.react(place, shown.data, shown.layout, labkitLook.config);
  // What is wider than the screen can be scrolled, also with the keyboard.
  const frame = place.parentElement;
  if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
  else frame.removeAttribute("tabindex");
}

// Pictures far below are drawn when they come near.
function whenNear(element, act) {
  const watcher = new IntersectionObserver((seen) => {
    if (!seen.some((each) => each.isIntersecting)) return;
    watcher.disconnect();
    act();
  }, { rootMargin: "600px" });
  watcher.observe(element);
}

function still(figure) {
  whenNear(figure, async () => draw(figure.querySelector(".picture"), await unpacked(figure.id)));
}

// --------------------------------------------------------------------------------------------------- panels

const positionOf = (input) => (input.type === "checkbox" ? Number(input.checked) : Number(input.value));

function stand(input, position) {
  if (input.type === "checkbox") input.checked = Boolean(position);
  else input.value = position;
  const values = input.dataset.values?.split("|");
  if (!values) return;
  input.setAttribute("aria-valuetext", values[position]);
  input.parentElement.querySelector("output").textContent = values[position];
}

function panel(section) {
  const place = section.querySelector(".picture");
  const figures = unpackedOnce(section.id);
  const rails = all("[data-rail]", section);
  let view = 0;

  const ofView = () => rails.filter((rail) => rail.closest("[data-view]").dataset.view === String(view));
  const home = (rail) => stand(rail.querySelector("input, select"), Number(rail.dataset.start));

  async function show(rail) {
    const { base, moved } = (await figures())[view];
    const input = rail?.querySelector("input, select");
    const changes = rail && moved[`${rail.dataset.rail}.${positionOf(input)}`];
    draw(place, changes ? patched(base, changes) : base);
  }

  // One control moves at a time: the others go back to where they started.
  function moved(rail) {
    const input = rail.querySelector("input, select");
    stand(input, positionOf(input));
    for (const other of ofView()) if (other !== rail) home(other);
    return show(rail);
  }

  function turn() {
    for (const part of all("[data-view]", section)) part.hidden = part.dataset.view !== String(view);
    for (const rail of rails) home(rail);
    section.dispatchEvent(new Event("halt"));
    show(null);
  }

  for (const rail of rails)
    rail.querySelector("input, select").addEventListener("input", () => {
      section.dispatchEvent(new Event("halt"));
      moved(rail);
    });
  for (const choice of all(".views input", section))
    choice.addEventListener("change", () => {
      view = Number(choice.value);
      turn();
    });
  for (const reset of all(".reset", section)) reset.addEventListener("click", turn);
  for (const clock of all(".clock", section)) plays(clock, section, () => moved(clock));
  whenNear(section, () => show(null));
}

function unpackedOnce(id) {
  let promised = null;
  return () => (promised ??= unpacked(id));
}

// Play goes through the moments once; the same button pauses. Where motion is unwanted each press is one step.
function plays(clock, section, moved) {
  const button = clock.querySelector(".play");
  const input = clock.querySelector("input");
  let timer = null;
  const halt = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = quiet.matches ? "Step" : "Play";
  };
  const step = () => {
    stand(input, (Number(input.value) + 1) % (Number(input.max) + 1));
    moved();
    if (input.value === input.max) halt();
  };
  button.addEventListener("click", () => {
    if (timer !== null) return halt();
    if (quiet.matches) return step();
    button.textContent = "Pause";
    timer = setInterval(step, 180);
  });
  section.addEventListener("halt", halt);
  quiet.addEventListener("change", halt);
  halt();
}

// ------------------------------------------------------------------------------- readings, the atlas, bets

function readings(section) {
  const menus = all("select", section);
  const given = unpackedOnce(section.id);
  const place = section.querySelector(".picture");
  async function show() {
    const { texts, figures, base } = await given();
    const number = menus.reduce((so_far, menu) => so_far * menu.options.length + Number(menu.value), 0);
    section.querySelector(".said").textContent = texts[number];
    if (place) draw(place, patched(base, figures[number]));
  }
  for (const menu of menus) menu.addEventListener("input", show);
  if (place) whenNear(section, show);
}

function atlas(section) {
  whenNear(section, async () => draw(section.querySelector(".picture"), await unpacked(section.id)));
  const filters = all("[data-filter]", section);
  const rows = all("tbody tr", section);
  function sift() {
    const wanted = Object.fromEntries(filters.map((each) => [each.dataset.filter, each.value.toLowerCase()]));
    const words = wanted.words.split(/\s+/);
    for (const row of rows) {
      const text = `${row.textContent} ${row.dataset.family}`.toLowerCase();
      const alike = ["family", "kind", "status"].every((key) => !wanted[key] || row.dataset[key].toLowerCase() === wanted[key]);
      row.hidden = !alike || !words.every((word) => text.includes(word));
    }
    const found = rows.filter((row) => !row.hidden).length;
    section.querySelector("[data-count]").textContent = `${found} of ${rows.length} papers.`;
  }
  for (const filter of filters) filter.addEventListener("input", sift);
}

function bet(form) {
  const key = form.dataset.bet;
  const chosen = (choice) => {
    form.querySelector(".note").textContent = "Your bet is placed. The answer comes further down.";
    for (const answer of all(`[data-answer="${key}"]`)) {
      answer.querySelector(".none").hidden = true;
      for (const reply of all("details", answer)) {
        reply.open = reply.dataset.choice === choice;
        reply.classList.toggle("yours", reply.open);
      }
    }
  };
  for (const option of all("input", form)) {
    option.addEventListener("change", () => {
      remembered(`bet.${key}`, option.value);
      chosen(option.value);
    });
    option.checked = option.value === remembered(`bet.${key}`);
    if (option.checked) chosen(option.value);
  }
}

document.getElementById("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  remembered("theme", document.documentElement.dataset.theme);
  lit();
});
darkens.addEventListener("change", lit);
for (const [selector, wake] of [["figure.still", still], [".panel", panel], [".readings", readings], [".atlas", atlas], [".bet", bet]])
  all(selector).forEach((element) => wake(element));
lit();
