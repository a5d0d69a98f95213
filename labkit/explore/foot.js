// The foot of a panel: the caption, the line of Python behind the picture, and what one can take away.

function make(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text ?? "";
  return made;
}

function button(words, title, press) {
  const made = make("button", "labkit-take", words);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", () => press(made));
  return made;
}

function say(pressed, words) {
  const before = pressed.dataset.words ?? (pressed.dataset.words = pressed.textContent);
  pressed.textContent = words;
  setTimeout(() => (pressed.textContent = before), 1500);
}

async function copy(line, pressed) {
  try {
    await navigator.clipboard.writeText(line.textContent);
    say(pressed, "Copied");
  } catch {
    // Pages that were not served safely have no clipboard: select the line, so that a key copies it.
    getSelection().selectAllChildren(line);
    say(pressed, "Press Ctrl+C");
  }
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// ipywidgets gives sliders and the buttons of its player no spoken name: they get the words of their label, and ours.
function nameControls(panel) {
  for (const control of panel.querySelectorAll(".widget-slider")) {
    const words = control.querySelector(".widget-label b, .widget-label")?.textContent;
    control.querySelector(".noUi-handle")?.setAttribute("aria-label", words);
    control.querySelector(".widget-readout")?.setAttribute("aria-label", `${words}, exact value`);
  }
  const player = panel.querySelectorAll(".widget-play button");
  ["play or pause", "stop, and back to the start"].forEach((words, i) => {
    player[i]?.setAttribute("aria-label", words);
    player[i]?.setAttribute("title", words);
  });
}

function describePicture(panel, words) {
  const plot = panel.querySelector(".js-plotly-plot");
  plot?.setAttribute("role", "img");
  plot?.setAttribute("aria-label", words);
}

// Plotly fits its width when the window changes; a sidebar that opens changes only the panel.
function fitPicture(panel) {
  const plot = panel.querySelector(".js-plotly-plot");
  const drawn = plot?.querySelector(".main-svg");
  if (drawn && Math.abs(drawn.clientWidth - plot.clientWidth) > 1) window.dispatchEvent(new Event("resize"));
}

function render({ model, el }) {
  const panel = () => el.closest(".labkit-panel") ?? document;
  const caption = make("p", "labkit-caption");
  const line = make("code", "labkit-line");
  line.tabIndex = 0;
  line.title = "this line of Python makes the result again";

  const savePicture = (pressed) => {
    const camera = panel().querySelector('.modebar-btn[data-title*="ownload plot"]');
    camera ? camera.click() : say(pressed, "No picture yet");
  };
  const row = make("div", "labkit-foot-row");
  const copier = button("Copy", "copy this line", (pressed) => copy(line, pressed));
  row.append(
    line,
    copier,
    button("CSV", "save the numbers behind the picture", () => model.send({ ask: "csv" })),
    button("HTML", "save the picture as a page that needs no network", () => model.send({ ask: "html" })),
    button("PNG", "save the picture", savePicture),
  );
  el.classList.add("labkit-foot");
  el.append(caption, row);

  const show = () => {
    caption.textContent = model.get("caption");
    line.textContent = model.get("line");
    line.hidden = copier.hidden = !model.get("line");
    describePicture(panel(), model.get("caption"));
  };
  const received = (file) => save(file.name, file.type, file.text);
  model.on("change:caption change:line", show);
  model.on("msg:custom", received);
  show();

  // While a plot is drawn for the first time it misses what changes: once it stands, it is asked for again.
  let drawn = null;
  const catchUp = () => {
    const plot = panel().querySelector?.(".js-plotly-plot");
    if (!plot?._fullLayout || plot === drawn) return;
    drawn = plot;
    setTimeout(() => model.send({ ask: "again" }), 1000);
  };

  // The other parts of the panel appear one by one after this one.
  const watcher = setInterval(() => {
    catchUp();
    nameControls(panel());
    describePicture(panel(), model.get("caption"));
    fitPicture(panel());
  }, 500);
  const fitter = new ResizeObserver(() => fitPicture(panel()));
  fitter.observe(el);
  return () => {
    fitter.disconnect();
    clearInterval(watcher);
    model.off("change:caption change:line", show);
    model.off("msg:custom", received);
  };
}

export default { render };
