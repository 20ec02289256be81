// What the pages do by themselves: search, pages on a phone, and commands that can be copied. Without it all of it can be read.
"use strict";
(() => {
  const base = document.body.dataset.base.replace(/\/$/, "") + "/";
  document.documentElement.classList.add("js");

  const menu = document.getElementById("menu"), nav = document.getElementById("nav");
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(nav.classList.toggle("open"))));
  const current = nav.querySelector("[aria-current]");
  if (current && current.offsetTop > nav.clientHeight) nav.scrollTop = current.offsetTop - nav.clientHeight / 2;

  for (const table of document.querySelectorAll("main table")) {
    const box = document.createElement("div");
    box.className = "scroll";
    table.replaceWith(box);
    box.append(table);
  }

  // Of a session the lines that are typed stand out, and the button copies them without the prompt.
  for (const code of document.querySelectorAll("main pre > code")) {
    const lines = code.textContent.replace(/\n$/, "").split("\n"), session = code.classList.contains("language-console");
    let typed = [];
    if (session) {
      let ends = null, going_on = false;
      code.textContent = "";
      for (const line of lines) {
        const begins = !ends && !going_on && line.startsWith("$ "), mine = begins || ends || going_on;
        const text = begins ? line.slice(2) : line;
        const span = document.createElement("span");
        if (mine) {
          typed.push(text);
          if (ends) { if (text === ends) ends = null; }
          else { const here = text.match(/<<-?'?(\w+)'?/); if (here) ends = here[1]; }
          going_on = !ends && text.endsWith("\\");
          span.className = "typed";
        }
        if (begins) { const prompt = document.createElement("span"); prompt.className = "prompt"; prompt.textContent = "$ "; code.append(prompt); }
        span.textContent = text;
        code.append(span, "\n");
      }
    } else typed = lines;
    const box = document.createElement("div"), button = document.createElement("button");
    box.className = "block";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(typed.join("\n") + "\n"); button.textContent = "Copied"; }
      catch { button.textContent = "Not allowed here"; }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    code.parentNode.replaceWith(box);
    const pre = document.createElement("pre");
    pre.tabIndex = 0;
    pre.append(code);
    box.append(pre);
    if (typed.length) box.append(button);
  }

  // Search: every word must be found; in a title it counts most, at the beginning of a word more than inside one.
  const query = document.getElementById("query"), list = document.getElementById("found"), heard = document.getElementById("heard");
  let asked = false;
  const load = () => {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = base + "search/index.js";
    script.onload = show;
    document.head.append(script);
  };
  const weigh = (text, word) => {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    return new RegExp("(^|[^\\p{L}\\p{N}])" + word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "u").test(text) ? 2 : 1;
  };
  const titles = () => new Map(window.searchIndex.filter((e) => !e[0].includes("#")).map((e) => [e[0], e[1]]));
  function search(words) {
    const pages = titles(), hits = [];
    for (const [location, title, text] of window.searchIndex) {
      const page = pages.get(location.split("#")[0]) || "", low_title = title.toLowerCase(), low_page = page.toLowerCase(), low = text.toLowerCase();
      let score = 0;
      for (const word of words) {
        const one = 12 * weigh(low_title, word) + 4 * weigh(low_page, word) + weigh(low, word);
        if (!one) { score = 0; break; }
        score += one;
      }
      if (score && location.startsWith("decisions/")) score *= 0.25;
      // A whole page holds the words of its parts: the part is what is looked for.
      if (score && !location.includes("#")) score *= words.some((w) => low_title.includes(w)) ? 1.2 : 0.3;
      if (score) hits.push({ location, title, page, text, score });
    }
    // Three of a page at most, or one long page hides the others.
    const shown = new Map();
    return hits.sort((a, b) => b.score - a.score).filter((hit) => {
      const page = hit.location.split("#")[0], n = (shown.get(page) || 0) + 1;
      shown.set(page, n);
      return n <= (page.startsWith("decisions/") ? 1 : 3);
    }).slice(0, 20);
  }
  function around(text, word) {
    const at = Math.max(0, text.toLowerCase().indexOf(word)), from = Math.max(0, at - 50);
    return (from ? "…" : "") + text.slice(from, at + 110).replace(/\s+/g, " ") + "…";
  }
  function show() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.textContent = "";
    list.hidden = !words.length || !window.searchIndex;
    if (list.hidden) { heard.textContent = ""; return; }
    const hits = search(words);
    heard.textContent = hits.length === 1 ? "1 found" : hits.length + " found";
    if (!hits.length) { const none = document.createElement("li"); none.textContent = "Nothing found."; list.append(none); }
    for (const hit of hits) {
      const item = document.createElement("li"), link = document.createElement("a"), title = document.createElement("b"), text = document.createElement("span");
      link.href = base + hit.location;
      title.textContent = hit.page && hit.page !== hit.title ? hit.page + " › " + hit.title : hit.title;
      text.textContent = around(hit.text, words[0]);
      link.append(title, text);
      item.append(link);
      list.append(item);
    }
  }
  query.addEventListener("focus", load);
  query.addEventListener("input", () => { load(); show(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); query.focus(); }
    else if (event.key === "Escape") { list.hidden = true; query.blur(); }
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      const links = [...list.querySelectorAll("a")], at = links.indexOf(document.activeElement), next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      (next || query).focus();
    } else if (event.key === "Enter" && document.activeElement === query && list.querySelector("a")) list.querySelector("a").click();
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) list.hidden = true; });
  // An address can ask: ?q=words.
  const given = new URLSearchParams(location.search).get("q");
  if (given) { query.value = given; load(); show(); }
})();
