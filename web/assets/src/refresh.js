// Swaps a part of the page in place: what changed lights up, what is new slides in, what is open stays open.
// htmx 2 asks for the parts: its switches for a strict content policy (no eval, no inline styles) are documented
// and long in use, which version 4's are not yet; idiomorph gives it the in-place swap that only 4 brings along.
import htmx from "htmx.org/dist/htmx.esm.js";
import { Idiomorph } from "idiomorph";
import { tick } from "./times.js";

const texts = (root) =>
  new Map([...root.querySelectorAll("[data-live]")].map((el) => [el.dataset.live, el.textContent.trim()]));
const rows = (root) => new Set([...root.querySelectorAll("[data-row]")].map((el) => el.dataset.row));

const callbacks = {
  // What the user opened stays open, and a receipt that was loaded is not thrown away.
  beforeAttributeUpdated: (name, node) => !(name === "open" && node.tagName === "DETAILS"),
  beforeNodeMorphed: (node) => !(node.nodeType === Node.ELEMENT_NODE && "loaded" in node.dataset),
};

function light(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // begins the animation anew
  element.classList.add("flash");
}

function mark(part, before, known) {
  for (const [key, element] of [...part.querySelectorAll("[data-live]")].map((el) => [el.dataset.live, el])) {
    if (before.has(key) && before.get(key) !== element.textContent.trim()) light(element);
  }
  const fresh = [...part.querySelectorAll("[data-row]")].filter((el) => !known.has(el.dataset.row));
  for (const element of fresh) element.classList.add("slide-in");
  return fresh.length;
}

htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph",
  handleSwap(style, target, fragment) {
    if (style !== "morph") return false;
    const before = texts(target);
    const known = rows(target);
    const swapped = Idiomorph.morph(target, fragment.firstElementChild, { morphStyle: "outerHTML", callbacks });
    const part = document.getElementById(target.id);
    if (part) {
      tick(part);
      const fresh = mark(part, before, known);
      part.dispatchEvent(new CustomEvent("part:shown", { bubbles: true, detail: { name: part.id, fresh } }));
    }
    return swapped;
  },
});

document.addEventListener("htmx:afterSwap", (event) => {
  const holder = event.detail.target;
  if (holder instanceof HTMLElement && "receipt" in holder.dataset) {
    holder.dataset.loaded = "";
    tick(holder);
  }
});

export function refresh(names) {
  for (const name of names) {
    const part = document.getElementById(`part-${name}`);
    if (part) htmx.trigger(part, "refresh");
  }
  if (names.includes("signals")) {
    for (const holder of document.querySelectorAll("details[open] [data-receipt][data-loaded]")) {
      htmx.trigger(holder, "reload");
    }
  }
}
