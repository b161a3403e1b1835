// The page put together.

import { api } from "./api.js";
import { Chain } from "./chain.js";
import { Connection } from "./connection.js";
import { Defects } from "./defects.js";
import { Detail } from "./detail.js";
import { Devices } from "./devices.js";
import { Stage } from "./stage.js";

const MAX_FPS = 15;

const connection = new Connection();
const stage = new Stage(document.querySelector("#stage"), connection);
const chain = new Chain(document.querySelector("#chain"), connection, stage);
const defects = new Defects(document.querySelector("#defects"));
const detail = new Detail(document.querySelector("#detail"));
const devices = new Devices(document.querySelector("#devices"), look);

function look(id) {
  stage.show(id);
  const device = devices.get(id);
  if (device) learn(device);
  chain.reset();
  connection.watch([id], MAX_FPS);
  api.chain(id).then((verdict) => id === devices.selected && chain.take(verdict), () => {});
}

function learn(device) {
  if (device.clock) stage.setClock({ device_id: device.deviceId, ...device.clock });
  if (device.deviceId === devices.selected) stage.setInfo(device);
}

async function readAll() {
  defects.reload();
  const list = await api.devices().then((answer) => answer.devices, () => []);
  devices.replace(list);
  list.forEach(learn);
}

const on = {
  device: ({ device }) => { devices.put(device); learn(device); },
  clock: (event) => stage.setClock(event),
  hello: (event) => { if (devices.selected === null) chain.take(event.chain); },
  chain: (event) => { if (event.chain.deviceId === devices.selected) chain.take(event.chain); },
  detection: ({ defect }) => defects.put(defect),
  defect: ({ defect }) => defects.put(defect),
  review: ({ defect }) => defects.put(defect),
  receipt: (event) => { if (event.row === "stored") defects.confirm(event.event_id); },
  resync: readAll,
};

chain.onCause = (cause) => stage.setCause(cause);
defects.onOpen = (defect) => detail.open(defect);
defects.onChange = (defect) => detail.update(defect);
detail.onReviewed = (defect) => defects.put(defect);
connection.addEventListener("open", readAll);
connection.addEventListener("close", () => chain.update());
connection.addEventListener("frame", ({ detail: { device, jpeg } }) => stage.take(device, jpeg));
connection.addEventListener("event", ({ detail: event }) => on[event.type]?.(event));
connection.start();
