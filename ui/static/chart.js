// What a chart says at the place where a person points: when that was, in the time of the browser,
// and the values. Charts are drawn anew every few seconds, so nothing here is kept with one.

function made(name) {
  const part = document.createElement("span");
  part.className = name;
  part.setAttribute("aria-hidden", "true");
  return part;
}

function moment(figure, place) {
  const { begin, step } = figure.dataset;
  const at = new Date((Number(begin) + place * Number(step)) * 1000);
  return at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: step < 60 ? "2-digit" : undefined });
}

function point(plot, x) {
  const figure = plot.closest(".chart");
  const words = JSON.parse(figure.dataset.words);
  const box = plot.getBoundingClientRect();
  const share = Math.min(Math.max((x - box.left) / box.width, 0), 0.999);
  const place = Math.floor(share * words.length);
  if (!plot.querySelector(".told")) plot.append(made("hair"), made("told"));
  const said = plot.querySelector(".told");
  const left = ((place + 0.5) / words.length) * 100;
  said.textContent = `${moment(figure, place)} · ${words[place] || "–"}`;
  said.style.left = `${left}%`;
  said.style.translate = `${-left}% 0`; // It never leaves the chart.
  plot.querySelector(".hair").style.left = `${left}%`;
}

function clear(except) {
  for (const part of document.querySelectorAll(".chart .hair, .chart .told")) {
    if (!except?.contains(part)) part.remove();
  }
}

function follow(event) {
  const plot = event.target.closest?.(".chart .plot");
  clear(plot);
  if (plot) point(plot, event.clientX);
}

document.addEventListener("pointermove", follow);
document.addEventListener("pointerdown", follow);
