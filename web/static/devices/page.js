// The pages /devices and /devices/<id>: all devices, or one of them.

import { Shell } from "../common/shell.js";

const PATIENCE_MS = 300;
const shell = new Shell("devices");
const root = document.querySelector("#main");
root.classList.add("page");
const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const view = await (id ? detail() : list());

async function list() {
  const { DeviceList } = await import("./list.js");
  return new DeviceList(root, shell);
}

async function detail() {
  const { DeviceDetail } = await import("./detail.js");
  return new DeviceDetail(root, shell, id);
}

const read = () => view.read().catch(fail);

async function fail(error) {
  const { toastError } = await import("../common/toast.js");
  toastError(error);
}

shell.on = { device: ({ device }) => shell.isNews(device) && view.put(device), resync: read };
// Where no WebSocket comes through, it is read all the same.
shell.onEnter = () => {
  view.enter?.();
  setTimeout(() => shell.connection.open || read(), PATIENCE_MS);
};
shell.connection.addEventListener("open", read);
shell.start();
