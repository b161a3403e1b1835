// The keys of the page of defects.

import { texts } from "../texts/defects.js";

const words = texts.keysOf;

export function bindKeys(keys, desk, list, filters) {
  const review = (name, says, run) => ({ keys: [name], says, run });
  keys.add(words.title, [
    { keys: ["j", "ArrowDown"], says: words.next, run: ({ key }) => desk.move(key === "j" ? 1 : list.columns) },
    { keys: ["k", "ArrowUp"], says: words.previous, run: ({ key }) => desk.move(key === "k" ? -1 : -list.columns) },
    { keys: ["ArrowRight", "ArrowLeft"], says: words.sideways, run: ({ key }) => desk.move(key === "ArrowRight" ? 1 : -1) },
    { keys: ["Enter"], says: words.open, run: () => desk.open(desk.current) },
    { keys: ["Escape"], says: words.close, run: () => (desk.isOpen ? desk.close() : desk.pickNone()) },
    { keys: ["+", "="], says: words.zoomIn, run: () => desk.zoom(1.4) },
    { keys: ["-"], says: words.zoomOut, run: () => desk.zoom(1 / 1.4) },
    { keys: ["z"], says: words.zoomTo, run: () => desk.zoom(null) },
    { keys: ["/"], says: words.search, run: () => filters.search.select() },
  ], isFree);
  keys.add(words.reviewTitle, [
    review("r", words.reviewed, () => desk.mark({ status: "reviewed", false_alarm: null })),
    review("x", words.reject, () => desk.reject()),
    review("e", words.resolved, () => desk.mark({ status: "resolved", false_alarm: null })),
    review("u", words.undo, () => desk.undo()),
    review("a", words.all, () => desk.pickAll()),
    review(" ", words.pick, () => desk.current && desk.pick(desk.current.event_id)),
  ], () => isFree() && desk.mayReview);
  list.list.addEventListener("keydown", (event) => press(event, desk));
  list.list.addEventListener("keyup", (event) => event.key === " " && event.target.matches(".open") && event.preventDefault());
  filters.search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !filters.search.value) filters.search.blur();
    if (event.key === "Enter") list.select(list.next(0)?.event_id ?? null);
  });
}

// On a row the space bar selects: it does not press what opens it.
function press(event, desk) {
  if (event.key !== " " || !event.target.matches(".open") || !desk.mayReview) return;
  event.preventDefault();
  desk.pick(event.target.closest(".row").dataset.id, undefined, event.shiftKey);
}

const isFree = () => !document.querySelector("dialog[open], :popover-open");
