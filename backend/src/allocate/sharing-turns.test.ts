import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from '../domain/service.ts';
import { aPool, sharingTerms } from '../domain/testing/builders.ts';
import { Desk } from './testing/desk.ts';

const FOUR = aPool('four', ['192.0.2.1'], { isDefault: true });
const SIX = aPool('six', ['2001:db8::1'], { isDefault: true });

const BOTH: Partial<Service> = { familyPolicy: 'RequireDualStack', families: ['ipv4', 'ipv6'] };
const V4: Partial<Service> = { families: ['ipv4'] };
const V6: Partial<Service> = { families: ['ipv6'] };

function withPort(port: number): Pick<Service, 'sharing'> {
  return { sharing: sharingTerms({ namespace: 'd', key: 'k', ports: [`TCP/${port}`] }) };
}

function has(desk: Desk, ...names: readonly string[]): readonly string[] {
  return names.map((name) => desk.ips(name));
}

const ALONE: Pick<Service, 'sharing'> = { sharing: sharingTerms({ namespace: 'd', ports: ['TCP/443'] }) };

suite('who may share', () => {
  test('comes to an address once the one that stood against it has left the group', () => {
    const desk = new Desk(FOUR);
    desk.create('stays', { ...V4, ...withPort(80) });
    desk.create('leaves', { ...V4, ...withPort(443) });
    desk.create('waits', { ...V4, ...withPort(443) });
    assert.equal(desk.ips('waits'), '');
    desk.edit('leaves', ALONE);
    assert.deepEqual([desk.ips('stays'), desk.ips('leaves'), desk.ips('waits')], ['192.0.2.1', '', '192.0.2.1']);
  });

  test('comes before a younger one that needs what the same Service gave up of the other family as well', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('stays', { ...V4, ...withPort(53) });
    desk.create('leaves', { ...BOTH, ...withPort(80) });
    desk.create('waits', { ...V4, ...withPort(80) });
    desk.create('both', { ...BOTH, ...withPort(80) });
    desk.remove('leaves');
    assert.deepEqual([desk.ips('waits'), desk.ips('both')], ['192.0.2.1', '']);
  });

  test('of both families comes before a younger one of either family, where a sharer leaves both', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('stays', { ...BOTH, ...withPort(80) });
    desk.create('leaves', { ...BOTH, ...withPort(53) });
    desk.create('both', { ...BOTH, ...withPort(53) });
    desk.create('young', { ...V4, ...withPort(53) });
    desk.remove('leaves');
    assert.deepEqual([desk.ips('both'), desk.ips('young')], ['192.0.2.1,2001:db8::1', '']);
  });

  test('does not join one that is only leaving: who waited for the address comes first', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('leaves', BOTH);
    desk.create('waits', V4);
    const end = desk.beginEdit('leaves', { ...V6, familyPolicy: 'SingleStack', ...withPort(80) });
    desk.create('joins', { ...V4, ...withPort(443) });
    desk.create('wishing', { ...V4, ...withPort(53), wantedIPs: ['192.0.2.1'] });
    assert.deepEqual([desk.ips('joins'), desk.ips('wishing')], ['', '']);
    end();
    assert.deepEqual([desk.ips('waits'), desk.ips('joins'), desk.ips('wishing')], ['192.0.2.1', '', '']);
  });

  test('does join it once that one stays', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('stays', { ...BOTH, ...withPort(80) });
    desk.beginEdit('stays', { ...V6, familyPolicy: 'SingleStack' });
    desk.create('joins', { ...V4, ...withPort(443) });
    assert.equal(desk.ips('joins'), '');
    desk.edit('stays', BOTH);
    assert.deepEqual([desk.ips('stays'), desk.ips('joins')], ['192.0.2.1,2001:db8::1', '192.0.2.1']);
  });
});

suite('who needs an address of each family and could share one', () => {
  test('keeps it from none that could share it as well', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('second', V6);
    desk.create('holder', { ...V4, ...withPort(80) });
    desk.create('both', { ...BOTH, ...withPort(81) });
    desk.create('wishing', { ...V4, ...withPort(82), wantedIPs: ['192.0.2.1'] });
    assert.equal(desk.ips('wishing'), '192.0.2.1');
    desk.remove('second');
    assert.equal(desk.ips('both'), '192.0.2.1,2001:db8::1');
  });

  test('is joined by others of its group at what was held back for it, once it has both', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('first', V4);
    desk.create('both', { ...BOTH, ...withPort(80) });
    desk.create('joins', { ...V6, ...withPort(81) });
    assert.equal(desk.ips('joins'), '');
    desk.remove('first');
    assert.deepEqual([desk.ips('both'), desk.ips('joins')], ['192.0.2.1,2001:db8::1', '2001:db8::1']);
  });

  test('is joined there by the oldest of them, though a younger one comes before all of that is written', () => {
    const desk = new Desk(FOUR, SIX);
    desk.create('first', V4);
    desk.create('both', { ...BOTH, ...withPort(80) });
    desk.create('joins', { ...V6, ...withPort(81) });
    const write = desk.beginRemove('first');
    desk.create('young', { ...V6, ...withPort(81) });
    write();
    assert.deepEqual(has(desk, 'both', 'joins', 'young'), ['192.0.2.1,2001:db8::1', '2001:db8::1', '']);
  });

  test('gets it after its rest where its holders are gone', () => {
    const desk = new Desk({ ...FOUR, reuseAfterSeconds: 60 }, SIX);
    desk.create('second', V6);
    desk.create('holder', { ...V4, ...withPort(80) });
    desk.create('both', { ...BOTH, ...withPort(81) });
    desk.remove('holder');
    desk.remove('second');
    desk.pass(59);
    assert.equal(desk.ips('both'), '');
    desk.pass(1);
    assert.equal(desk.ips('both'), '192.0.2.1,2001:db8::1');
  });

  test('holds back none beside it, also where it came to be shared later', () => {
    const desk = new Desk(FOUR, aPool('six', ['2001:db8::1-2001:db8::2'], { isDefault: true }));
    desk.create('first', V4);
    desk.create('both', { ...BOTH, ...withPort(81) });
    assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'six', ip: '2001:db8::1' }]);
    desk.create('holder', { ...V6, ...withPort(80) });
    desk.create('young', V6);
    assert.deepEqual([desk.ips('holder'), desk.ips('young')], ['2001:db8::2', '2001:db8::1']);
    desk.remove('first');
    assert.equal(desk.ips('both'), '192.0.2.1,2001:db8::2');
  });
});

test('what is held back rests like any other where its pool comes to ask for it', () => {
  const desk = new Desk(FOUR, SIX);
  desk.create('first', V4);
  desk.create('second', V6);
  desk.create('both', BOTH);
  desk.remove('first');
  assert.deepEqual(desk.allocator.heldBack.of('d/both'), [{ pool: 'four', ip: '192.0.2.1' }]);
  desk.pools({ ...FOUR, reuseAfterSeconds: 60 }, SIX);
  desk.remove('second');
  assert.equal(desk.ips('both'), '');
  desk.pass(60);
  assert.equal(desk.ips('both'), '192.0.2.1,2001:db8::1');
});
