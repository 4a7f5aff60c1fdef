// The words of an element, in the language of the dashboard: its attribute `words`, a JSON object
// that `ui/player.py` writes. None that a person sees stands in a script.

export function wordsOf(element) {
  const known = JSON.parse(element.getAttribute("words") ?? "{}");
  return (name, values = {}) =>
    (known[name] ?? "").replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}
