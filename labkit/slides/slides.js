// Arrow keys, space and a swipe turn the slides; what waits for a key is shown one piece at a time.
const slides = [...document.querySelectorAll("section")];
const counter = document.querySelector("output");
let now = 0;

const waiting = (slide) => [...slide.querySelectorAll(".later.wait")];

function show(number, whole = false) {
  now = Math.max(0, Math.min(slides.length - 1, number));
  slides.forEach((slide, i) => slide.classList.toggle("now", i === now));
  slides[now].querySelectorAll(".later").forEach((cell) => cell.classList.toggle("wait", !whole));
  counter.textContent = `${now + 1} of ${slides.length}`;
  if (location.hash !== `#s${now + 1}`) history.replaceState(null, "", `#s${now + 1}`);
  if (document.body.classList.contains("overview")) slides[now].scrollIntoView({ block: "nearest" });
  else scrollTo(0, 0);
  slides[now].focus({ preventScroll: true });
}

function on() {
  const next = waiting(slides[now])[0];
  if (!next || document.body.classList.contains("overview")) {
    if (now < slides.length - 1) show(now + 1);
    return;
  }
  next.classList.remove("wait");
  next.scrollIntoView({ block: "nearest" });
}

const back = () => now > 0 && show(now - 1, true);

function toggle(name) {
  const pressed = document.body.classList.toggle({ overview: "overview", code: "no-code", notes: "notes" }[name]);
  document.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", pressed);
  if (name === "overview") show(now, true);
}

const keys = {
  ArrowRight: on, PageDown: on, " ": on, ArrowLeft: back, PageUp: back,
  Home: () => show(0), End: () => show(slides.length - 1),
  o: () => toggle("overview"), c: () => toggle("code"), n: () => toggle("notes"),
  Escape: () => document.body.classList.contains("overview") && toggle("overview"),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" && document.body.classList.contains("overview")) return toggle("overview");
  // A button keeps its own keys.
  if (event.target.closest("button, a") && [" ", "Enter"].includes(event.key)) return;
  const act = keys[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

for (const button of document.querySelectorAll("nav button")) {
  const name = button.dataset.do;
  button.addEventListener("click", { on, back }[name] ?? (() => toggle(name)));
}

slides.forEach((slide, i) => slide.addEventListener("click", () => {
  if (!document.body.classList.contains("overview")) return;
  now = i;
  toggle("overview");
}));

let touched = null;
addEventListener("touchstart", (event) => (touched = event.changedTouches[0]), { passive: true });
addEventListener("touchend", (event) => {
  const moved = event.changedTouches[0].clientX - (touched?.clientX ?? 0);
  if (Math.abs(moved) > 60) (moved < 0 ? on : back)();
}, { passive: true });

addEventListener("hashchange", () => show(Number(location.hash.slice(2)) - 1 || 0));
show(Number(location.hash.slice(2)) - 1 || 0);
