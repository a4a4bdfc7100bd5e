// Keeps the list of accounts true: what a worker finds out about a key arrives over the socket.
import { io } from "socket.io-client";
import { refresh } from "./refresh.js";

const COALESCE_MS = 150;
const HEARTBEAT_MS = 15000;
const ANSWER_MS = 5000;

const page = document.getElementById("accounts");
let seq = Number(page.dataset.seq) || 0;
let timer = 0;

function schedule() {
  timer ||= setTimeout(() => {
    timer = 0;
    // A name that is being written is not overwritten under the hand.
    if (!page.querySelector("details[open]")) refresh(["accounts-list"]);
  }, COALESCE_MS);
}

const socket = io({ transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 5000, timeout: ANSWER_MS });

function showState() {
  const state = socket.connected ? "live" : "lost";
  for (const element of document.querySelectorAll("[data-connection]")) element.dataset.connection = state;
}

async function catchUp() {
  try {
    const answer = await socket.timeout(ANSWER_MS).emitWithAck("catch_up", { seq });
    for (const event of answer.events) seq = Math.max(seq, event.seq);
    if (answer.events.length) schedule();
  } catch {
    schedule();
  }
}

socket.onAny((kind, event) => {
  if (typeof event?.seq === "number") seq = Math.max(seq, event.seq);
  if (kind === "account.changed" || kind.startsWith("trade.")) schedule();
});
socket.on("connect", () => {
  catchUp();
  showState();
});
socket.on("disconnect", showState);
socket.on("connect_error", (error) => {
  if (error.message === "signed out") location.reload();
  showState();
});
setInterval(() => {
  if (socket.connected) catchUp();
}, HEARTBEAT_MS);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") schedule();
});
