// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { admin } from './redirect.mjs';
import { SellingPartner } from 'amazon-sp-api';

const ORDER = '026-1520163-6049104';

function client(options = {}) {
  return new SellingPartner({
    region: 'eu',
    refresh_token: 'Atzr|sandbox-uk-demo',
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: 'amzn1.application-oa2-client.5a6db0c5',
      SELLING_PARTNER_APP_CLIENT_SECRET: 'amzn1.oa2-cs.v1.5a6db0c5e1',
    },
    options: { auto_request_throttled: false, ...options },
  });
}

function getOrder(sp, id) {
  return sp.callAPI({
    operation: 'getOrder',
    endpoint: 'orders',
    path: { orderId: id },
    query: { includedData: ['PROCEEDS', 'FULFILLMENT'] },
    options: { version: '2026-01-01' },
  });
}

beforeEach(() => admin('POST', '/reset', { seed: 'uk-demo' }));

test('an order comes with its money', async () => {
  const { order } = await getOrder(client(), ORDER);
  assert.equal(order.proceeds.grandTotal.amount, '212.40');
  assert.equal(order.orderItems.length, 2);
  assert.equal(order.buyer, undefined);
});

test('a search finds orders page by page', async () => {
  await admin('POST', '/amazon/orders', { generate: { count: 12, seed: 3 } });
  const sp = client();
  const seen = [];
  let paginationToken;
  do {
    const page = await sp.callAPI({
      operation: 'searchOrders',
      endpoint: 'orders',
      query: {
        lastUpdatedAfter: '2026-10-01T00:00:00Z',
        maxResultsPerPage: 5,
        ...(paginationToken ? { paginationToken } : {}),
      },
      options: { version: '2026-01-01' },
    });
    seen.push(...page.orders.map((o) => o.orderId));
    paginationToken = page.pagination?.nextToken;
  } while (paginationToken);
  assert.equal(new Set(seen).size, 13);
  assert.equal(seen.length, 13);
});

test('an unknown order is the client\'s own NotFound', async () => {
  await assert.rejects(getOrder(client(), '026-0000000-0000000'),
    (error) => error.code === 'NotFound');
});

test('an expired token is renewed by the client', async () => {
  const sp = client();
  await getOrder(sp, ORDER);
  await admin('POST', '/tokens/expire', { peer: 'lwa' });
  const { order } = await getOrder(sp, ORDER);
  assert.equal(order.orderId, ORDER);
});

test('a quota is the client\'s own QuotaExceeded', async () => {
  const sp = client();
  await admin('POST', '/faults', [
    { kind: '429-amazon', match: { op: 'amazon.getOrder' }, times: 1 }]);
  await assert.rejects(getOrder(sp, ORDER),
    (error) => error.code === 'QuotaExceeded');
  assert.equal((await getOrder(sp, ORDER)).order.orderId, ORDER);
});

test('a wrong secret is refused', async () => {
  const sp = new SellingPartner({
    region: 'eu',
    refresh_token: 'Atzr|sandbox-uk-demo',
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: 'amzn1.application-oa2-client.5a6db0c5',
      SELLING_PARTNER_APP_CLIENT_SECRET: 'wrong',
    },
  });
  await assert.rejects(getOrder(sp, ORDER),
    (error) => error.code === 'invalid_client');
});

test('the client breaks no rule', async () => {
  await getOrder(client(), ORDER);
  const { violations } = await admin('GET', '/violations');
  assert.deepEqual(violations, []);
});
