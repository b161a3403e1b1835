// English texts that pages share; those of one page alone are in texts/<page>.js.

export const texts = {
  shell: {
    ways: "Pages",
    skip: "To the content",
    title: (page) => `${page}: Glassline`,
    pages: { live: "Live", defects: "Defects", figures: "Today", devices: "Devices", people: "People", diagnose: "Diagnosis" },
    close: "Close",
    cancel: "Cancel",
  },
  keys: {
    title: "Keyboard",
    everywhere: "Everywhere",
    help: "Show the keys of this page",
    on: "Use these keys",
    names: { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" },
  },
  hops: {
    camera: "Camera", detector: "Detector", node: "Node", broker: "Broker", bridge: "Bridge", store: "Store", web: "Web", you: "You",
  },
  states: { ok: "works", degraded: "partly works", failed: "broken", unknown: "not known" },
  chain: {
    title: "From lens to eye",
    more: "What to do",
    also: (count) => (count === 1 ? "One more thing is wrong" : `${count} more things are wrong`),
  },
  cutOff: {
    title: "Connection",
    since: (time, age) => `Not connected since ${time}, for ${age}`,
    again: "Trying again",
    connecting: "Connecting.",
    noPicture: "Cannot be told while no picture comes.",
    refused: "no connection to it can be made",
    hangs: (s) => `no answer came within ${s} s, so it hangs, or something on the way swallows the question`,
    gateway: (status) => `a proxy on the way answers in its place (HTTP ${status})`,
    holder: (status) => `one that answers with HTTP ${status}`,
  },
  devices: {
    label: "Cameras",
    none: "No camera yet",
    noPicture: "No picture yet",
    online: "online",
    offline: "offline",
  },
  copy: { name: (text) => `Copy ${text}`, done: "Copied", refused: "Copying is not allowed here" },
  status: { pending: "Pending", reviewed: "Reviewed", resolved: "Resolved" },
  session: {
    title: "Sign in to Glassline",
    name: "Name",
    password: "Password",
    signIn: "Sign in",
    signOut: "Sign out",
    own: "Your password and tokens",
    stillIn: "Still signed in: try again",
    ended: "Your session has ended. Sign in to go on; what you were writing is kept.",
    roles: { viewer: "Viewer", reviewer: "Reviewer", admin: "Admin" },
  },
  errors: {
    unreachable: "The web does not answer.",
    noHint: "",
  },
};
