// The page of the live pictures, put together.

import { Ages, metadata } from "../common/pictures.js";
import { api, seconds } from "../common/web.js";
import { Chain } from "../chain/chain.js";
import { Controls } from "./controls.js";
import { Devices } from "./wall.js";
import { el, write } from "../common/dom.js";
import { Recent } from "./recent.js";
import { Shell } from "../common/shell.js";
import { Stage } from "./stage.js";
import { texts } from "../texts/live.js";
import { Verdicts } from "../chain/verdicts.js";

const AGAIN_MS = 2000;

const shell = new Shell("live", { showsChain: true });
const { connection, cutOff, session } = shell;
const parts = {
  chain: el("section", { id: "chain", class: "chain" }),
  devices: el("nav", { id: "devices", class: "wall", hidden: true }),
  stage: el("section", { id: "stage", class: "stage" }),
  facts: el("dl", { id: "facts", class: "facts" }),
  recent: el("section", { id: "recent", class: "recent panel" }),
};
const columns = el("div", { class: "columns" }, parts.devices, parts.stage, parts.recent, parts.facts);
document.querySelector("#main").append(parts.chain, columns);
const ages = new Ages(connection.clock);
const stage = new Stage(parts.stage, ages);
const verdicts = new Verdicts(connection, cutOff, stage);
const chain = new Chain(parts.chain, verdicts);
const recent = new Recent(parts.recent);
const devices = new Devices(parts.devices, ages);
const controls = new Controls(parts.stage, stage, shell.keys);
// Of every camera that is watched, as the web pushed it last.
const chains = new Map();
let web = null;
let letGo = 0;
let detail = null;
let asked = 0;

devices.onSelect = (id) => {
  stage.show(id);
  const last = devices.lastFrame(id);
  if (last) stage.take(last);
  const device = devices.get(id);
  if (device) learn(device);
  chain.show(id);
  if (chains.has(id)) take(chains.get(id));
};
devices.onWish = (rates) => connection.watch(rates);
devices.onCount = () => { controls.setSeveral(devices.several); showView(); };
devices.onLarge = () => setView("large");
controls.onGrid = () => setView("grid");
controls.onDraws = (shows) => { stage.draws(shows); devices.draws(shows); };
controls.start();
shell.keys.add(texts.wall.keys, [
  { keys: ["ArrowLeft", "ArrowUp"], says: texts.wall.previous, run: () => devices.step(-1), may: () => devices.several },
  { keys: ["ArrowRight", "ArrowDown"], says: texts.wall.next, run: () => devices.step(1), may: () => devices.several },
  { keys: ["g"], says: texts.wall.toggle, run: () => setView(devices.isGrid ? "large" : "grid"), may: () => devices.several },
]);

// One large, or all over the whole page: the address says which.
function setView(view) {
  const query = view === "grid" ? "?view=grid" : "/";
  history.pushState(null, "", `${query}${location.hash}`);
  showView();
}

function showView() {
  const isGrid = devices.several && new URLSearchParams(location.search).get("view") === "grid";
  if (isGrid === devices.isGrid) return;
  columns.classList.toggle("grid", isGrid);
  devices.setGrid(isGrid);
}

function take({ told, gotAt }) {
  verdicts.take(told, gotAt);
  chain.update();
}

function learnChain(told) {
  const [id, news] = [told.deviceId ?? null, { told, gotAt: seconds() }];
  if (id !== null) chains.set(id, news);
  if (id === devices.selected) take(news);
}

function learn(device) {
  if (device.clock) ages.set({ device_id: device.deviceId, ...device.clock });
  if (device.deviceId === web) letGo = device.health?.counters?.viewers_stalled ?? 0;
  const shown = devices.get(devices.selected);
  if (!shown) return;
  stage.setInfo(shown);
  controls.setDevice(shown);
  const facts = texts.stage.facts(shown, letGo).filter(([, value]) => value);
  write(parts.facts, facts.join("\n"), () => facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

async function readAll() {
  recent.reload();
  const turn = ++asked;
  const answer = await api.devices().catch(() => null);
  if (turn !== asked) return;
  if (!answer) {
    setTimeout(() => turn === asked && readAll(), AGAIN_MS);
    return;
  }
  const ids = new Set(answer.devices.map(({ deviceId }) => deviceId));
  const saidAt = Math.min(answer.now_s, ...answer.devices.map((device) => device.now_s));
  const news = answer.devices.filter((device) => shell.isNews(device));
  // That a device is not listed is a word about it, too.
  devices.replace(news, (id) => ids.has(id) || !shell.isNews({ deviceId: id, now_s: saidAt }));
  news.forEach(learn);
}

// The defect at full size, fetched when the first one is opened.
async function open(defect) {
  if (detail === null) {
    const { Detail } = await import("../defects/detail.js");
    const dialog = el("dialog", { id: "detail", class: "detail" });
    document.body.append(dialog);
    detail = new Detail(dialog);
    detail.onReviewed = (reviewed) => recent.put(reviewed);
  }
  detail.setMayReview(session.may("reviewer"));
  detail.open(defect);
}

shell.on = {
  device: ({ device }) => {
    if (!shell.isNews(device)) return;
    devices.put(device);
    learn(device);
  },
  clock: (event) => ages.set(event),
  hello: (event) => {
    web = event.web;
    learnChain(event.chain);
  },
  chain: ({ chain: told }) => learnChain(told),
  detection: ({ defect }) => recent.put(defect),
  defect: ({ defect }) => recent.put(defect),
  review: ({ defect }) => recent.put(defect),
  reviews: ({ defects }) => defects.forEach((defect) => recent.put(defect)),
  receipt: (event) => { if (event.row === "stored") recent.confirm(event.event_id); },
  resync: readAll,
};

chain.onCause = (cause) => stage.setCause(cause);
recent.onOpen = open;
shell.onNames = () => {
  recent.refresh();
  detail?.refresh();
  devices.rename();
  stage.rename();
};
recent.onChange = (defect) => detail?.update(defect);
connection.addEventListener("open", () => {
  chains.clear();
  readAll();
});
connection.addEventListener("close", () => chain.update());
cutOff.addEventListener("found", () => {
  if (cutOff.fault && cutOff.answers) readAll();
  chain.update();
});
connection.addEventListener("frame", ({ detail: got }) => {
  const frame = { ...got, meta: metadata(got.jpeg) };
  stage.take(frame);
  devices.show(frame);
});
addEventListener("popstate", showView);
shell.onEnter = () => controls.setMay(session.may("admin"));
shell.start();
