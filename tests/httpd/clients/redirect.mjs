// SPDX-License-Identifier: Apache-2.0
// The clients know only the real hosts: what they send there over HTTPS goes
// to the sandbox (SANDBOX_URL) over plain HTTP. Nothing else of them changes.
import http from 'node:http';
import https from 'node:https';

const sandbox = new URL(process.env.SANDBOX_URL);

const mounts = {
  'api.amazon.com': '/lwa',
  'sellingpartnerapi-eu.amazon.com': '/amazon',
  'identity.xero.com': '/xero/identity',
  'api.xero.com': '/xero',
};

https.request = function request(...args) {
  const callback = args.find((a) => typeof a === 'function');
  const given = Object.assign({}, ...args
    .filter((a) => typeof a !== 'function')
    .map((a) => {
      const url = typeof a === 'string' ? new URL(a) : a;
      return url instanceof URL
        ? { hostname: url.hostname, path: url.pathname + url.search }
        : url;
    }));
  const host = given.hostname || String(given.host).replace(/:\d+$/, '');
  if (!(host in mounts)) {
    throw new Error(`no client may call ${host}`);
  }
  const headers = { ...given.headers };
  for (const name of Object.keys(headers)) {
    if (name.toLowerCase() === 'host') {
      delete headers[name];
    }
  }
  return http.request({
    method: given.method,
    hostname: sandbox.hostname,
    port: sandbox.port,
    path: sandbox.pathname.replace(/\/$/, '') + mounts[host] + given.path,
    headers,
  }, callback);
};

export async function admin(method, path, body) {
  const reply = await fetch(`${sandbox.href.replace(/\/$/, '')}/admin${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!reply.ok) {
    throw new Error(await reply.text());
  }
  return reply.json();
}
