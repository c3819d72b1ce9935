import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from '../domain/service.ts';
import { aService } from '../domain/testing/builders.ts';
import { notServed } from './served.ts';

const NO_CLASS: Partial<Service> = { loadBalancerClass: undefined };

/** Why not, or `served`. */
function verdict(service: Partial<Service>, defaultPoolExists = false): string {
  return notServed({ service: aService('shop/web', service), defaultPoolExists })?.reason ?? 'served';
}

suite('whom we serve', () => {
  test('our class', () => assert.equal(verdict({}), 'served'));
  test('the opt-in annotation, no class', () => assert.equal(verdict({ ...NO_CLASS, optedIn: true }), 'served'));
  test('neither, but a default pool', () => assert.equal(verdict(NO_CLASS, true), 'served'));
  test('neither, and no default pool', () => assert.equal(verdict(NO_CLASS), 'NotOptedIn'));
  test('none that is no LoadBalancer', () =>
    assert.equal(verdict({ isLoadBalancer: false, claims: true }), 'NotLoadBalancer'));
  test('none that is being deleted', () => assert.equal(verdict({ deleting: true, claims: true }), 'Deleting'));
});

suite('whom others serve', () => {
  const foreign: Partial<Service> = { loadBalancerClass: 'example.com/other' };
  test('a foreign class is never touched', () => {
    assert.equal(verdict(foreign, true), 'ForeignClass');
    assert.equal(verdict({ ...foreign, optedIn: true, claims: true }, true), 'ForeignClass');
  });
  test('no class, a default pool, but somebody else gave it an address', () => {
    assert.equal(verdict({ ...NO_CLASS, ingressIPs: ['203.0.113.9'] }, true), 'ServedByAnother');
  });
  test("no class, a default pool, but another controller's clean-up finalizer", () => {
    assert.equal(verdict({ ...NO_CLASS, hasFinalizer: true }, true), 'ServedByAnother');
  });
  test('the opt-in annotation asks for us, whoever gave an address', () => {
    assert.equal(verdict({ ...NO_CLASS, optedIn: true, ingressIPs: ['203.0.113.9'] }), 'served');
  });
});

suite('once served', () => {
  const held: Partial<Service> = { ...NO_CLASS, claims: true, hasFinalizer: true, ingressIPs: ['192.0.2.1'] };
  test('served though the default pool is gone', () => assert.equal(verdict(held), 'served'));
  test('served while the default pool is there', () => assert.equal(verdict(held, true), 'served'));
  test('not if its own type changes', () =>
    assert.equal(verdict({ ...held, isLoadBalancer: false }), 'NotLoadBalancer'));
});

test('a finding names Service and class', () => {
  const service = aService('shop/web', { loadBalancerClass: 'example.com/other' });
  assert.deepEqual(notServed({ service, defaultPoolExists: true }), {
    reason: 'ForeignClass',
    params: { service: 'shop/web', class: 'example.com/other' },
  });
});
