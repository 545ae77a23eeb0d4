
// Filter, folding and deep links. The page says all it has to say without it.
"use strict";
{
  const folds = [...document.querySelectorAll("main details")];
  const rows = [...document.querySelectorAll("tbody > tr, article.red")].filter(row => !row.parentElement.closest("article.red"));
  const filter = document.getElementById("filter"), red = document.getElementById("red"), hits = document.getElementById("hits");
  const began = folds.map(fold => fold.open);
  const texts = new Map();
  const text = row => texts.get(row) ?? texts.set(row, row.textContent.toLowerCase()).get(row);
  const isRed = row => row.hasAttribute("data-red") || row.querySelector(".tag.fail, .tag.unknown") !== null;

  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean), asked = words.length > 0 || red.checked;
    let found = 0;
    for (const row of rows) {
      const fits = words.every(word => text(row).includes(word)) && (!red.checked || isRed(row));
      row.toggleAttribute("data-out", asked && !fits);
      found += fits ? 1 : 0;
    }
    folds.forEach((fold, index) => {
      const inside = rows.filter(row => fold.contains(row));
      const kept = inside.some(row => !row.hasAttribute("data-out"));
      if (inside.length) fold.toggleAttribute("data-out", asked && !kept);
      fold.open = asked && inside.length ? kept : began[index];
    });
    hits.textContent = asked ? `${found.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows` : "";
  };

  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    place.scrollIntoView();
    if (!place.hasAttribute("tabindex")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  };

  let waiting = 0;
  filter.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  red.addEventListener("change", apply);
  document.getElementById("unfold").addEventListener("click", () => folds.forEach(fold => { fold.open = true; }));
  document.getElementById("fold").addEventListener("click", () => folds.forEach(fold => { fold.open = false; }));
  document.querySelector(".tools").addEventListener("submit", event => event.preventDefault());
  document.addEventListener("keydown", event => {
    const typing = event.target.matches("input, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); filter.focus(); }
    if (event.key === "Escape" && event.target === filter) { filter.value = ""; apply(); }
  });
  addEventListener("hashchange", reveal);
  document.querySelector(".tools").hidden = false;
  if (location.hash) reveal();
}
