// Keeps the Overview true: events of the socket name the parts that changed, and those are fetched again.
import { io } from "socket.io-client";
import { refresh } from "./refresh.js";

const COALESCE_MS = 150;
const PRICES_MS = 3000;
const HEARTBEAT_MS = 15000;
const ANSWER_MS = 5000;
const ALL = ["status", "trades", "signals", "accounts"];
const PARTS_OF = {
  "signal.received": ["signals", "status"],
  "receipt.written": ["signals", "status"],
  "order.changed": ["trades", "signals", "status"],
  "trade.opened": ["trades", "signals", "status", "accounts"],
  "trade.changed": ["trades", "signals", "status"],
  "trade.closed": ["trades", "signals", "status", "accounts"],
  "position.cover": ["trades", "status"],
  "equity.changed": ["status", "accounts"],
  "account.changed": ["accounts", "status"],
  "halt.changed": ["status"],
};

const page = document.getElementById("overview");
const bar = document.getElementById("connection-bar");
let seq = Number(page.dataset.seq) || 0;
let waiting = new Set();
let timer = 0;
let shownAt = new Date();
let isServed = true;
let hasConnected = false;

function schedule(names) {
  for (const name of names) waiting.add(name);
  if (timer) return;
  timer = setTimeout(() => {
    const due = [...waiting];
    waiting = new Set();
    timer = 0;
    refresh(due);
  }, COALESCE_MS);
}

const socket = io({ transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5000, timeout: ANSWER_MS });

function showState() {
  const state = socket.connected && isServed ? "live" : hasConnected || !isServed ? "lost" : "connecting";
  for (const element of document.querySelectorAll("[data-connection]")) element.dataset.connection = state;
  bar.hidden = state !== "lost";
  if (state === "lost") {
    const since = shownAt.toLocaleTimeString();
    bar.querySelector("[data-text]").textContent = isServed
      ? "Live updates are interrupted. Prices are still refreshed every few seconds."
      : `No connection. Everything below is as of ${since}; your stops at the venue do not depend on this page.`;
  }
}

function note(event) {
  if (typeof event?.seq === "number") seq = Math.max(seq, event.seq);
}

// Asks for what was missed; `always` refreshes the whole page, as after a lost connection.
async function catchUp(always) {
  try {
    const answer = await socket.timeout(ANSWER_MS).emitWithAck("catch_up", { seq });
    answer.events.forEach(note);
    if (always || answer.more) schedule(ALL);
    else for (const event of answer.events) schedule(PARTS_OF[event.kind] ?? ALL);
  } catch {
    schedule(ALL);
  }
}

socket.onAny((kind, event) => {
  note(event);
  schedule(PARTS_OF[kind] ?? ALL);
});
socket.on("connect", () => {
  catchUp(hasConnected);
  hasConnected = true;
  showState();
});
socket.on("disconnect", showState);
socket.on("connect_error", (error) => {
  if (error.message === "signed out") location.reload();
  showState();
});

// Redis may lose events between the workers and this server while the socket stays open; and a message
// that asked for no trade of this user has no event of its own.
setInterval(() => {
  if (socket.connected) catchUp(false);
  if (document.visibilityState === "visible") schedule(["signals"]);
}, HEARTBEAT_MS);

// Prices move without events.
setInterval(() => {
  const hasPrices = document.querySelector("#part-trades [data-row]");
  if (document.visibilityState === "visible" && (hasPrices || !isServed)) schedule(["trades", "status"]);
}, PRICES_MS);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") schedule(ALL);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.elt.id?.startsWith("part-")) return;
  isServed = event.detail.successful;
  if (isServed) shownAt = new Date();
  showState();
});

// "3 new" when the list has been scrolled away.
const pill = document.getElementById("new-signals");
let unseen = 0;
function isAway() {
  const part = document.getElementById("part-signals");
  return part && part.getBoundingClientRect().top < -40;
}
document.addEventListener("part:shown", (event) => {
  if (event.detail.name !== "part-signals" || !event.detail.fresh || !isAway()) return;
  unseen += event.detail.fresh;
  pill.hidden = false;
  pill.querySelector("[data-text]").textContent = `${unseen} new`;
});
document.addEventListener("scroll", () => {
  if (!pill.hidden && !isAway()) {
    unseen = 0;
    pill.hidden = true;
  }
}, { passive: true });

showState();
