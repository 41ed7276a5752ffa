// SPDX-License-Identifier: Apache-2.0
// usage: acyclic.mjs IN OUT [RESOURCE...]
//
// An OpenAPI file without circles. Prism skips, without a word, every schema
// in which one refers to itself over others: an invoice has payments, and a
// payment its invoice. Here each reference is replaced by what it names; where
// it would begin again, or lie deeper than any request goes, it is any value.
import fs from "node:fs";
import yaml from "js-yaml"; // comes with prism-cli

const DEPTH = 5;
const source = fs.readFileSync(process.argv[2], "utf8");
const document = process.argv[2].endsWith(".json")
  ? JSON.parse(source) : yaml.load(source);

function find(ref) {
  let at = document;
  for (const part of ref.slice(2).split("/")) {
    at = at?.[decodeURIComponent(part)
      .replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  if (at === undefined) {
    throw new Error("nothing is at " + ref);
  }
  return at;
}

function plain(value, open, strict = false) {
  if (Array.isArray(value)) {
    return value.map((one) => plain(one, open, strict));
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const ref = value.$ref;
  if (typeof ref === "string" && ref.startsWith("#/")) {
    if (open.includes(ref) || open.length >= DEPTH) {
      return {};
    }
    return plain(find(ref), [...open, ref], strict);
  }
  const out = {};
  for (const [name, one] of Object.entries(value)) {
    // Examples are long, and no rule.
    if (name !== "example" && name !== "examples") {
      out[name] = plain(one, open, strict || name === "requestBody");
    }
  }
  if (strict && out.type === "object" && out.properties) {
    out.additionalProperties ??= false;
  }
  return out;
}

const used = process.argv.slice(4);
const paths = {};
for (const [path, methods] of Object.entries(document.paths)) {
  if (used.length === 0 || used.includes(path.split("/")[1])) {
    paths[path] = plain(methods, []);
  }
}
const { securitySchemes } = document.components ?? {};
fs.writeFileSync(process.argv[3], JSON.stringify({
  ...document, paths,
  components: securitySchemes ? { securitySchemes } : {},
}));
