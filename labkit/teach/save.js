// Hands the reader a file that the kernel has written.

function render({ model, el }) {
  el.hidden = true;
  const save = ({ name, text }) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  model.on("msg:custom", save);
  return () => model.off("msg:custom", save);
}

export default { render };
