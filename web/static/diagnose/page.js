// The page /diagnose put together: one device's chain in full, who is there, and the doctors.

import { Ages, Arrivals, metadata } from "../common/pictures.js";
import { api } from "../common/web.js";
import { copyButton } from "../common/copying.js";
import { Doctors } from "./doctors.js";
import { el } from "../common/dom.js";
import { calledInFull } from "../common/format.js";
import { Programs } from "./programs.js";
import { asJson, asText, gathered } from "./report.js";
import { VerdictRows } from "../chain/rows.js";
import { texts } from "../texts/diagnose.js";
import { Shell } from "../common/shell.js";
import { Verdicts } from "../chain/verdicts.js";

const FPS = 2;
const TICK_MS = 500;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

const shell = new Shell("diagnose", { showsChain: true });
const { connection, cutOff } = shell;
const [root, asked, spoken] = ["chain", "doctors", "programs"].map((id) => el("section", { id }));
document.querySelector("#main").append(root, asked, spoken);
const ages = new Ages(connection.clock);
const arrivals = new Arrivals(ages);
const verdicts = new Verdicts(connection, cutOff, arrivals);
const wanted = new URLSearchParams(location.search).get("device");
const nodes = new Set();
let web = null;

const choice = el("select", { id: "device", on: { change: () => look(choice.value) } });
const report = () => gathered({
  web, device: arrivals.device, verdict: verdicts.now(), programs: programs.list(),
  doctors: { server: doctors.server.told, node: doctors.node.told },
});
root.append(el("header", { class: "diagnosis-head" },
  el("h1", {}, texts.chain.title),
  el("label", { class: "choice" }, texts.diagnose.device, choice),
  el("span", { class: "copies" },
    copyButton(texts.diagnose.copyText, () => asText(report())), copyButton(texts.diagnose.copyJson, () => asJson(report())))));
const rows = new VerdictRows(root);
const doctors = new Doctors(asked);
const programs = new Programs(spoken);

// Look at a device: its chain, and its pictures, few and only to see that they come.
function look(device) {
  arrivals.show(device);
  verdicts.reset();
  connection.watch({ [device]: FPS });
  doctors.show(device);
  choice.value = device;
  history.replaceState(null, "", `/diagnose?device=${encodeURIComponent(device)}`);
  api.chain(device).then((chain) => { if (device === arrivals.device) verdicts.take(chain); }, () => {});
}

function learn(device) {
  if (!shell.isNews(device)) return;
  programs.put(device);
  if (device.clock) ages.set({ device_id: device.deviceId, ...device.clock });
  if (device.role === "node" && !nodes.has(device.deviceId)) offer(device.deviceId);
}

// One more device to choose; the one that the address names is looked at as soon as it is known, else the first.
function offer(id) {
  nodes.add(id);
  showChoice();
  if (id === wanted) look(id);
  else if (arrivals.device === null && wanted === null) look(id);
}

function showChoice() {
  choice.replaceChildren(...[...nodes].sort(byNumber).map((id) => el("option", { value: id }, calledInFull(id))));
  if (arrivals.device !== null) choice.value = arrivals.device;
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

shell.onNames = showChoice;
shell.on = {
  device: ({ device }) => learn(device),
  clock: (event) => ages.set(event),
  hello: (event) => {
    web = { id: event.web, version: event.version };
    if (arrivals.device === null) verdicts.take(event.chain);
  },
  chain: ({ chain }) => { if (chain.deviceId === arrivals.device) verdicts.take(chain); },
};

connection.addEventListener("open", readAll);
connection.addEventListener("frame", ({ detail }) => arrivals.take({ ...detail, meta: metadata(detail.jpeg) }));
connection.addEventListener("event", show);
cutOff.addEventListener("found", () => { if (cutOff.fault && cutOff.answers) readAll(); });
setInterval(show, TICK_MS);
shell.start();
show();
