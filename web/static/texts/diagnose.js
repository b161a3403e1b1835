// English texts of the page /diagnose.

import { texts as shared } from "./texts.js";

export const texts = {
  ...shared,
  diagnose: {
    device: "Camera",
    noDevice: "none yet",
    first: "First cause",
    also: "Also",
    next: "What to do",
    well: "Everything works.",
    wellSeen: "Everything that can be seen from here works.",
    waiting: "Looking.",
    follows: (hop) => `This follows from: ${hop}.`,
    copyText: "Copy as text",
    copyJson: "Copy as JSON",
    programs: "Programs",
    columns: { id: "Name", role: "Role", state: "State", age: "Last word", version: "Version" },
    noPrograms: "None has been heard yet",
  },
  doctors: {
    title: "Ask a doctor",
    hint: "A doctor examines the machine that it runs on: settings, name, port, password, files.",
    server: "Ask the server's doctor",
    node: (id) => `Ask ${id}'s own doctor`,
    nobody: "Ask a node's own doctor",
    asking: (s) => `Looking … ${s} s`,
    asked: (time, s) => `Asked at ${time}, answered after ${s} s`,
    others: (id) => `Chain of ${id}`,
    nonsense: { code: "command.failed", message: "its answer is no verdict", hint: "Does it run the same version as the web?" },
  },
};
