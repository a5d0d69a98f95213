// Numbers with a slider each. Nothing is chosen until the reader chooses: the box is empty and the slider is faint.

function make(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text ?? "";
  return made;
}

let made = 0;

function render({ model, el }) {
  const names = model.get("names");
  const [low, high, step] = ["low", "high", "step"].map((name) => model.get(name));
  const unit = model.get("unit");
  el.classList.add("labkit-numbers");

  const rows = names.map((name, place) => {
    const label = make("label", "", name);
    const box = make("input", "");
    Object.assign(box, { type: "number", min: low, max: high, step: "any", id: `labkit-number-${++made}` });
    label.htmlFor = box.id;
    const slider = make("input", "");
    Object.assign(slider, { type: "range", min: low, max: high, step });
    slider.setAttribute("aria-label", `${name}, slider`);
    const scale = make("span", "scale");
    scale.append(make("span", "", String(low)), slider, make("span", "", String(high)));
    el.append(label, box, make("span", "unit", unit), scale);

    const tell = (value) => {
      const values = [...model.get("values")];
      values[place] = value;
      model.set("values", values);
      model.save_changes();
    };
    box.addEventListener("input", () => tell(box.value === "" ? null : Number(box.value)));
    slider.addEventListener("input", () => tell(Number(slider.value)));
    // A press on the thumb of a slider that stands for nothing yet takes the place where it stands.
    slider.addEventListener("click", () => tell(Number(slider.value)));
    return { box, slider };
  });

  const show = () => {
    rows.forEach(({ box, slider }, place) => {
      const value = model.get("values")[place];
      if (value === null) {
        box.value = "";
        slider.value = (low + high) / 2;
      } else {
        if (box.value === "" || Number(box.value) !== value) box.value = Number(value.toPrecision(10));
        slider.value = value;
      }
      slider.classList.toggle("open", value === null);
      slider.setAttribute("aria-valuetext", value === null ? "not chosen yet" : `${value} ${unit}`.trim());
      box.disabled = slider.disabled = model.get("disabled");
    });
  };
  model.on("change:values", show);
  model.on("change:disabled", show);
  show();
  return () => {
    model.off("change:values", show);
    model.off("change:disabled", show);
  };
}

export default { render };
