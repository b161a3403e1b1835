// The keys of the page of defects. `work(what)` calls `what(desk)` as soon as the desk is there.

import { texts } from "../texts/defects.js";

const words = texts.keysOf;
const ZOOM = 1.4;

export function bindKeys(keys, work, { list, filters, mayReview }) {
  const move = (by) => work((desk) => desk.move(by));
  keys.add(words.title, [
    { keys: ["j", "ArrowDown"], says: words.next, run: ({ key }) => move(key === "j" ? 1 : list.columns) },
    { keys: ["k", "ArrowUp"], says: words.previous, run: ({ key }) => move(key === "k" ? -1 : -list.columns) },
    { keys: ["ArrowRight", "ArrowLeft"], says: words.sideways, run: ({ key }) => move(key === "ArrowRight" ? 1 : -1) },
    { keys: ["Enter"], says: words.open, run: () => work((desk) => desk.open(desk.current)) },
    { keys: ["Escape"], says: words.close, run: () => work((desk) => (desk.isOpen ? desk.close() : desk.pickNone())) },
    { keys: ["+", "="], says: words.zoomIn, run: () => work((desk) => desk.zoom(ZOOM)) },
    { keys: ["-"], says: words.zoomOut, run: () => work((desk) => desk.zoom(1 / ZOOM)) },
    { keys: ["z"], says: words.zoomTo, run: () => work((desk) => desk.zoom(null)) },
    { keys: ["/"], says: words.search, run: () => filters.search.select() },
  ], isFree);
  const review = (key, says, what) => ({ keys: [key], says, run: () => work(what) });
  keys.add(words.reviewTitle, [
    review("r", words.reviewed, (desk) => desk.mark({ status: "reviewed", false_alarm: null })),
    review("x", words.reject, (desk) => desk.reject()),
    review("e", words.resolved, (desk) => desk.mark({ status: "resolved", false_alarm: null })),
    review("u", words.undo, (desk) => desk.undo()),
    review(" ", words.pick, (desk) => desk.current && desk.pick(desk.current.event_id)),
    review("a", words.all, (desk) => desk.pickAll()),
  ], () => isFree() && mayReview());
  list.list.addEventListener("keydown", (event) => {
    if (!isSpaceOnRow(event) || !mayReview()) return;
    event.preventDefault();
    const { id } = event.target.closest(".row").dataset;
    work((desk) => desk.pick(id, undefined, event.shiftKey));
  });
  list.list.addEventListener("keyup", (event) => isSpaceOnRow(event) && mayReview() && event.preventDefault());
  filters.search.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !filters.search.value) filters.search.blur();
    if (event.key === "Enter") list.select(list.next(0)?.event_id ?? null);
  });
}

// On a row the space bar selects: it does not press what opens it.
const isSpaceOnRow = (event) => event.key === " " && event.target.matches(".open");
const isFree = () => !document.querySelector("dialog[open], :popover-open");
