"""What is wrong with a page as it stands: what axe-core finds, and what does not fit."""

from collections.abc import Iterator, Sequence
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

GRAVE = ("serious", "critical")
_AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
_RUN = """async (options) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...options });
  return found.violations.map((each) => ({
    rule: each.id, impact: each.impact,
    where: each.nodes.map((node) => {
      const why = node.failureSummary.split("\\n").slice(1).join(" ").trim();
      return `${node.target.join(" ")} ${node.html.slice(0, 120)}: ${why}`;
    }),
  }));
}"""
_TALLEST = 8_000
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""What follows the size of the window has done so then."""
_FITS = """() => {
  const faults = [];
  const name = (element) => {
    const id = element.id && `#${element.id}`;
    const kind = typeof element.className === "string" && element.className.split(" ")[0];
    const text = (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40);
    return `${element.tagName.toLowerCase()}${id}${kind && "." + kind} “${text}”`;
  };
  // What lies under a dialog cannot be pressed, on purpose.
  const dialogs = [...document.querySelectorAll("[aria-modal=true]")];
  const modal = dialogs.find((each) => each.checkVisibility());
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`The page is ${wide} wide in a window of ${innerWidth}.`);

  // What stands in a part that scrolls or hides the rest is cut off there on purpose.
  const within = (element, x, y) => {
    for (let outer = element.parentElement; outer; outer = outer.parentElement) {
      const style = getComputedStyle(outer);
      const box = outer.getBoundingClientRect();
      if (style.overflowX !== "visible" && (x < box.left || x > box.right)) return false;
      if (style.overflowY !== "visible" && (y < box.top || y > box.bottom)) return false;
    }
    return true;
  };
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };

  for (const element of document.querySelectorAll("body *")) {
    if (!seen(element)) continue;
    const box = element.getBoundingClientRect();
    const middle = (box.top + box.bottom) / 2;
    if (box.right > innerWidth + 1 && within(element, innerWidth + 1, middle))
      faults.push(`${name(element)} ends at ${Math.round(box.right)} of ${innerWidth}.`);
    if (box.left < -1 && within(element, -1, middle))
      faults.push(`${name(element)} begins at ${Math.round(box.left)}.`);

    const style = getComputedStyle(element);
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const hides = /hidden|clip/.test(style.overflowX) || /hidden|clip/.test(style.overflowY);
    const shortened = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    if (words && hides && !shortened &&
        (element.scrollWidth > element.clientWidth + 1 ||
         element.scrollHeight > element.clientHeight + 2))
      faults.push(`${name(element)} is clipped.`);
  }

  const pressed = "a[href], button, input, select, textarea, summary, [role=button], [role=tab]";
  for (const element of (modal ?? document).querySelectorAll(pressed)) {
    if (!seen(element) || getComputedStyle(element).pointerEvents === "none") continue;
    // A link over several lines has its middle in none of them.
    const box = element.getClientRects()[0];
    const x = (box.left + box.right) / 2;
    const y = (box.top + box.bottom) / 2;
    if (!within(element, x, y)) continue;
    const hit = document.elementFromPoint(x, y);
    if (!hit || element.contains(hit)) continue;
    if ([...(element.labels ?? [])].some((label) => label.contains(hit))) continue;
    faults.push(`${name(element)} lies under ${name(hit)}.`);
  }
  return faults;
}"""


def accessibility(page: Page, rules: Sequence[str] = (), without: Sequence[str] = ()) -> list[str]:
    """Grave faults that axe-core finds; `rules`: only those; `without`: all but those."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE)
    options: dict[str, Any] = {"rules": {rule: {"enabled": False} for rule in without}}
    if rules:
        options["runOnly"] = list(rules)
    return list(_grave(page.evaluate(_RUN, options)))


def layout(page: Page, width: int) -> list[str]:
    """What is too wide, cut off, clipped or covered at this width."""
    page.set_viewport_size({"width": width, "height": 900})
    height = page.evaluate("document.documentElement.scrollHeight")
    # All of it is in the window: what is covered can only be asked for there.
    page.set_viewport_size({"width": width, "height": min(height + 50, _TALLEST)})
    page.evaluate(_DRAWN)
    return page.evaluate(_FITS)


def _grave(found: list[dict[str, Any]]) -> Iterator[str]:
    for fault in found:
        if fault["impact"] in GRAVE:
            yield from (f"{fault['rule']}: {where}" for where in fault["where"])
