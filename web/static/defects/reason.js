// Why something is a false alarm, by one more key or click.

import { el } from "../common/dom.js";
import { popover } from "./popover.js";
import { texts } from "../texts/defects.js";

const words = texts.reason;
const UNSAID = "other";

// `take(reason)` gets one of the reasons; Escape takes none.
export function askReason(button, take) {
  const reasons = Object.entries(texts.reasons);
  popover(button, words.title, (panel, close) => {
    const say = (reason) => {
      close();
      take(reason);
    };
    panel.append(el("p", { class: "hint" }, words.title), el("div", { class: "options" }, ...reasons.map(([reason, name], at) =>
      el("button", { type: "button", autofocus: reason === UNSAID, on: { click: () => say(reason) } },
        el("kbd", {}, String(at + 1)), name, reason === UNSAID ? el("kbd", {}, "↵") : null))));
    panel.addEventListener("keydown", (event) => {
      const reason = reasons[Number(event.key) - 1]?.[0];
      if (!reason) return;
      event.preventDefault();
      say(reason);
    });
  });
}
