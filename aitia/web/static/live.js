// Keeps a page up to date while something runs: each event has the same page fetched again, and what changed in it is
// put in place. The server writes all the markup; without this file the page is reloaded by the browser.
"use strict";
(() => {
  const main = document.getElementById("main");
  const said = document.getElementById("said");
  const PAUSE_MS = 400;
  let stream = null, timer = 0, busy = false, again = false;

  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname + location.search, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.redirected) { location.reload(); return; }
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the service is away: the next event or beat tries again */ } finally {
      setTimeout(() => { busy = false; if (again) { again = false; refresh(); } }, PAUSE_MS);
    }
  };

  const show = (fresh) => {
    const other = fresh.getElementById("main");
    const held = document.activeElement && main.contains(document.activeElement) ? document.activeElement : null;
    if (other.dataset.state !== main.dataset.state) {
      main.replaceChildren(...other.childNodes);
      for (const name of ["state", "events", "poll"]) {
        if (name in other.dataset) main.dataset[name] = other.dataset[name]; else delete main.dataset[name];
      }
      document.body.className = fresh.body.className;
      document.title = fresh.title;
    } else {
      for (const region of main.querySelectorAll("[data-region]")) {
        const now = fresh.getElementById(region.id);
        if (now) merge(region, now);
      }
    }
    const told = fresh.getElementById("said").textContent;
    if (said.textContent !== told) said.textContent = told;
    // Who was at something that was replaced is put back to the same thing, and nobody else is moved.
    if (held && !held.isConnected) (document.getElementById(held.id) || main).focus({ preventScroll: true });
    listen();
  };

  // Children with an id are kept while they are equal, so that a reader's place and selection stay.
  const merge = (old, now) => {
    const list = old.querySelector(":scope > ol") , fresh = now.querySelector(":scope > ol");
    if (list && fresh) { merge(list, fresh); rest(old, now); return; }
    if (old.tagName !== "OL") { if (old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes); return; }
    const known = new Map([...old.children].map((child) => [child.id, child]));
    [...now.children].forEach((child, place) => {
      let mine = known.get(child.id);
      known.delete(child.id);
      if (!mine) { mine = child; mine.classList.add("new"); }
      else if (mine.innerHTML !== child.innerHTML) { mine.className = child.className; mine.replaceChildren(...child.childNodes); }
      if (old.children[place] !== mine) old.insertBefore(mine, old.children[place] || null);
    });
    for (const gone of known.values()) gone.remove();
  };

  const rest = (old, now) => {
    for (const child of now.querySelectorAll(":scope > [id]:not(ol)")) {
      const mine = document.getElementById(child.id);
      if (mine && mine.innerHTML !== child.innerHTML) mine.replaceChildren(...child.childNodes);
    }
  };

  const poll = (seconds) => { timer = setInterval(() => { if (!document.hidden) refresh(); }, seconds * 1000); };

  const listen = () => {
    const { events, poll: seconds } = main.dataset;
    if (stream && stream.url.endsWith(events || "none")) return;
    if (stream) { stream.close(); stream = null; }
    clearInterval(timer);
    if (events) {
      stream = new EventSource(events);
      for (const name of ["step", "state", "end"]) stream.addEventListener(name, refresh);
      stream.onerror = () => { if (stream && stream.readyState === EventSource.CLOSED) poll(3); };
    } else if (seconds) poll(Number(seconds));
  };

  listen();
})();
