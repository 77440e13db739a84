// Searching the list, and the picture that changes each second. The pages work without it.
"use strict";

const search = document.querySelector("[data-search]");
if (search) {
  const rows = [...document.querySelectorAll(".people li")];
  const nobody = document.querySelector("[data-nobody]");
  search.parentElement.hidden = rows.length < 6;
  search.addEventListener("input", () => {
    const words = search.value.toLocaleLowerCase("sv").replaceAll("-", "").split(/\s+/).filter(Boolean);
    let first = null;
    for (const row of rows) {
      const text = row.textContent.toLocaleLowerCase("sv").replaceAll("-", "");
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) first ??= row;
    }
    nobody.hidden = first !== null;
    nobody.previousElementSibling.hidden = first === null;
    const chosen = document.querySelector(".people input:checked");
    if (first && (!chosen || chosen.closest("li").hidden)) first.querySelector("input").checked = true;
    if (!first && chosen) chosen.checked = false;
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

const moving = document.querySelector("[data-moving]");
if (moving) {
  const address = moving.getAttribute("src");
  let second = 0;
  setInterval(() => {
    second += 1;
    moving.src = `${address}?t=${second}`;
  }, 1000);
}
