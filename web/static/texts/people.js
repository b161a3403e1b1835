// The English of the page about people, one's own password, and tokens.

import { longTime } from "../common/format.js";

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

export const texts = {
  title: "People",
  own: "Your account",
  roles: { viewer: "Viewer", reviewer: "Reviewer", admin: "Admin" },
  may: { viewer: "looks", reviewer: "looks and reviews", admin: "does everything" },
  role: (role) => `${texts.roles[role]}: ${texts.may[role]}`,
  cancel: "Cancel",

  open: {
    title: "Nobody signs in here",
    text: "Whoever opens this page on this machine may do everything, and reviews carry the name of this web. No other machine gets in.",
    how: "To have people sign in, name a file for them in `[web]` of glassline.toml and start the web again:",
    lines: "[web]\npeople = \"var/people.json\"",
    then: "It says where the first admin's password lies. Others are added on this page, or with `glassline people add Anna --role reviewer`. " +
      "To let other machines in, set `http_host`, `tls_cert` and `tls_key` as well.",
    copy: "Copy these lines",
  },

  people: {
    title: "Who may sign in",
    columns: { name: "Name", role: "May do", actions: "" },
    you: "you",
    roleOf: (name) => `Role of ${name}`,
    saved: "Saved",
    newPassword: "New password",
    newPasswordOf: (name) => `New password for ${name}`,
    remove: "Remove",
    removeOf: (name) => `Remove ${name}`,
    removeTitle: (name) => `Remove ${name}?`,
    removeText: (name) => `${name} is signed out at once and can sign in no more; tokens of ${name} end. Reviews keep the name.`,
    removed: (name) => `${name} is removed.`,
    lessTitle: "Give up being an admin?",
    lessText: "You will no longer see the people here, and only another admin can give it back to you.",
    less: "Give it up",
  },

  add: {
    title: "Add somebody",
    name: "Name",
    nameHint: "As it is to stand under reviews.",
    role: "May do",
    password: "Password",
    passwordHint: "Made up for you; write another one if you like, of 8 characters at least.",
    another: "Make up another",
    add: "Add",
    save: "Save",
    handed: (name) => `${name} can sign in now`,
    handedHint: "Hand the password over now: it is not shown again. It can be changed on this page after signing in.",
    copy: "Copy the password",
    done: "Done",
  },

  password: {
    title: "Your password",
    old: "Present password",
    new: "New password",
    newHint: "8 characters at least.",
    show: "Show what I type",
    change: "Change password",
    changed: "Changed. Elsewhere you are signed out.",
  },

  tokens: {
    title: "Tokens for scripts",
    hint: "A token signs a script in as you, in a role of its own, until it ends or you revoke it.",
    none: "You have none.",
    columns: { name: "Name", role: "May do", made: "Made", ends: "Ends", used: "Last used on", actions: "" },
    everybody: "Those of everybody",
    day: (date) => day.format(new Date(`${date}T00:00`)),
    never: "never",
    ended: (at) => `ended ${longTime(at)}`,
    name: "What for",
    nameHint: "Like: export to the office",
    role: "May do",
    days: "Ends after",
    daysOf: (days) => (days === 1 ? "1 day" : `${days} days`),
    make: "Make a token",
    handed: (name) => `The token "${name}"`,
    handedHint: "Copy it now: it is not shown again. Whoever has it may do what it may.",
    copy: "Copy the token",
    example: "In a script:",
    copyExample: "Copy this line",
    done: "Done",
    revoke: "Revoke",
    revokeOf: (name) => `Revoke ${name}`,
    revokeTitle: (name) => `Revoke "${name}"?`,
    revokeText: "Scripts that use it are refused from now on.",
    revoked: (name) => `"${name}" is revoked.`,
  },
};
