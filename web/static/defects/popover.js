// A small panel that opens below a button, and goes with Escape or a click beside it.

import { el } from "../common/dom.js";

const MARGIN_PX = 8;

// `fill(panel, close)` puts its content in.
export function popover(button, name, fill) {
  const panel = el("div", { class: "popover", popover: "auto", role: "dialog", "aria-label": name });
  const close = () => panel.hidePopover();
  fill(panel, close);
  (button.closest("dialog") ?? document.body).append(panel);
  panel.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    button.setAttribute("aria-expanded", "false");
    if (panel.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    panel.remove();
  });
  button.setAttribute("aria-expanded", "true");
  panel.showPopover();
  const [at, { width, height }] = [button.getBoundingClientRect(), panel.getBoundingClientRect()];
  const below = at.bottom + MARGIN_PX / 2;
  panel.style.left = `${Math.max(MARGIN_PX, Math.min(at.left, innerWidth - width - MARGIN_PX))}px`;
  panel.style.top = `${Math.max(MARGIN_PX, below + height > innerHeight ? at.top - height - MARGIN_PX / 2 : below)}px`;
  const first = ["[autofocus]", "[aria-pressed=true]", "input, button, a"].map((one) => panel.querySelector(one)).find(Boolean);
  first?.focus();
  return close;
}
