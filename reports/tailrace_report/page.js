// Sorts a table by the column whose heading is pressed; everything is readable without this.
for (const head of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const column = head.cellIndex, body = head.closest("table").tBodies[0];
    const factor = {ns: 1, "µs": 1e3, ms: 1e6, s: 1e9, B: 1, kB: 1e3, "/s": 1, "k/s": 1e3};
    const key = (row) => {
      const text = row.cells[column].textContent;
      const found = text.replace(/,/g, "").match(/^(-?[\d.]+)\s?(\S*)/);
      return found ? Number(found[1]) * (factor[found[2]] || 1) : text;
    };
    const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const order = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
    const rows = [...body.rows].sort((a, b) => down * order(key(a), key(b)));
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
    body.append(...rows);
  });
}
