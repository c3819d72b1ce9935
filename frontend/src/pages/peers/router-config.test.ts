import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ROUTER_KINDS, type RouterFacts } from './router-config.ts';

const plain: RouterFacts = {
  ...{ routerAddress: '192.0.2.1', routerAs: 65000, ourAs: 65001, nodes: ['192.0.2.11', '192.0.2.12'] },
  ...{ families: ['ipv4'], hasPassword: false, multihopTtl: undefined, ttlSecurityHops: undefined, bfd: undefined },
};

const full: RouterFacts = {
  ...{ ...plain, families: ['ipv4', 'ipv6'], hasPassword: true, multihopTtl: 5 },
  bfd: { multiplier: 3, intervalMs: 300 },
};

function config(name: string, facts: RouterFacts): string {
  const kind = ROUTER_KINDS.find((each) => each.name === name);
  assert.ok(kind !== undefined);
  return kind.config(facts);
}

suite('what a router is to be told', () => {
  test('of FRR', () => {
    assert.equal(
      config('FRR', plain),
      [
        ...['router bgp 65000', ' no bgp ebgp-requires-policy', ' neighbor cluster peer-group'],
        ...[' neighbor cluster remote-as 65001', ' neighbor 192.0.2.11 peer-group cluster'],
        ...[' neighbor 192.0.2.12 peer-group cluster', ' address-family ipv4 unicast', '  neighbor cluster activate'],
        ...['  maximum-paths 64', ' exit-address-family', ''],
      ].join('\n'),
    );
  });

  test('of BIRD', () => {
    assert.equal(
      config('BIRD 2', plain),
      [
        'protocol kernel { merge paths on limit 64; ipv4 { import none; export where source = RTS_BGP; }; }',
        ...['template bgp cluster {', '  local 192.0.2.1 as 65000;'],
        ...['  ipv4 { import all; export none; add paths rx; };', '}'],
        'protocol bgp cluster1 from cluster { neighbor 192.0.2.11 as 65001; }',
        'protocol bgp cluster2 from cluster { neighbor 192.0.2.12 as 65001; }',
        '',
      ].join('\n'),
    );
  });

  test('has of every router both AS numbers, every node, and what else the BgpPeer says', () => {
    for (const { name } of ROUTER_KINDS) {
      const [little, much] = [config(name, plain), config(name, full)];
      for (const part of ['65000', '65001', '192.0.2.11', '192.0.2.12']) assert.ok(little.includes(part), name);
      assert.ok(!/PASSWORD|bfd|multihop|ipv6|inet6/.test(little), `${name}: ${little}`);
      for (const part of [/PASSWORD/, /bfd/, /multihop.* 5/, /ipv6|inet6/]) assert.match(much, part, name);
    }
  });

  test('has the router send with TTL 255 where packets of less are dropped', () => {
    const told = (ttlSecurityHops: number): string[] =>
      ROUTER_KINDS.map(({ name }) => {
        const before = config(name, plain).split('\n');
        const now = config(name, { ...plain, ttlSecurityHops }).split('\n');
        return now
          .filter((line) => !before.includes(line))
          .map((line) => line.trim())
          .join(' ');
      });
    assert.deepEqual(told(1), [
      'neighbor cluster ttl-security hops 1',
      'ttl security on;',
      'set protocols bgp peer-group cluster ttl-security hops 1',
      'neighbor cluster ttl-security hops 1',
      'neighbor CLUSTER ttl maximum-hops 1',
      'set protocols bgp group cluster ttl 255',
    ]);
    assert.deepEqual(told(3), [
      'neighbor cluster ttl-security hops 3',
      'multihop 3; ttl security on;',
      'set protocols bgp peer-group cluster ttl-security hops 3',
      'neighbor cluster ttl-security hops 3',
      'neighbor CLUSTER ttl maximum-hops 3',
      'set protocols bgp group cluster multihop ttl 255',
    ]);
  });

  test('names what has to be filled in where it is not known', () => {
    for (const { name } of ROUTER_KINDS) {
      const code = config(name, { ...plain, ourAs: undefined, nodes: [] });
      assert.match(code, /CLUSTER-AS/, name);
      assert.match(code, /NODE-ADDRESS/, name);
    }
  });
});
