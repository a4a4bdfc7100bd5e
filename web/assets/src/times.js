// Times that stay true while the page is open; written as web/formatting.py writes them.

export function duration(seconds) {
  const whole = Math.max(Math.trunc(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.trunc(whole / 60)} min`;
  if (whole < 172800) return `${Math.trunc(whole / 3600)} h`;
  return `${Math.trunc(whole / 86400)} d`;
}

export function relative(at, now) {
  const seconds = (now - at) / 1000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 2 ? "just now" : `${duration(seconds)} ago`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tick(root = document) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[data-ago]")) {
    write(element, relative(Date.parse(element.dateTime), now));
  }
  for (const element of root.querySelectorAll("time[data-lasting]")) {
    write(element, duration((now - Date.parse(element.dateTime)) / 1000));
  }
}
