/* The report's own script: language, theme, copying, and the list of steps, of which only what is looked at is drawn. */
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const english = () => root.lang === "en";
  const OUTCOMES = ["passed", "failed", "error", "skipped"];
  const SIGNS = { passed: "✓", failed: "✕", error: "!", skipped: "–" };
  const WORDS = {
    passed: ["通过", "passed"], failed: ["失败", "failed"], error: ["错误", "error"], skipped: ["跳过", "skipped"],
    again: ["重试后通过", "passed after retry"], copied: ["已复制", "Copied"], copy: ["复制", "Copy"],
    old: ["浏览器版本过低，无法展开步骤列表；上方的失败详情不受影响。",
      "This browser is too old for the list of steps; the failures above are complete."],
  };
  const word = (name) => WORDS[name][english() ? 1 : 0];
  const number = (value) => value.toLocaleString(english() ? "en" : "zh-CN");

  function make(tag, classes, text) {
    const element = document.createElement(tag);
    if (classes) element.className = classes;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function duration(ms) {
    if (ms < 10) return `${ms.toFixed(1)} ms`;
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
    return `${Math.floor(ms / 60000)}m ${String(Math.round((ms % 60000) / 1000)).padStart(2, "0")}s`;
  }

  /* --- language, theme, times, copying --- */

  function speak() {
    for (const element of document.querySelectorAll("[data-zh]")) {
      element.setAttribute(element.dataset.to, english() ? element.dataset.en : element.dataset.zh);
    }
    document.title = byId("title").innerText.replace(/\s+/g, " ").trim();
    for (const option of document.querySelectorAll("option[data-words]")) {
      option.textContent = option.dataset.words.split("|")[english() ? 1 : 0];
    }
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      const style = { dateStyle: "medium", timeStyle: "medium" };
      if (!Number.isNaN(moment.getTime())) time.textContent = moment.toLocaleString(english() ? "en" : "zh-CN", style);
    }
  }

  byId("language").addEventListener("click", () => {
    root.lang = english() ? "zh-CN" : "en";
    speak();
    tell();
    draw();
  });

  byId("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  async function copied(text, source) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const source = byId(button.dataset.of);
    await copied(source.textContent, source);
    byId("heard").textContent = word("copied");
    button.querySelector(english() ? ".en" : ".zh").textContent = `✓ ${word("copied")}`;
    setTimeout(() => {
      button.querySelector(".zh").textContent = WORDS.copy[0];
      button.querySelector(".en").textContent = WORDS.copy[1];
    }, 1600);
  });

  function openTarget() {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    }
  }
  addEventListener("hashchange", openTarget);

  /* --- the list of steps --- */

  const list = byId("list"), found = byId("found"), more = byId("more");
  const total = Number(list.dataset.total), whole = Math.max(1, Number(list.dataset.ms));
  const AT_ONCE = 80, FEW = 3;
  const steps = [], opened = new Set();
  let items = [], drawn = 0, fitting = null;

  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).json();
  }

  function take(pack) {
    const texts = pack.texts;
    let start = 0, seq = 0;
    for (let at = 0; at < pack.name.length; at += 1) {
      start += pack.start[at];
      seq += pack.seq[at];
      steps.push({
        seq, start, at: steps.length, took: pack.took[at] / 10, status: pack.status[at], again: pack.again[at] === 1,
        outcome: OUTCOMES[pack.outcome[at]], name: texts[pack.name[at]], where: texts[pack.where[at]], why: texts[pack.why[at]],
      });
    }
  }

  const SHOWN = {
    all: () => true, bad: (step) => step.outcome === "failed" || step.outcome === "error", passed: (step) => step.outcome === "passed",
    skipped: (step) => step.outcome === "skipped", again: (step) => step.again,
  };

  function choose() {
    const kind = document.querySelector('input[name="kind"]:checked').value;
    const wanted = byId("search").value.trim().toLowerCase();
    const has = (step) => `${step.name}\n${step.where}\n${step.why}\n${step.status}`.toLowerCase().includes(wanted);
    const fits = steps.filter((step) => SHOWN[kind](step) && (!wanted || has(step)));
    const slowest = byId("order").value === "slow";
    if (slowest) fits.sort((one, other) => other.took - one.took || one.at - other.at);
    items = kind === "all" && !wanted && !slowest ? folded(fits) : fits;
    fitting = wanted || kind !== "all" ? fits.length : null;
    tell();
    drawn = 0;
    list.replaceChildren();
    draw(AT_ONCE);
  }

  function tell() {
    const [all, some] = [number(total), number(fitting ?? 0)];
    found.textContent = fitting === null ? "" : english() ? `${some} of ${all} steps` : `共 ${all} 步，符合 ${some} 步`;
  }

  function folded(all) {
    const shown = [];
    for (let at = 0; at < all.length;) {
      let end = at;
      while (end < all.length && all[end].outcome === "passed" && !all[end].again) end += 1;
      if (end - at >= FEW && !opened.has(all[at].at)) {
        shown.push({ fold: all.slice(at, end) });
        at = end;
      } else {
        end = Math.max(end, at + 1);
        shown.push(...all.slice(at, end));
        at = end;
      }
    }
    return shown;
  }

  function draw(count) {
    const until = Math.min(items.length, count === undefined ? drawn : drawn + count);
    if (count === undefined) {
      drawn = 0;
      list.replaceChildren();
    }
    const piece = document.createDocumentFragment();
    for (; drawn < until; drawn += 1) piece.append(items[drawn].fold ? fold(items[drawn].fold) : row(items[drawn]));
    list.append(piece);
    more.hidden = drawn >= items.length;
    list.hidden = items.length === 0;
  }

  function fold(hidden) {
    const item = make("li", "fold passed"), button = make("button");
    const took = hidden.reduce((sum, step) => sum + step.took, 0);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.append(sign("passed"), english() ? `${number(hidden.length)} passed · ${duration(took)}` : `${number(hidden.length)} 步通过 · ${duration(took)}`);
    button.addEventListener("click", () => {
      const at = items.findIndex((one) => one.fold === hidden);
      opened.add(hidden[0].at);
      items.splice(at, 1, ...hidden);
      const before = drawn;
      drawn = 0;
      list.replaceChildren();
      draw(Math.max(before, at + AT_ONCE));
      const first = list.children[at];
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    });
    item.append(button);
    return item;
  }

  function sign(outcome) {
    const mark = make("span", "sign", SIGNS[outcome]);
    mark.setAttribute("aria-hidden", "true");
    return mark;
  }

  function row(step) {
    const item = make("li", `row ${step.outcome}`), what = make("div", "what"), took = make("div", "took", duration(step.took));
    const details = byId(`step-${step.seq}`), name = make(details ? "a" : "div", "", step.name);
    if (details) name.href = `#step-${step.seq}`;
    what.append(make("span", "hidden", word(step.outcome)), name);
    if (step.where) what.append(make("span", "", step.where));
    if (step.why) what.append(make("span", "why", step.why));
    if (step.again) what.append(make("span", "again", word("again")));
    if (step.status) took.append(make("span", "", String(step.status)));
    item.append(sign(step.outcome), what, took, bar(step));
    return item;
  }

  function bar(step) {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg"), box = document.createElementNS(space, "rect");
    const width = Math.min(1000, Math.max(10, (step.took / whole) * 1000));
    const told = { x: Math.max(0, Math.min(1000 - width, (step.start / whole) * 1000)), y: 0, width, height: 6, rx: 3, class: `s-${step.outcome}` };
    for (const [name, value] of Object.entries(told)) box.setAttribute(name, value);
    picture.setAttribute("viewBox", "0 0 1000 6");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    picture.append(box);
    return picture;
  }

  function listen() {
    let waiting = 0;
    for (const choice of document.querySelectorAll('input[name="kind"]')) choice.addEventListener("change", choose);
    byId("order").addEventListener("change", choose);
    byId("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(choose, 120);
    });
    more.addEventListener("click", () => draw(AT_ONCE));
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting) || drawn >= items.length) return;
      draw(AT_ONCE);
      watch.unobserve(more);
      watch.observe(more);
    }, { rootMargin: "600px" });
    watch.observe(more);
    addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      byId("search").focus();
    });
  }

  async function begin() {
    speak();
    openTarget();
    await new Promise((painted) => { requestAnimationFrame(() => setTimeout(painted)); });
    try {
      for (const pack of document.querySelectorAll("script.pack")) take(await unpacked(pack.textContent));
    } catch {
      found.textContent = word("old");
      return;
    }
    listen();
    choose();
  }
  begin();
})();
