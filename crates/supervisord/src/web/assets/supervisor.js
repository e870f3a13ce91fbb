// What the pages do beyond what they do without this file: states are refreshed in place, buttons work without leaving
// the page, a log is followed live.
"use strict";

(function () {
  const PAUSE = 2000;      // between two looks at the states, in milliseconds
  const KEPT = 400000;     // characters of a log that stay in the page

  const log = document.getElementById("log");
  if (log) {
    if (log.dataset.follow) follow(log);
  } else {
    watch();
  }

  // Takes over what differs, so that a selection or a focus elsewhere in the page survives.
  function replace(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    const same = old.children.length === fresh.children.length && old.children.length > 0 &&
      old.cloneNode(false).isEqualNode(fresh.cloneNode(false));
    if (!same) return old.replaceWith(fresh);
    [...fresh.children].forEach((child, index) => replace(old.children[index], child));
  }

  function show(html, withMessage) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const content = fresh.getElementById("content");
    if (!content) throw new Error("not the page");
    if (!withMessage) {
      const message = document.querySelector("#content > :first-child");
      content.firstElementChild.replaceWith(message.cloneNode(true));
    }
    for (const busy of document.querySelectorAll("[aria-busy]")) {
      const twin = content.querySelector(`[formaction="${CSS.escape(busy.getAttribute("formaction"))}"]`);
      if (twin) twin.setAttribute("aria-busy", "true");
    }
    replace(document.getElementById("content"), content);
    replace(document.querySelector(".summary"), fresh.querySelector(".summary"));
  }

  function watch() {
    // A message in the address would come back with each reload.
    if (location.search.includes("message=")) history.replaceState(null, "", location.pathname);

    async function look() {
      if (!document.hidden) {
        try {
          const answer = await fetch("index.html", { cache: "no-store" });
          show(await answer.text(), false);
          document.body.classList.remove("stale");
        } catch (error) {
          document.body.classList.add("stale");
        }
      }
      setTimeout(look, PAUSE);
    }
    setTimeout(look, PAUSE);

    document.addEventListener("submit", async (event) => {
      const button = event.submitter;
      if (!button || !button.hasAttribute("formaction")) return;
      event.preventDefault();
      if (button.getAttribute("aria-busy")) return;
      button.setAttribute("aria-busy", "true");
      const action = button.getAttribute("formaction");
      const done = () => document.querySelectorAll("[aria-busy]").forEach((busy) => {
        if (busy.getAttribute("formaction") === action) busy.removeAttribute("aria-busy");
      });
      try {
        const answer = await fetch(action, { method: "POST", headers: { "X-Requested-With": "supervisor" } });
        const html = await answer.text();
        done();
        show(html, true);
      } catch (error) {
        done();
        document.body.classList.add("stale");
      }
    });
  }

  // What of `fresh` is not yet the end of `shown`.
  function news(shown, fresh) {
    for (let length = Math.min(shown.length, fresh.length); length > 0; length--) {
      if (shown.endsWith(fresh.slice(0, length))) return fresh.slice(length);
    }
    return fresh;
  }

  function follow(log) {
    const toggle = document.createElement("input");
    toggle.type = "button";
    toggle.id = "follow";
    document.querySelector("form").prepend(toggle);
    let stop = null;
    const mark = (on) => {
      toggle.value = on ? "Pause" : "Follow";
      toggle.setAttribute("aria-pressed", on);
    };
    toggle.addEventListener("click", () => (stop ? stop.abort() : read()));
    log.scrollTop = log.scrollHeight;
    read();

    function append(text) {
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      log.append(text);
      if (log.textContent.length > KEPT) log.textContent = log.textContent.slice(-KEPT / 2);
      if (atEnd) log.scrollTop = log.scrollHeight;
    }

    async function read() {
      stop = new AbortController();
      mark(true);
      try {
        const answer = await fetch(log.dataset.follow, { cache: "no-store", signal: stop.signal });
        if (!answer.ok) throw new Error(answer.statusText);
        const reader = answer.body.getReader();
        const decoder = new TextDecoder();
        // The stream begins with the last bytes, which the page shows already.
        let first = true;
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          let text = decoder.decode(value, { stream: true });
          if (first) text = news(log.textContent, text.replace(/^\ufffd+/, ""));
          first = false;
          if (text) append(text);
        }
      } catch (error) {
        // Paused, or the daemon is gone: the button tells.
      }
      stop = null;
      mark(false);
    }
  }
})();
