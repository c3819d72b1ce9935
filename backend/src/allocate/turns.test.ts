import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from '../domain/service.ts';
import { aPool, sharingTerms } from '../domain/testing/builders.ts';
import { Desk, setOf } from './testing/desk.ts';

const BOTH: Partial<Service> = { familyPolicy: 'RequireDualStack', families: ['ipv4', 'ipv6'] };
const V4: Partial<Service> = { families: ['ipv4'] };
const V6: Partial<Service> = { families: ['ipv6'] };

const SIX = aPool('six', ['2001:db8::1']);

function withPort(port: number): Pick<Service, 'sharing'> {
  return { sharing: sharingTerms({ namespace: 'd', key: 'k', ports: [`TCP/${port}`] }) };
}

function has(desk: Desk, ...names: readonly string[]): readonly string[] {
  return names.map((name) => desk.ips(name));
}

suite('what one gives up while others have their turns', () => {
  test('brings nobody an address for which an older one is yet to be asked', () => {
    const [p, q] = [aPool('p', ['192.0.2.1']), aPool('q', ['192.0.2.2-192.0.2.3'], { reuseAfterSeconds: 60 })];
    const desk = new Desk(p, q, SIX);
    desk.create('six', { ...V6, wantedPools: ['six'] });
    for (const name of ['a', 'b']) desk.create(name, { ...V4, wantedPools: ['q'] });
    desk.create('both', { ...BOTH, wantedPools: ['q', 'p', 'six'] });
    desk.create('older', { ...V4, wantedPools: ['q'] });
    desk.create('young', { ...V4, wantedPools: ['q', 'p'] });
    for (const name of ['a', 'b']) desk.remove(name);
    desk.pass(60);
    assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'q', ip: '192.0.2.2' }]);
    assert.deepEqual(has(desk, 'older', 'young'), ['192.0.2.3', '192.0.2.1']);
  });

  test('goes to nobody who happens to be asked next, though an older one waits for this alone', () => {
    const [p, q] = [aPool('p', ['192.0.2.1']), aPool('q', ['192.0.2.2'])];
    const desk = new Desk(p, q, SIX);
    desk.create('six', { ...V6, wantedPools: ['six'] });
    desk.create('a', { ...V4, wantedPools: ['q'] });
    desk.create('both', { ...BOTH, wantedPools: ['q', 'p', 'six'] });
    desk.create('older', { ...V4, wantedPools: ['p'] });
    desk.create('young', { ...V4, wantedPools: ['q', 'p'] });
    desk.remove('a');
    assert.deepEqual(has(desk, 'older', 'young'), ['192.0.2.1', '']);
  });

  test('after an edit goes to nobody before older ones that the edit lets in', () => {
    const web = { labels: { app: 'web' } };
    const forWeb = { serviceSelector: { matchLabels: web.labels, matchExpressions: [] } };
    const desk = new Desk(aPool('q', ['192.0.2.2'], forWeb), SIX);
    desk.create('six', { ...V6, wantedPools: ['six'] });
    desk.create('first', { ...BOTH, wantedPools: ['q', 'six'] });
    desk.create('both', { ...BOTH, ...web, wantedPools: ['q', 'six'] });
    desk.create('older', { ...V4, wantedPools: ['q'] });
    desk.create('young', { ...V4, ...web, wantedPools: ['q'] });
    desk.pools(aPool('q', ['192.0.2.2-192.0.2.3']), SIX);
    assert.equal(desk.allocator.heldBack.of('d/first').length, 1);
    assert.deepEqual(
      has(desk, 'older', 'young').map((ip) => ip !== ''),
      [true, false],
    );
  });
});

test('of those who may share by new terms the older comes first, also where the same edit gives an address up', () => {
  const [p, q] = [aPool('p', ['192.0.2.1']), aPool('q', ['2001:db8::1'])];
  const desk = new Desk(p, q);
  desk.create('first', { ...BOTH, ...withPort(80), wantedPools: ['p', 'q'] });
  desk.create('older', { ...V4, ...withPort(80), wantedPools: ['p'] });
  desk.create('young', { ...BOTH, familyPolicy: 'PreferDualStack', ...withPort(80), wantedPools: ['p', 'q'] });
  assert.deepEqual(has(desk, 'older', 'young'), ['', '']);
  desk.edit('first', { ...V4, familyPolicy: 'SingleStack', ...withPort(443) });
  assert.deepEqual(has(desk, 'first', 'older', 'young'), ['192.0.2.1', '192.0.2.1', '2001:db8::1']);
});

test('who needs both families comes next behind any number of older ones that can never have both', () => {
  const p = aPool('p', ['192.0.2.1-192.0.2.2']);
  const desk = new Desk(p, SIX);
  desk.create('six', { ...V6, wantedPools: ['six'] });
  desk.create('four', { ...V4, wantedPools: ['p'] });
  desk.create('first', { ...BOTH, wantedPools: ['p', 'six'] });
  for (let i = 0; i < 12; i++) desk.create(`never-${i}`, { ...BOTH, wantedPools: ['p', `gone-${i}`] });
  desk.create('next', { ...BOTH, wantedPools: ['p', 'six'] });
  desk.remove('four');
  desk.remove('six');
  assert.equal(desk.ips('first').split(',').length, 2);
  desk.create('young', { ...V4, wantedPools: ['p'] });
  assert.deepEqual([desk.ips('young'), desk.allocator.heldBack.of('d/next').length], ['', 1]);
});

