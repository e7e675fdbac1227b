// The home page: reads and changes the counter, and shows how the service is. Chinese unless English is wanted.
"use strict";

const TEXTS = {
  zh: {
    title: "小程序后端", counter: "计数器", inc: "加一", clear: "清零", state: "服务状态", process: "进程",
    database: "数据库", migrations: "表结构", docs: "接口文档", good: "正常", unreachable: "无法连接", slow: "响应过慢",
    not_migrated: "尚未迁移", other_version: "版本不符", offline: "无法连接服务", other: "English",
  },
  en: {
    title: "Mini-program backend", counter: "Counter", inc: "Add one", clear: "Clear", state: "Service", process: "Process",
    database: "Database", migrations: "Tables", docs: "API documentation", good: "fine", unreachable: "unreachable",
    slow: "too slow", not_migrated: "not migrated yet", other_version: "another version",
    offline: "The service cannot be reached", other: "中文",
  },
};

const wanted = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
let language = wanted in TEXTS ? wanted : "zh";
let state = null;
const at = (id) => document.getElementById(id);

function write() {
  const texts = TEXTS[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = texts.title;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
  at("language").textContent = texts.other;
  at("language").lang = language === "zh" ? "en" : "zh-CN";
  if (state) showState();
}

async function call(path, options = {}) {
  const reply = await fetch(path, { ...options, headers: { "Accept-Language": language, ...options.headers } });
  return reply.json();
}

async function count(change) {
  const body = change && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ action: change }) };
  at("inc").disabled = at("clear").disabled = true;
  try {
    const answer = await call("/api/count", body || {});
    if (answer.code === 1) at("count").textContent = answer.data;
    tell(answer.code === 1 ? "" : answer.msg);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch says so when nobody answers
    tell(TEXTS[language].offline);
  } finally {
    at("inc").disabled = at("clear").disabled = false;
  }
}

function tell(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

async function look() {
  try {
    const answer = await call("/readyz");
    const seen = answer.code === 1 ? answer.data : answer.data.present;
    state = { process: { ok: true }, database: seen.database, migrations: seen.migrations };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const gone = { ok: false, reason: "unreachable" };
    state = { process: gone, database: gone, migrations: gone };
  }
  showState();
}

function showState() {
  for (const [name, check] of Object.entries(state)) {
    const took = check.took_ms === undefined || !check.ok ? "" : ` · ${check.took_ms} ms`;
    at(name).textContent = (check.ok ? TEXTS[language].good : TEXTS[language][check.reason]) + took;
    at(name).className = check.ok ? "good" : "bad";
  }
}

at("inc").addEventListener("click", () => count("inc"));
at("clear").addEventListener("click", () => count("clear"));
at("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  write();
});
write();
count();
look();
setInterval(look, 10000);
