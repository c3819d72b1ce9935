import assert from 'node:assert/strict';
import { BlockList, isIPv4 } from 'node:net';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  clientNetwork,
  lanPoolRange,
  nodeNetwork,
  planNetwork,
  podRange,
  poolRange,
  secondNetwork,
  serviceRange,
} from './plan.ts';
import type { HostPlan, LanName, NetworkPlan, NetworkSize, Ranges } from './plan.ts';

const size = fc.nat({ max: 200 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    routers: fc.integer({ min: 1, max: 9 }),
    clients: fc.integer({ min: 0, max: 200 }),
    hosts: fc.integer({ min: 0, max: 4 }),
    secondLan: fc.record({ nodes: fc.nat({ max: nodes }), hosts: fc.nat({ max: 4 }) }),
  }),
);

function contains(range: string, address: string): boolean {
  const [network = '', length = ''] = range.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(length), isIPv4(network) ? 'ipv4' : 'ipv6');
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function onNodeNetwork(plan: NetworkPlan): string[] {
  const machines = [plan.controlPlane, ...plan.nodes, ...plan.routers, ...hostsOn(plan, 'nodes')];
  return machines.flatMap(({ addresses }) => [addresses.ipv4, addresses.ipv6]);
}

function onSecondNetwork(plan: NetworkPlan): string[] {
  const links = [...plan.nodes, ...plan.routers].flatMap(({ second }) => second ?? []);
  const hosts = hostsOn(plan, 'second').map(({ addresses }) => addresses);
  return [...links, ...hosts].flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
}

function hostsOn(plan: NetworkPlan, lan: LanName): readonly HostPlan[] {
  return plan.hosts.filter((host) => host.lan === lan);
}

function onClientNetwork(plan: NetworkPlan): string[] {
  const sides = [...plan.routers.map((router) => router.clientSide), ...plan.clients.map((client) => client.addresses)];
  return sides.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
}

suite('network plan', () => {
  test('every machine has addresses of its own in its networks', () => {
    fc.assert(
      fc.property(size, (wanted) => {
        const plan = planNetwork('a', 0, wanted);
        for (const [ranges, addresses] of [
          [nodeNetwork, onNodeNetwork(plan)],
          [clientNetwork, onClientNetwork(plan)],
          [secondNetwork, onSecondNetwork(plan)],
        ] as const) {
          assert.equal(new Set(addresses).size, addresses.length);
          assert.ok(addresses.every((address) => contains(isIPv4(address) ? ranges.ipv4 : ranges.ipv6, address)));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('every node has Pod ranges of its own within that of the cluster', () => {
    const { nodes } = planNetwork('a', 0, { nodes: 200, routers: 1, clients: 0 });
    const ranges = nodes.flatMap(({ pods }) => [pods.ipv4, pods.ipv6]);
    assert.equal(new Set(ranges).size, 400);
    for (const { pods } of nodes) {
      assert.ok(contains(podRange.ipv4, pods.ipv4.replace('/24', '')));
      assert.ok(contains(podRange.ipv6, pods.ipv6.replace('/64', '')));
    }
  });

  test('the ranges of networks, Pods, Services and pools do not overlap', () => {
    const all: Ranges[] = [nodeNetwork, secondNetwork, clientNetwork, podRange, serviceRange, poolRange];
    for (const family of ['ipv4', 'ipv6'] as const) {
      const ranges = all.map((range) => range[family]);
      for (const one of ranges) {
        const within = ranges.filter((other) => contains(one, other.split('/')[0] ?? ''));
        assert.deepEqual(within, [one]);
      }
    }
  });

  test('two labs share no name and no address on the host', () => {
    const shape: NetworkSize = { nodes: 3, routers: 2, clients: 1 };
    const [a, b] = [planNetwork('a', 0, shape), planNetwork('b', 1, shape)];
    const namespaces = [a, b].flatMap((plan) =>
      [plan.controlPlane, ...plan.nodes, ...plan.routers, ...plan.clients].map((machine) => machine.namespace),
    );
    assert.equal(new Set([...namespaces, a.switchNamespace, b.switchNamespace]).size, namespaces.length + 2);
    assert.notEqual(a.hostLink.device, b.hostLink.device);
    assert.ok(!contains(`${a.hostLink.host}/${a.hostLink.prefixLength}`, b.hostLink.host));
    assert.ok(contains(`${a.hostLink.host}/${a.hostLink.prefixLength}`, a.hostLink.controlPlane));
  });

  test('what Layer 2 pools give is on the network of the nodes, and no machine of a usual lab has it', () => {
    const plan = planNetwork('a', 0, { nodes: 100, routers: 9, clients: 0, hosts: 4 });
    const [first = '', last = ''] = lanPoolRange.ipv4.split('-');
    const pool = new BlockList();
    pool.addRange(first, last, 'ipv4');
    assert.ok(contains(nodeNetwork.ipv4, first) && contains(nodeNetwork.ipv4, last));
    assert.ok(contains(nodeNetwork.ipv6, lanPoolRange.ipv6.replace('/112', '')));
    for (const address of onNodeNetwork(plan)) {
      assert.ok(isIPv4(address) ? !pool.check(address) : !contains(lanPoolRange.ipv6, address));
    }
  });

  test('the second LAN has r1 and the first nodes, where it is asked for', () => {
    const { nodes, routers } = planNetwork('a', 0, {
      ...{ nodes: 3, routers: 2, clients: 0 },
      secondLan: { nodes: 2, hosts: 1 },
    });
    assert.deepEqual(
      [...nodes, ...routers].filter(({ second }) => second !== undefined).map(({ name }) => name),
      ['n1', 'n2', 'r1'],
    );
    const without = planNetwork('a', 0, { nodes: 3, routers: 2, clients: 0 });
    assert.deepEqual(onSecondNetwork(without), []);
  });

  test('clients use the routers in turn', () => {
    const { clients } = planNetwork('a', 0, { nodes: 1, routers: 2, clients: 3 });
    assert.deepEqual(
      clients.map(({ name, via }) => [name, via]),
      [
        ['c1', 'r1'],
        ['c2', 'r2'],
        ['c3', 'r1'],
      ],
    );
  });

  test('refuses what does not fit', () => {
    assert.throws(() => planNetwork('a', 0, { nodes: 201, routers: 1, clients: 0 }), RangeError);
    assert.throws(() => planNetwork('a', 0, { nodes: 1, routers: 10, clients: 0 }), RangeError);
    assert.throws(() => planNetwork('a', 0, { nodes: 1, routers: 0, clients: 1 }), /clients are beyond a router/);
    assert.throws(() => planNetwork('a', 0, { nodes: 1, routers: 0, clients: 0, hosts: 1 }), /needs one/);
    assert.throws(() => planNetwork('a', 0, { nodes: 1, routers: 1, clients: 0, hosts: 5 }), RangeError);
    const second = { nodes: 2, hosts: 0 };
    assert.throws(() => planNetwork('a', 0, { nodes: 1, routers: 1, clients: 0, secondLan: second }), RangeError);
    assert.throws(() => planNetwork('a', 0, { nodes: 1.5, routers: 1, clients: 0 }), RangeError);
  });
});
