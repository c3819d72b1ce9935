import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Link } from '../../platform/ports.ts';
import { LinkResolver } from './resolve.ts';
import { ip, link } from './testing/table.ts';

const lan = link(1);
const dmz = link(2, { prefixes: ['198.51.100.1/25', '2001:db8:2::1/64'] });
const wide = link(3, { prefixes: ['198.51.0.1/16'] });

function names(address: string, selector: string, links: readonly Link[], routes: Record<string, Link> = {}): string[] {
  const resolver = new LinkResolver(links, (towards) => routes[towards]);
  return resolver.resolve(ip(address), address, selector).map(({ name }) => name);
}

test('without a name, an address belongs where its subnet is', () => {
  const links = [lan, dmz];
  assert.deepEqual(names('192.0.2.77', '', links), ['eth1']);
  assert.deepEqual(names('198.51.100.127', '', links), ['eth2']);
  assert.deepEqual(names('198.51.100.128', '', links), [], 'just outside the /25');
  assert.deepEqual(names('2001:db8:2::ffff', '', links), ['eth2']);
  assert.deepEqual(names('2001:db8:3::1', '', links), []);
  assert.deepEqual(names('203.0.113.1', '', links), []);
});

test('where subnets of two sizes contain it, it is on the link of the smaller', () => {
  for (const links of [
    [dmz, wide],
    [wide, dmz],
  ]) {
    assert.deepEqual(names('198.51.100.9', '', links), ['eth2']);
    assert.deepEqual(names('198.51.100.129', '', links), ['eth3']);
    assert.deepEqual(names('198.51.100.9', '', links, { '198.51.100.9': wide }), ['eth2'], 'whatever a route says');
  }
  const both = link(4, { prefixes: ['198.51.0.4/16', '198.51.100.4/25'] });
  assert.deepEqual(names('198.51.100.9', '', [wide, both]), ['eth4']);
});

test('one that is left alone has an address only by its name', () => {
  const cni = link(5, { prefixes: ['198.51.100.5/26', '10.0.0.1/8'], isLeftAlone: true });
  assert.deepEqual(names('198.51.100.9', '', [cni, dmz]), ['eth2']);
  assert.deepEqual(names('10.0.0.9', '', [cni, dmz]), []);
  assert.deepEqual(names('198.51.100.9', 'eth5', [cni, dmz]), ['eth5']);
});

test('two links in one subnet: the one that the kernel uses, else the first', () => {
  const twin = link(9, { prefixes: ['192.0.2.2/24'] });
  assert.deepEqual(names('192.0.2.77', '', [twin, lan], { '192.0.2.77': twin }), ['eth9']);
  assert.deepEqual(names('192.0.2.77', '', [twin, lan]), ['eth1']);
  assert.deepEqual(names('192.0.2.77', '', [twin, lan], { '192.0.2.77': dmz }), ['eth1']);
});

test('an address of the host without neighbours makes no subnet', () => {
  assert.deepEqual(names('192.0.2.77', '', [link(1, { prefixes: ['192.0.2.77/32'] })]), []);
});

test('a prefix that is none makes no subnet', () => {
  const broken = ['10.0.0.1', '10.0.0.1/', '10.0.0.1/x', '10.0.0.1/ ', '10.0.0.1/-1', '10.0.0.1/1e1', '10.0.0.1/0x8'];
  const more = [
    '10.0.0.1/8.5',
    '10.0.0.1/08',
    '10.0.0.1/33',
    '10.0.0.1/8/8',
    '10.0.0/8',
    '/8',
    '2001:db8::1',
    '::/x',
    '::/129',
  ];
  for (const prefix of [...broken, ...more]) {
    const links = [link(1, { prefixes: [prefix] })];
    assert.deepEqual([...names('10.0.0.9', '', links), ...names('2001:db8::9', '', links)], [], prefix);
  }
  assert.deepEqual(names('10.0.0.9', '', [link(1, { prefixes: ['10.0.0.1/8'] })]), ['eth1']);
});

test('a named link takes any address', () => {
  assert.deepEqual(names('203.0.113.1', 'eth2', [lan, dmz]), ['eth2']);
  assert.deepEqual(names('203.0.113.1', 'eth7', [lan, dmz]), []);
});

test('can_reach: the link towards another address', () => {
  assert.deepEqual(names('203.0.113.1', 'can_reach:198.51.100.2', [lan, dmz], { '198.51.100.2': dmz }), ['eth2']);
  assert.deepEqual(names('203.0.113.1', 'can_reach:198.51.100.2', [lan, dmz]), []);
  assert.deepEqual(names('203.0.113.1', 'can_reach:nonsense', [lan], { nonsense: lan }), []);
  const left = link(8);
  assert.deepEqual(names('203.0.113.1', 'can_reach:198.51.100.2', [lan], { '198.51.100.2': left }), []);
});

test('a link that is down has no place for anybody', () => {
  const down = link(1, { up: false });
  const routes = { '192.0.2.9': down };
  for (const selector of ['', 'eth1', 'can_reach:192.0.2.9']) {
    assert.deepEqual(names('192.0.2.77', selector, [down], routes), [], selector);
  }
});

test('prefixes that cannot be read are passed over', () => {
  assert.deepEqual(names('192.0.2.77', '', [link(1, { prefixes: ['nonsense', '192.0.2.1', '', '192.0.2.1/24'] })]), [
    'eth1',
  ]);
});
