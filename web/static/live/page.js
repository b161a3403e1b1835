// The page of the live pictures, put together.

import { Ages, metadata } from "../common/pictures.js";
import { api } from "../common/api.js";
import { Chain } from "../chain/chain.js";
import { Defects } from "../defects/recent.js";
import { Devices } from "./wall.js";
import { el } from "../common/dom.js";
import { Shell } from "../common/shell.js";
import { Stage } from "./stage.js";
import { Verdicts } from "../chain/verdicts.js";

const MAX_TOLD = 1000;

const shell = new Shell("live", { showsChain: true });
const { connection, cutOff, session } = shell;
const parts = {
  chain: el("section", { id: "chain", class: "chain" }),
  devices: el("nav", { id: "devices", class: "wall", hidden: true }),
  stage: el("section", { id: "stage", class: "stage" }),
  defects: el("section", { id: "defects", class: "defects" }),
  detail: el("dialog", { id: "detail", class: "detail" }),
};
document.querySelector("#main").append(parts.chain,
  el("div", { class: "columns" }, parts.devices, parts.stage, parts.defects), parts.detail);
const ages = new Ages(connection.clock);
const stage = new Stage(parts.stage, ages);
const verdicts = new Verdicts(connection, cutOff, stage);
const chain = new Chain(parts.chain, verdicts);
const defects = new Defects(parts.defects);
let detail = null;
const devices = new Devices(parts.devices, ages);
const toldAt = new Map();
let web = null;
let letGo = 0;

devices.onSelect = (id) => {
  stage.show(id);
  const last = devices.lastFrame(id);
  if (last) stage.take(last);
  const device = devices.get(id);
  if (device) learn(device);
  chain.show(id);
  api.chain(id).then((verdict) => id === devices.selected && take(verdict), () => {});
};
devices.onWish = (rates) => connection.watch(rates);

function take(verdict) {
  verdicts.take(verdict);
  chain.update();
}

function learn(device) {
  if (device.clock) ages.set({ device_id: device.deviceId, ...device.clock });
  if (device.deviceId === web) letGo = device.health?.counters?.viewers_stalled ?? 0;
  const shown = devices.get(devices.selected);
  if (shown) stage.setInfo(shown, letGo);
}

// An answer that was long on its way may be older than what was pushed meanwhile.
function isNews(device) {
  if (device.now_s < (toldAt.get(device.deviceId) ?? 0)) return false;
  if (toldAt.size >= MAX_TOLD) toldAt.clear();
  toldAt.set(device.deviceId, device.now_s);
  return true;
}

async function readAll() {
  defects.reload();
  const list = await api.devices().then((answer) => answer.devices.filter(isNews), () => []);
  devices.replace(list);
  list.forEach(learn);
}

shell.on = {
  device: ({ device }) => {
    if (!isNews(device)) return;
    devices.put(device);
    learn(device);
  },
  clock: (event) => ages.set(event),
  hello: (event) => {
    web = event.web;
    if (devices.selected === null) take(event.chain);
  },
  chain: (event) => { if (event.chain.deviceId === devices.selected) take(event.chain); },
  detection: ({ defect }) => defects.put(defect),
  defect: ({ defect }) => defects.put(defect),
  review: ({ defect }) => defects.put(defect),
  receipt: (event) => { if (event.row === "stored") defects.confirm(event.event_id); },
  resync: readAll,
};

chain.onCause = (cause) => stage.setCause(cause);
defects.onOpen = async (defect) => {
  const { Detail } = await import("../defects/detail.js");
  if (!detail) {
    detail = new Detail(parts.detail);
    detail.setMayReview(session.may("reviewer"));
    detail.onReviewed = (reviewed) => defects.put(reviewed);
  }
  detail.open(defect);
};
defects.onChange = (defect) => detail?.update(defect);
connection.addEventListener("open", () => {
  toldAt.clear();
  readAll();
});
connection.addEventListener("close", () => chain.update());
cutOff.addEventListener("found", () => {
  if (cutOff.fault && cutOff.answers) readAll();
  chain.update();
});
connection.addEventListener("frame", ({ detail }) => {
  const frame = { ...detail, meta: metadata(detail.jpeg) };
  stage.take(frame);
  devices.show(frame);
});
shell.onEnter = () => detail?.setMayReview(session.may("reviewer"));
shell.start();
