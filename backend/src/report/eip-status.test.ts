import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPool } from '../domain/testing/builders.ts';
import type { Configuration } from './configuration.ts';
import { parseRange, rangeContains, parseAddress, type AddressRange } from '../domain/address.ts';
import { MAX_EXCEPTIONS, MAX_HELD_NAMESPACES, MAX_RELEASED, type Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import { MAX_HELD_RANGES } from '../resources/eip.ts';
import { holderDigest, MAX_HOLDERS, readHolders } from '../resources/holders.ts';
import { eipReady, eipUsage, heldRanges, MAX_USED, MAX_USED_BY_LABELS, type PoolUse } from './eip-status.ts';

const READ: Configuration = {
  problems: [],
  ignoredFields: [],
  warnings: [],
  earlierInForce: false,
  generation: 3,
};
const POOL = aPool('a', ['192.0.2.0-192.0.2.3']);
const NOBODY = new Map<string, ReadonlySet<string>>();
const UNUSED: PoolUse = {
  held: NOBODY,
  heldBy: [],
  exceptions: new Set(),
  released: [],
  isFull: false,
  namespaces: new Map(),
  services: new Map(),
};

function readyOf(pool: Pool, configuration = READ, held: PoolUse['held'] = NOBODY): ReturnType<typeof eipReady> {
  return eipReady(configuration, { pool, deleting: pool.deleting, held });
}

function ranges(texts: readonly string[]): AddressRange[] {
  return texts.map((text) => {
    const parsed = parseRange(text);
    assert.ok(parsed.ok, text);
    return parsed.value;
  });
}

/** The use of a pool by these, of whom none is an exception. */
function heldBy(held: PoolUse['held'], exceptions: readonly string[] = []): PoolUse {
  const keys = [...held.values()].flatMap((services) => [...services]);
  const namespaces = new Set(keys.map((key) => key.split('/')[0] ?? ''));
  return { ...UNUSED, held, heldBy: namespaces, exceptions: new Set(exceptions) };
}

/** What would stand in etcd. */
function bytes(status: object): number {
  return Buffer.byteLength(JSON.stringify(status));
}

suite('Ready of an Eip', () => {
  test('is True for one that gives addresses', () => {
    assert.deepEqual(readyOf(POOL), {
      type: 'Ready',
      status: 'True',
      reason: 'InUse',
      message: 'In use.',
      observedGeneration: 3,
    });
  });

  test('is False for one that is disabled or deleted, and does not say that it is in use', () => {
    const disabled = readyOf({ ...POOL, disabled: true });
    assert.deepEqual([disabled.status, disabled.reason], ['False', 'PoolDisabled']);
    assert.match(disabled.message, /no new addresses/);
    for (const pool of [
      { ...POOL, deleting: true },
      { ...POOL, deleting: true, disabled: true },
    ]) {
      const deleting = readyOf(pool);
      assert.deepEqual([deleting.status, deleting.reason], ['False', 'PoolDeleting']);
      assert.match(deleting.message, /being deleted/);
    }
  });

  test('says first what is wrong with one that cannot be read', () => {
    const problems = [{ field: 'spec.address', message: 'is no range' }];
    const condition = readyOf({ ...POOL, deleting: true }, { ...READ, problems, earlierInForce: true });
    assert.deepEqual([condition.status, condition.reason], ['False', 'Invalid']);
    assert.match(condition.message, /^spec\.address: is no range\. The last good version stays in force/);
  });

  test('says what holds of one that could never be read, and not that somebody disabled it', () => {
    const problems = [{ field: 'spec.address', message: 'is no range' }];
    const configuration = { ...READ, problems, earlierInForce: true, standsIn: true };
    const { message } = readyOf({ ...POOL, disabled: true }, configuration);
    assert.match(message, /^spec\.address: is no range\. What its status lists stays in force, and no new addresses/);
    assert.doesNotMatch(message, /disabled/);
    assert.match(readyOf({ ...POOL, disabled: true, deleting: true }, configuration).message, /being deleted/);
  });

  test('names the fields without effect also where the pool is closed', () => {
    const condition = readyOf({ ...POOL, disabled: true }, { ...READ, ignoredFields: ['spec.vlan'] });
    assert.match(condition.message, /disabled.* Without effect here: spec\.vlan\.$/);
  });

  test('names the Services that a deleted one waits for, some of them, and says what to do', () => {
    const keys = Array.from({ length: 8 }, (_, i) => `team/web-${i}`);
    const held = new Map(keys.map((key, i) => [`192.0.2.${i}`, new Set([key])]));
    const { message, reason, status } = readyOf({ ...POOL, deleting: true }, READ, held);
    assert.deepEqual([status, reason], ['False', 'PoolDeleting']);
    assert.match(message, /waits until .*: team\/web-0, .*, team\/web-4 and 3 more\./);
    assert.match(message, /Delete the Services, or name another Eip for them\.$/);
  });

  test('names them also where the object that is deleted cannot be read', () => {
    const problems = [{ field: 'spec.address', message: 'x'.repeat(5_000) }];
    const held = new Map([['192.0.2.1', new Set(['team/web'])]]);
    const { message } = eipReady({ ...READ, problems }, { pool: undefined, deleting: true, held });
    assert.match(message, /^spec\.address: x+\. .*team\/web/);
    assert.ok(message.length <= 1_024);
  });

  test('is well-formed whatever it quotes', () => {
    for (const offset of ['', 'x']) {
      const problems = [{ field: 'spec', message: `${offset}${'\u{1F600}'.repeat(1_000)}` }];
      const { message } = readyOf(POOL, { ...READ, problems });
      assert.ok(message.isWellFormed() && message.length <= 1_024);
    }
  });
});

suite('the status of an Eip', () => {
  const held = new Map([
    ['192.0.2.1', new Set(['d/b', 'd/a'])],
    ['192.0.2.0', new Set(['e/c'])],
  ]);

  test('counts addresses, names the Services of each, and remembers who had which', () => {
    const released = [{ ip: '192.0.2.3', service: 'd/old', at: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }];
    assert.deepEqual(eipUsage(POOL, { ...heldBy(held), released }, true), {
      poolSize: 4,
      usage: 2,
      occupied: false,
      firstIP: '192.0.2.0',
      lastIP: '192.0.2.3',
      v4: true,
      ready: true,
      used: { '192.0.2.0': 'e/c', '192.0.2.1': 'd/a;d/b' },
      holders: '',
      released: [{ ip: '192.0.2.3', service: 'd/old', time: '2026-01-02T03:04:05.678Z' }],
      addresses: ['192.0.2.0-192.0.2.3'],
      namespaces: ['d', 'e'],
    });
    assert.equal(eipUsage(POOL, { ...UNUSED, held, isFull: true }, true).occupied, true);
  });

  test('knows each holding by its address and the UID of the Service, whoever is named', () => {
    const services = new Map(['d/a', 'd/b', 'e/c'].map((key) => [key, { uid: `uid-${key}`, labels: {} }]));
    const { digests, isComplete } = readHolders(eipUsage(POOL, { ...heldBy(held), services }, true).holders);
    const has = (ip: string, uid: string): boolean => digests.has(holderDigest(ip, uid));
    assert.ok(has('192.0.2.1', 'uid-d/a') && has('192.0.2.1', 'uid-d/b') && has('192.0.2.0', 'uid-e/c'));
    assert.ok(!has('192.0.2.0', 'uid-d/a') && !has('192.0.2.1', 'uid of another d/a'));
    assert.deepEqual([digests.size, isComplete], [3, true]);
  });

  test('leaves out none of those who keep what the pool would not give them, should there be too many others', () => {
    const ips = Array.from({ length: MAX_HOLDERS + 100 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const many = new Map(ips.map((ip) => [ip, new Set([`n/${ip}`])]));
    const services = new Map(ips.map((ip) => [`n/${ip}`, { uid: ip, labels: {} }]));
    const last = ips.slice(-100);
    const use = { ...heldBy(many, last), services };
    const { digests, isComplete } = readHolders(eipUsage(aPool('a', ['10.0.0.0/16']), use, true).holders);
    assert.deepEqual([digests.size, isComplete], [MAX_HOLDERS, false]);
    for (const ip of last) assert.ok(digests.has(holderDigest(ip, ip)), ip);
  });

  test('is not ready for new addresses when the pool is closed or cannot be read', () => {
    const ready = [
      eipUsage({ ...POOL, deleting: true }, UNUSED, true),
      eipUsage({ ...POOL, disabled: true }, UNUSED, true),
      eipUsage(POOL, UNUSED, false),
    ].map((usage) => usage.ready);
    assert.deepEqual(ready, [false, false, false]);
  });

  test('has the ranges of earlier specs for as long as addresses in them are held', () => {
    const heldBefore = ranges(['192.0.2.0/24', '2001:db8:1::/64']);
    const edited = aPool('a', ['198.51.100.0/30', '2001:db8::/64'], { heldRanges: heldBefore });
    assert.deepEqual(heldRanges(edited, ['192.0.2.7', '198.51.100.1', '192.0.2.8', '192.0.2.1', '2001:db8:1::1']), [
      '198.51.100.0-198.51.100.3',
      '2001:db8::-2001:db8::ffff:ffff:ffff:ffff',
      '192.0.2.1',
      '192.0.2.7-192.0.2.8',
      '2001:db8:1::1',
    ]);
    assert.deepEqual(heldRanges(edited, ['198.51.100.1']).length, 2);
  });

  test('has nothing that the pool never had, whoever claims to hold it', () => {
    assert.deepEqual(heldRanges(aPool('a', ['198.51.100.0/30']), ['8.8.8.8']), ['198.51.100.0-198.51.100.3']);
  });

  test('covers whatever is held, in a bounded list, also where nothing lies side by side', () => {
    const spec = Array.from({ length: 64 }, (_, i) => `203.0.113.${i * 2}`);
    const ips = Array.from({ length: 5_000 }, (_, i) =>
      i % 2 === 0
        ? `10.${(i * 7) % 250}.${i % 251}.${(i * 31) % 253}`
        : `2001:db8:${((i * 97) % 65_536).toString(16)}::${i}`,
    );
    const texts = heldRanges(aPool('a', spec, { heldRanges: ranges(['10.0.0.0/8', '2001:db8::/32']) }), ips);
    assert.ok(texts.length <= MAX_HELD_RANGES, `${texts.length}`);
    const covered = ranges(texts);
    for (const ip of ips) {
      const address = parseAddress(ip);
      assert.ok(address !== undefined && covered.some((range) => rangeContains(range, address)), ip);
    }
  });

  test('stays a small object for a large pool with thousands of users, of one address or of many', () => {
    const long = (what: string, i: number): string => `${what}-${i}`.padEnd(63, 'x');
    const keys = Array.from({ length: 5_000 }, (_, i) => `${long('namespace', i)}/${long('service', i)}`);
    const ips = keys.map((_, i) => `2001:db8::${i.toString(16)}`);
    const released = keys.map((service, i) => ({ ip: ips[i] ?? '', service, at: 1_000 * i }));
    const pool = aPool('six', ['2001:db8::/64']);
    const many = new Map(ips.map((ip, i) => [ip, new Set([keys[i] ?? ''])]));
    const one = new Map([['2001:db8::1', new Set(keys)]]);
    const services = new Map(keys.map((key) => [key, { uid: key, labels: {} }]));
    for (const users of [many, one]) {
      const status = eipUsage(pool, { ...heldBy(users), services, released }, true);
      assert.equal(readHolders(status.holders).digests.size, keys.length);
      assert.ok(Object.keys(status.used).length <= MAX_USED);
      assert.equal(status.released.length, MAX_RELEASED);
      assert.deepEqual(status.released[0]?.ip, '2001:db8::0');
      assert.equal(status.namespaces.length, MAX_HELD_NAMESPACES);
      assert.deepEqual([status.usage, status.poolSize], [users.size, Number.MAX_SAFE_INTEGER]);
      // etcd takes requests up to 1.5 MiB.
      assert.ok(bytes(status) < 524_288, `${bytes(status)}`);
    }
  });

  test('names those first who keep what the pool would not give them, as far as that has room', () => {
    const ips = Array.from({ length: 2_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const many = new Map(ips.map((ip) => [ip, new Set([`n/${ip}`])]));
    const pool = aPool('a', ['10.0.0.0/16']);
    const last = ips.slice(-200);
    const { used } = eipUsage(pool, heldBy(many, last), true);
    assert.deepEqual(Object.keys(used), [...last].sort());
    const few = eipUsage(pool, heldBy(many, ['10.0.7.1']), true).used;
    assert.equal(Object.keys(few).length, MAX_USED);
    assert.ok(few['10.0.7.1'] === 'n/10.0.7.1' && few['10.0.0.0'] === 'n/10.0.0.0');
    assert.equal(Object.keys(eipUsage(pool, heldBy(many, ips), true).used).length, MAX_EXCEPTIONS);
  });

  test('names more where an edit of a Service may make an exception of it, and never so many that some exceptions might be left out', () => {
    const ips = Array.from({ length: 2_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const many = new Map(ips.map((ip) => [ip, new Set([`n/${ip}`])]));
    const usedOf = (spec: Partial<Pool>, exceptions: readonly string[] = []): string[] =>
      Object.keys(eipUsage(aPool('a', ['10.0.0.0/16'], spec), heldBy(many, exceptions), true).used);
    const serviceSelector = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
    for (const exceptions of [[], ['10.0.7.1'], ips.slice(-MAX_USED_BY_LABELS)]) {
      const used = usedOf({ serviceSelector, avoidBuggyIPs: true }, exceptions);
      assert.equal(used.length, MAX_USED_BY_LABELS);
      assert.ok(used.length < MAX_EXCEPTIONS && exceptions.every((ip) => used.includes(ip)));
    }
    assert.equal(usedOf({ serviceSelector }, ips).length, MAX_EXCEPTIONS);
    const buggy = ips.filter((ip) => /\.(0|255)$/.test(ip));
    const used = usedOf({ avoidBuggyIPs: true });
    assert.ok(buggy.length > 10 && buggy.every((ip) => used.includes(ip)));
    assert.equal(used.length, MAX_USED);
  });

  test('of more namespaces than it may list names those first that the pool shuts out now', () => {
    const held5000 = new Map(Array.from({ length: 2_000 }, (_, i) => [`10.0.0.${i}`, new Set([`n${i}/s`])]));
    const pool = aPool('a', ['10.0.0.0/16'], {
      namespaces: Array.from({ length: 1_500 }, (_, i) => `n${i}`),
    });
    const { namespaces } = eipUsage(pool, heldBy(held5000), true);
    assert.equal(namespaces.length, MAX_HELD_NAMESPACES);
    for (let i = 1_500; i < 2_000; i += 1) assert.ok(namespaces.includes(`n${i}`), `n${i}`);
  });
});

test('of many who share an address eight are named, first those that the pool does not select any more', () => {
  const gold = { tier: 'gold' };
  const of = (i: number): { uid: string; labels: Labels } => ({ uid: `uid-${i}`, labels: i < 9 ? gold : {} });
  const services = new Map(Array.from({ length: 12 }, (_, i) => [`a/s${10 + i}`, of(i)]));
  const use = { ...heldBy(new Map([['192.0.2.1', new Set(services.keys())]])), services };
  const named = (pool: Pool): string => eipUsage(pool, use, true).used['192.0.2.1'] ?? '';
  assert.equal(named(POOL), 'a/s10;a/s11;a/s12;a/s13;a/s14;a/s15;a/s16;a/s17');
  const selecting = { ...POOL, serviceSelector: { matchLabels: gold, matchExpressions: [] } };
  assert.equal(named(selecting), 'a/s19;a/s20;a/s21;a/s10;a/s11;a/s12;a/s13;a/s14');
});
