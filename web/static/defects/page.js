// The page of defects, put together: the bar, the list, the defect that is open beside it, and the address of all that.

import { api } from "../common/web.js";
import { bindKeys } from "./keyboard.js";
import { Cards, isSheetShown, showSheet } from "./row.js";
import { el, say } from "../common/dom.js";
import { Filters } from "./filters.js";
import { ListWindow } from "./window.js";
import { Place } from "./query.js";
import { Rows } from "./rows.js";
import { Shell } from "../common/shell.js";
import { texts } from "../texts/defects.js";

const words = texts.list;
const CALM_MS = 500;
const LATER_MS = 4000;
const AGAIN_MS = 2000;
const PATIENCE_MS = 300;
const DAY_LOOK_MS = 30_000;
const SAID = ["status", "note", "false_alarm"];

const shell = new Shell("defects");
const { connection, session } = shell;
const parts = {
  bar: el("section", { class: "asking", "aria-label": words.filters }),
  shown: el("section", { class: "listing", "aria-label": texts.list.name }),
  main: document.querySelector("#main"),
  panel: el("section", { class: "detail beside", hidden: true }),
  pill: el("button", { type: "button", class: "news", hidden: true, title: words.newsHint }),
};
parts.main.append(el("h1", { class: "sr" }, texts.shell.pages.defects), parts.bar, el("div", { class: "body" }, parts.shown, parts.panel));
parts.shown.append(parts.pill);

const rows = new Rows();
const cards = new Cards();
const list = new ListWindow(parts.shown, rows, cards, texts.list.name);
const filters = new Filters(parts.bar);
const place = new Place();
let desk = null;
let empty = null;

// -- what is shown ------------------------------------------------------------------------------------------

function show() {
  list.refresh();
  filters.setCounts(rows.counts);
  if (empty || rows.problem || (!rows.total && !rows.isReading)) showEmpty();
  parts.pill.hidden = rows.news === 0;
  say(parts.pill, rows.news ? words.news(rows.news) : "");
  parts.shown.setAttribute("aria-busy", String(rows.isReading));
  desk?.refresh();
}

async function showEmpty() {
  const { Empty } = await import("./empty.js");
  empty ??= new Empty(parts.shown, filters, () => rows.read());
  empty.show(rows);
}

let drawn = null;
rows.onChange = () => {
  drawn ??= requestAnimationFrame(() => {
    drawn = null;
    show();
  });
};
rows.mayShow = (rank) => list.mayShow(rank);
rows.first = () => list.first;
cards.stateOf = (id) => ({ isLeaving: rows.isLeaving(id), isShown: id === place.id, ...desk?.stateOf(id) });
parts.pill.addEventListener("click", () => {
  list.toTop();
  rows.release();
});
// What was held back comes in as soon as it disturbs nobody; marks of what is fresh go.
setInterval(() => {
  if (rows.news && list.mayShow(0) && !rows.isReading) rows.release();
  if (!cards.calm()) list.refresh();
}, CALM_MS);

shell.onNames = () => {
  filters.rename();
  desk?.rename();
  list.refresh();
};

// -- what is asked for --------------------------------------------------------------------------------------

let askedOn = null;

// What was chosen of another list is chosen no more.
function ask(wanted) {
  askedOn = new Date().toDateString();
  desk?.pickNone();
  list.current = null;
  list.toTop();
  rows.read(wanted);
}

filters.onChange = (wanted, { isTyping }) => {
  place.ask(wanted, { isTyping });
  ask(wanted);
};
// A day that ends takes its defects along.
setInterval(() => {
  if (place.wanted.range === "today" && askedOn !== null && askedOn !== new Date().toDateString()) ask(place.wanted);
}, DAY_LOOK_MS);
filters.onKind = (kind) => {
  place.kind = kind;
  filters.setKind(kind);
  list.setKind(kind);
};
filters.onMore = async (button) => (await import("./more.js")).more(button, rows);
place.onChange = (before) => {
  if (place.search !== before.search) {
    filters.set(place.wanted);
    ask(place.wanted);
  }
  if (place.id !== before.id) (place.id ? work(() => desk.openById(place.id)) : desk?.closed());
};

// -- the one that is open -----------------------------------------------------------------------------------

let arrival = null;
// What could not be fetched stays unfetched in this page. Nothing was begun in it yet: it is loaded again as soon as can be.
let beginAnew = null;

// Call `what(desk)` once the desk is there: it is fetched when somebody begins to work.
async function work(what) {
  arrival ??= import("./desk.js").then(({ Desk }) => {
    desk = new Desk({ shell, rows, list, place, ...parts });
  });
  try {
    await arrival;
  } catch {
    beginAnew ??= setInterval(() => api.session().then(() => location.reload(), () => {}), AGAIN_MS);
    return null;
  }
  return what(desk);
}

cards.onOpen = (id) => work(() => desk.open(rows.get(id)));
cards.onPick = (id, isPicked, isRange) => work(() => desk.pick(id, isPicked, isRange));
bindKeys(shell.keys, work, { list, filters, mayReview: () => session.may("reviewer") });

// On paper the list is what is known of it, where nobody has asked for all of it.
addEventListener("beforeprint", () => {
  if (place.id === null && rows.counts && !isSheetShown()) showSheet(rows.list, rows);
});

// -- what the web says --------------------------------------------------------------------------------------

function take(defect, { isReview = false } = {}) {
  const known = rows.get(defect.event_id);
  const isMine = defect.reviewed_by === session.name || (known && SAID.every((part) => known[part] === defect[part]));
  const isOthers = isReview && !isMine;
  if (!rows.put(defect)) return;
  if (!known) cards.freshen(defect.event_id);
  if (isOthers) cards.freshen(defect.event_id, defect.reviewed_by ?? "");
}

shell.on = {
  ...shell.on,
  detection: ({ defect }) => take(defect),
  defect: ({ defect }) => take(defect),
  review: ({ defect }) => take(defect, { isReview: true }),
  reviews: ({ defects }) => defects.forEach((defect) => take(defect, { isReview: true })),
  receipt: (event) => { if (event.row === "stored") rows.confirm(event.event_id); },
  resync: () => catchUp(),
};

function catchUp() {
  rows.catchUp();
  desk?.readAgain();
}

// What is read once something can be pushed needs no second look; but nobody waits long for that.
let hasBegun = false;

function begin() {
  if (hasBegun) return false;
  hasBegun = true;
  ask(place.wanted);
  return true;
}

connection.addEventListener("open", () => begin() || catchUp());
shell.onEnter = () => {
  cards.mayReview = session.may("reviewer");
  filters.setKind(place.kind);
  list.setKind(place.kind);
  filters.set(place.wanted);
  setTimeout(begin, PATIENCE_MS);
  desk?.enter();
  if (place.id) work(() => desk.openById(place.id));
  setTimeout(() => work(() => {}), LATER_MS);
};
shell.start();
