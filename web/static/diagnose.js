// The page /diagnose put together: one device's chain in full, who is there, and the doctors.

import { Ages } from "./ages.js";
import { api } from "./api.js";
import { Arrivals } from "./arrivals.js";
import { Connection } from "./connection.js";
import { copyButton } from "./copying.js";
import { CutOff } from "./cutoff.js";
import { Doctors } from "./doctors.js";
import { el } from "./dom.js";
import { faults } from "./faults.js";
import { Programs } from "./programs.js";
import { asJson, asText, gathered } from "./report.js";
import { VerdictRows } from "./rows.js";
import { Session } from "./session.js";
import { texts } from "./texts.js";
import { Verdicts } from "./verdicts.js";

const FPS = 2;
const TICK_MS = 500;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

const root = document.querySelector("#chain");
const connection = new Connection();
const ages = new Ages(connection.clock);
const arrivals = new Arrivals(ages);
const cutOff = new CutOff(connection);
const verdicts = new Verdicts(connection, cutOff, arrivals);
const wanted = new URLSearchParams(location.search).get("device");
const nodes = new Set();
let web = null;

const choice = el("select", { id: "device", on: { change: () => look(choice.value) } });
const report = () => gathered({
  web, device: arrivals.device, verdict: verdicts.now(), programs: programs.list(),
  doctors: { server: doctors.server.told, node: doctors.node.told },
});
const back = el("a", { href: "/" }, `← ${texts.diagnose.back}`);
document.querySelector("#way").append(back);
root.append(el("header", { class: "diagnosis-head" },
  el("h1", {}, texts.chain.title),
  el("label", { class: "choice" }, texts.diagnose.device, choice),
  el("span", { class: "copies" },
    copyButton(texts.diagnose.copyText, () => asText(report())), copyButton(texts.diagnose.copyJson, () => asJson(report())))));
const rows = new VerdictRows(root);
const doctors = new Doctors(document.querySelector("#doctors"));
const programs = new Programs(document.querySelector("#programs"));
const session = new Session(document.querySelector("#sign-in"), document.querySelector("#account"));

// Look at a device: its chain, and its pictures, few and only to see that they come.
function look(device) {
  arrivals.show(device);
  verdicts.reset();
  connection.watch({ [device]: FPS });
  doctors.show(device);
  choice.value = device;
  back.href = `/#${device}`;
  history.replaceState(null, "", `/diagnose?device=${encodeURIComponent(device)}`);
  api.chain(device).then((chain) => { if (device === arrivals.device) verdicts.take(chain); }, () => {});
}

function learn(device) {
  programs.put(device);
  if (device.clock) ages.set({ device_id: device.deviceId, ...device.clock });
  if (device.role === "node" && !nodes.has(device.deviceId)) offer(device.deviceId);
}

// One more device to choose; the one that the address names is looked at as soon as it is known, else the first.
function offer(id) {
  nodes.add(id);
  const names = [...nodes].sort(byNumber);
  choice.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  if (id === wanted) look(id);
  else if (arrivals.device === null && wanted === null) look(id);
  else if (arrivals.device !== null) choice.value = arrivals.device;
}

async function readAll() {
  const list = await api.devices().then((answer) => answer.devices, () => []);
  list.sort((one, other) => other.online - one.online || byNumber(one.deviceId, other.deviceId)).forEach(learn);
  if (arrivals.device === null && nodes.size) look(choice.value);
}

function show() {
  const verdict = verdicts.now();
  root.dataset.state = verdict.ok === null ? "unknown" : verdict.ok ? "ok" : "broken";
  rows.show(verdict);
  programs.show();
}

const on = {
  device: ({ device }) => learn(device),
  clock: (event) => ages.set(event),
  hello: (event) => {
    web = { id: event.web, version: event.version };
    if (arrivals.device === null) verdicts.take(event.chain);
  },
  chain: ({ chain }) => { if (chain.deviceId === arrivals.device) verdicts.take(chain); },
};

connection.addEventListener("open", readAll);
connection.addEventListener("close", ({ detail: { signedOut, refused } }) => {
  if (signedOut || refused) session.check();
});
connection.addEventListener("frame", ({ detail: frame }) => arrivals.take(frame));
connection.addEventListener("event", ({ detail: event }) => { on[event.type]?.(event); show(); });
cutOff.addEventListener("found", () => { if (cutOff.fault && cutOff.answers) readAll(); });
session.onEnter = () => connection.start();
session.onLeave = () => connection.stop();
api.onSignedOut = () => session.check();
setInterval(show, TICK_MS);
faults.load();
session.start();
show();
