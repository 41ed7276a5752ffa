// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { admin } from './redirect.mjs';
import { XeroClient } from 'xero-node';

const TENANT = 'f3a1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const WEB = '5B0A0C0D0E0F4A1B8C2D3E4F5A6B7C8D';

let xero;
let api;

async function connect() {
  xero = new XeroClient({ clientId: WEB, clientSecret: 'sandbox-web-secret' });
  await xero.refreshWithRefreshToken(WEB, 'sandbox-web-secret',
    'sandbox-refresh-uk-demo');
  api = xero.accountingApi;
}

function invoice(number, more = {}) {
  return {
    type: 'ACCREC',
    status: 'AUTHORISED',
    invoiceNumber: number,
    contact: { contactID: more.contactID },
    date: '2026-11-20',
    dueDate: '2026-11-20',
    lineAmountTypes: 'Inclusive',
    lineItems: [{
      description: 'Kettle',
      quantity: 2,
      unitAmount: 59.95,
      accountCode: '200',
      taxType: 'OUTPUT2',
      tracking: [{ name: 'Sales Channel', option: 'Amazon.co.uk' }],
    }],
    ...more.fields,
  };
}

async function contactID() {
  const found = await api.getContacts(TENANT, undefined,
    'Name=="Harborne Gifts"');
  return found.body.contacts[0].contactID;
}

async function create(number, fields) {
  const made = await api.createInvoices(TENANT, {
    invoices: [invoice(number, { contactID: await contactID(), fields })],
  }, false, 4, `key-${number}`);
  return made.body.invoices[0];
}

beforeEach(async () => {
  await admin('POST', '/reset', { seed: 'uk-demo' });
  await connect();
});

test('tenants and organisation', async () => {
  const tenants = await xero.updateTenants();
  assert.equal(tenants[0].tenantId, TENANT);
  assert.equal(tenants[0].orgData.baseCurrency, 'GBP');
});

test('refresh tokens rotate', async () => {
  const first = xero.readTokenSet().refresh_token;
  assert.notEqual(first, 'sandbox-refresh-uk-demo');
  await xero.refreshWithRefreshToken(WEB, 'sandbox-web-secret', first);
  assert.notEqual(xero.readTokenSet().refresh_token, first);
});

test('a custom connection needs no consent', async () => {
  const custom = new XeroClient({
    clientId: '7C1D2E3F4A5B6C7D8E9FA0B1C2D3E4F5',
    clientSecret: 'sandbox-custom-secret',
    grantType: 'client_credentials',
  });
  const set = await custom.getClientCredentialsToken();
  assert.equal(set.refresh_token, undefined);
  const items = await custom.accountingApi.getItems(TENANT);
  assert.equal(items.body.items.length, 12);
});

test('a contact is created with its address', async () => {
  const made = await api.createContacts(TENANT, {
    contacts: [{
      name: 'Eleanor Whitcombe',
      emailAddress: 'eleanor@example.org',
      contactNumber: 'AMZ-1',
      addresses: [{ addressType: 'STREET', city: 'Norwich',
        country: 'GB' }],
    }],
  }, false);
  const one = made.body.contacts[0];
  assert.equal(one.contactNumber, 'AMZ-1');
  assert.equal(one.addresses[0].city, 'Norwich');
  assert.ok(one.updatedDateUTC instanceof Date);
});

test('an invoice is created, found by number and paid', async () => {
  const made = await create('N-1');
  assert.equal(made.total, 119.9);
  assert.equal(made.totalTax, 19.98);
  assert.equal(new Date(made.date).toISOString().slice(0, 10), '2026-11-20');
  const found = await api.getInvoices(TENANT, undefined, undefined, undefined,
    undefined, ['N-1'], undefined, undefined, 1);
  assert.equal(found.body.invoices[0].invoiceID, made.invoiceID);
  assert.equal(found.body.pagination.itemCount, 1);
  const paid = await api.createPayments(TENANT, {
    payments: [{
      invoice: { invoiceID: made.invoiceID },
      account: { code: '090' },
      date: '2026-11-20',
      amount: 119.9,
      reference: 'N-1',
    }],
  }, false);
  assert.equal(paid.body.payments[0].status, 'AUTHORISED');
  const after = await api.getInvoice(TENANT, made.invoiceID);
  assert.equal(after.body.invoices[0].status, 'PAID');
  assert.equal(after.body.invoices[0].amountDue, 0);
  assert.equal(after.body.invoices[0].payments.length, 1);
});

test('an element that is refused says why', async () => {
  const bad = await create('N-2', {
    lineItems: [{ description: 'x', unitAmount: 1, accountCode: '999' }],
  });
  assert.equal(bad.hasErrors, true);
  assert.equal(bad.validationErrors[0].message,
    "Account code '999' is not a valid code for this document.");
});

test('a summed refusal is a 400 with the elements', async () => {
  await create('N-3');
  const id = await contactID();
  await assert.rejects(api.createInvoices(TENANT, {
    invoices: [invoice('N-3', { contactID: id })],
  }, true), (error) => {
    const { response } = typeof error === 'string' ? JSON.parse(error) : error;
    const body = response.body ?? response.data;
    assert.equal(response.statusCode ?? response.status, 400);
    assert.equal(body.Elements[0].ValidationErrors[0].Message,
      'Invoice # must be unique.');
    return true;
  });
});

test('an invoice is voided', async () => {
  const made = await create('N-4');
  const after = await api.updateInvoice(TENANT, made.invoiceID, {
    invoices: [{ invoiceID: made.invoiceID, status: 'VOIDED' }],
  });
  assert.equal(after.body.invoices[0].status, 'VOIDED');
});

test('accounts, rates, tracking and currencies are read', async () => {
  const accounts = await api.getAccounts(TENANT);
  assert.equal(accounts.body.accounts.length, 20);
  const rates = await api.getTaxRates(TENANT);
  assert.ok(rates.body.taxRates.some((r) => r.taxType === 'OUTPUT2'));
  const tracking = await api.getTrackingCategories(TENANT);
  assert.equal(tracking.body.trackingCategories[0].options.length, 8);
  const currencies = await api.getCurrencies(TENANT);
  assert.equal(currencies.body.currencies.length, 3);
});

test('the client breaks no rule', async () => {
  await create('N-5');
  const { violations } = await admin('GET', '/violations');
  assert.deepEqual(violations, []);
});
