// A button that takes a file of the reader to the kernel, and a way for the kernel to hand one back.

function save({ name, text }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function render({ model, el }) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "Import …", title: "Take over a file that was exported; what is here now is kept as a copy" });
  const picker = document.createElement("input");
  Object.assign(picker, { type: "file", accept: ".json,application/json", hidden: true });
  picker.setAttribute("aria-label", "file to import");
  button.addEventListener("click", () => picker.click());
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    if (file) model.send({ name: file.name, text: await file.text() });
    picker.value = "";
  });
  el.append(button, picker);
  model.on("msg:custom", save);
  return () => model.off("msg:custom", save);
}

export default { render };
