// Reads /api/openapi.json with the reader's key and shows it. Builds nodes only: no text becomes markup.

const form = document.getElementById("sign-in");
const field = document.getElementById("key");
const problem = document.getElementById("problem");
const reference = document.getElementById("reference");
const KEY = "closedpaw.key";

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Documentation comments mark code with backticks.
function prose(text = "") {
  return text.split("`").map((piece, index) => (index % 2 ? el("code", {}, piece) : piece));
}

function typeOf(schema = {}) {
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).filter((type) => type !== "").join(" | ");
  if (schema.type === undefined) return "any";
  const types = [schema.type].flat().filter((type) => type !== "null");
  const items = schema.items ? ` of ${typeOf(schema.items)}` : "";
  return types.map((type) => (type === "array" ? `array${items}` : type)).join(" | ");
}

function bounds({ minimum, maximum }) {
  if (minimum === undefined && maximum === undefined) return "";
  if (maximum === undefined) return ` ≥ ${minimum}`;
  if (minimum === undefined) return ` ≤ ${maximum}`;
  return ` ${minimum}…${maximum}`;
}

// The members of an object inside a member, so that nothing stays a bare "object".
function inner(schema = {}) {
  return schema.properties ? schema : schema.items ? inner(schema.items) : null;
}

function rowsOf(schema, marks, prefix = "") {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const required = marks && schema.required?.includes(name);
    const row = el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, prefix + name), required ? el("span", { class: "required" }, "required") : null),
      el("td", {}, el("code", {}, typeOf(member) + bounds(member))),
      el("td", {}, ...prose(member.description)),
    );
    const deeper = inner(member);
    return deeper ? [row, ...rowsOf(deeper, marks, `${prefix}${name}${member.items ? "[]." : "."}`)] : [row];
  });
}

function table(schema, marks) {
  const rows = rowsOf(schema, marks);
  if (!rows.length) return el("p", { class: "hint" }, typeOf(schema));
  return el("table", {}, el("tbody", {}, ...rows));
}

function example(schema = {}) {
  const value = {};
  for (const name of schema.required ?? []) value[name] = "…";
  if (schema.properties?.message) value.message = "Hello";
  return value;
}

function curl(method, path, body) {
  const lines = [`curl -X ${method} ${location.origin}${path}`, `  -H "Authorization: Bearer $CLOSEDPAW_KEY"`];
  if (body) lines.push(`  --json '${JSON.stringify(example(body))}'`);
  return lines.join(" \\\n");
}

function operation(path, method, described) {
  const verb = method.toUpperCase();
  const body = described.requestBody?.content["application/json"].schema;
  const query = (described.parameters ?? []).filter((parameter) => parameter.in === "query");
  const answer = described.responses["200"].content["application/json"].schema;
  const refusals = Object.entries(described.responses).filter(([status]) => status !== "200");
  const asSchema = {
    properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
  };
  const parts = [el("h3", {}, el("span", { class: `verb ${method}` }, verb), " ", el("code", {}, path))];
  parts.push(el("p", {}, ...prose(described.summary)));
  if (described.security?.length === 0) parts.push(el("p", { class: "hint" }, "Open: needs no key."));
  if (query.length) parts.push(el("h4", {}, "Query"), table(asSchema, true));
  if (body) parts.push(el("h4", {}, "Takes"), table(body, true));
  parts.push(el("h4", {}, "Answers 200"), table(answer, false));
  if (refusals.length) {
    const items = refusals.map(([status, { description }]) => el("li", {}, el("code", {}, status), " ", ...prose(description)));
    parts.push(el("h4", {}, "Refuses"), el("ul", {}, ...items));
  }
  parts.push(el("pre", {}, el("code", {}, curl(verb, path, body))));
  return el("section", { id: described.operationId }, ...parts);
}

function show(api) {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, described })),
  );
  const links = operations.map(({ path, method, described }) =>
    el("li", {}, el("a", { href: `#${described.operationId}` }, el("span", { class: `verb ${method}` }, method.toUpperCase()), ` ${path}`)),
  );
  reference.replaceChildren(
    el("p", { class: "lead" }, `${api.info.summary} Version ${api.info.version}.`),
    el("p", {}, ...prose(api.info.description)),
    el("nav", { "aria-label": "Operations" }, el("ul", {}, ...links)),
    ...operations.map(({ path, method, described }) => operation(path, method, described)),
  );
  form.hidden = true;
  reference.hidden = false;
}

async function read(key) {
  problem.textContent = "";
  try {
    const answer = await fetch("/api/openapi.json", { headers: { Authorization: `Bearer ${key}` } });
    const body = await answer.json();
    if (!answer.ok) throw new Error(answer.status === 401 ? "This key is not accepted." : body.detail);
    sessionStorage.setItem(KEY, key);
    show(body);
  } catch (error) {
    sessionStorage.removeItem(KEY);
    problem.textContent = error.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  read(field.value.trim());
});

const kept = sessionStorage.getItem(KEY);
if (kept) read(kept);