test('who has to leave an address to a stranger looks for another one in turn, before younger ones that wait', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.2']);
  const desk = new Desk(pool, SIX);
  desk.create('six', { ...V6, wantedPools: ['six'] });
  desk.create('first', { ...V4, ...withPort(443), wantedPools: ['p'] });
  desk.create('second', { ...V4, ...withPort(80), wantedPools: ['p'] });
  desk.create('both', { ...BOTH, wantedPools: ['p', 'six'] });
  desk.create('young', { ...V4, ...withPort(80), wantedPools: ['p'] });
  assert.deepEqual(has(desk, 'first', 'second', 'young'), ['192.0.2.1', '192.0.2.1', '']);
  const conflicts = [{ ip: '192.0.2.1', mac: '02:00:5e:10:00:0a', node: undefined, announced: false }];
  desk.pools({ ...pool, conflicts }, SIX);
  assert.deepEqual(has(desk, 'first', 'second', 'young'), ['192.0.2.2', '192.0.2.2', '']);
});

test('so does one that is content with one family, though nothing else is different for those who wait for the other one', () => {
  const prefer: Partial<Service> = { ...BOTH, familyPolicy: 'PreferDualStack', wantedPools: ['p', 'six'] };
  const desk = new Desk(aPool('p', ['192.0.2.1-192.0.2.2']), SIX);
  desk.create('six', { ...V6, wantedPools: ['six'] });
  for (const name of ['first', 'second']) {
    desk.create(name, prefer);
    const recorded = desk.allocator.ledger.assignments(`d/${name}`);
    desk.edit(name, { claims: true, recorded, ingressIPs: recorded.map(({ ip }) => ip) });
  }
  desk.create('young', { ...V4, wantedPools: ['p'] });
  const conflicts = [{ ip: '192.0.2.2', mac: '02:00:5e:10:00:0a', node: undefined, announced: false }];
  desk.pools(aPool('p', ['192.0.2.1-192.0.2.3'], { conflicts }), SIX);
  assert.deepEqual(has(desk, 'first', 'second', 'young'), ['192.0.2.1', '192.0.2.3', '']);
});

test('who asks for an address gets it where several come free at once and an older one could have another of them held back', () => {
  const p = aPool('p', ['192.0.2.1-192.0.2.2'], { reuseAfterSeconds: 60 });
  const desk = new Desk(p, SIX);
  desk.create('six', { ...V6, wantedPools: ['six'] });
  for (const name of ['a', 'b']) desk.create(name, { ...V4, wantedPools: ['p'] });
  desk.create('both', { ...BOTH, wantedPools: ['p', 'six'] });
  desk.create('asks', { ...V4, wantedIPs: ['192.0.2.1'] });
  desk.create('asks-for-both', { ...BOTH, wantedIPs: ['192.0.2.2', '2001:db8::1'] });
  for (const name of ['a', 'b']) desk.remove(name);
  const write = desk.beginPass(60);
  desk.create('young', { ...V4, wantedIPs: ['192.0.2.1'] });
  write();
  assert.deepEqual(has(desk, 'asks', 'young'), ['192.0.2.1', '']);
  assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'p', ip: '192.0.2.2' }]);
});

test('who needs both families and asks for an address that comes free comes next where an older one had one held back there', () => {
  const [p, q] = [aPool('p', ['192.0.2.1-192.0.2.2']), aPool('q', ['192.0.2.9', '2001:db8::9'])];
  const desk = new Desk(p, q);
  desk.create('has', { ...BOTH, wantedPools: ['q'] });
  for (const name of ['a', 'b']) desk.create(name, { ...V4, wantedPools: ['p'] });
  desk.create('first', { ...BOTH, wantedPools: ['p', 'q'] });
  // Of two families it is told of the first alone: nothing new.
  desk.create('next', { ...BOTH, families: ['ipv6', 'ipv4'], wantedPools: ['p', 'q'], wantedIPs: ['192.0.2.2'] });
  for (const name of ['a', 'b', 'has']) desk.remove(name);
  assert.equal(desk.ips('first').split(',').length, 2);
  desk.create('young', { ...V4, wantedPools: ['p'] });
  assert.deepEqual([desk.ips('young'), desk.allocator.heldBack.of('d/next').length], ['', 1]);
});

test('what one has by now is held back for it no more, and the next one that needs both families has another one held back', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.4', '2001:db8::1']);
  const desk = new Desk(pool);
  desk.create('first', { ...BOTH, isLoadBalancer: false });
  const write = desk.beginEdit('first', { isLoadBalancer: true, wantedPools: ['p'] });
  desk.create('next', { ...BOTH, wantedPools: ['p'] });
  assert.equal(desk.allocator.heldBack.of('d/next').length, 1);
  // Found while the write is under way: it needs another one, for which it keeps that of the other family.
  const conflicts = [{ ip: '2001:db8::1', mac: '02:00:5e:10:00:0a', node: undefined, announced: false }];
  desk.allocator.configure(setOf([{ ...pool, conflicts }]), desk.now);
  assert.deepEqual(desk.allocator.heldBack.of('d/next'), []);
  write();
  desk.edit('first', {});
  assert.equal(desk.ips('first'), '192.0.2.1,2001:db8::1');
  assert.equal(desk.allocator.heldBack.of('d/next').length, 1);
});
