import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLinks, unusableLinks } from './own-links.ts';
import type { AddressRecord, LinkRecord } from './rtnetlink.ts';

const [up, running, loopback, noArp] = [0x1, 0x40, 0x8, 0x80];

function link(name: string, changes: Partial<LinkRecord> = {}): LinkRecord {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  return { index: 1, name, hardware: 1, flags: up | running, mac, kind: '', portOf: '', ...changes };
}

function address(text: string, changes: Partial<AddressRecord> = {}): AddressRecord {
  const [own = '', length] = text.split('/');
  return { linkIndex: 1, address: own, prefixLength: Number(length), scope: 0, unusable: false, ...changes };
}

const names = (links: readonly LinkRecord[], ...addresses: readonly AddressRecord[]): string[] =>
  ownLinks(links, addresses).map(({ name }) => name);

test('hardware, bonds, VLANs, bridges and macvlans are links, with addresses or without', () => {
  for (const kind of ['', 'bond', 'team', 'vlan', 'bridge', 'macvlan', 'openvswitch']) {
    assert.deepEqual(names([link('lan', { kind })]), ['lan'], kind);
  }
  for (const name of ['eth0', 'enp1s0', 'ens3f0np0', 'bond0', 'bond0.5', 'br0', 'br-lan', 'vmbr0', 'vlan10', 'team0']) {
    assert.deepEqual(names([link(name)]), [name]);
  }
});

test('loopback, tunnels, taps and dummies are not', () => {
  const foreign = ['dummy', 'tun', 'vxlan', 'geneve', 'gretap', 'ip6gretap', 'wireguard', 'netkit', 'ifb'];
  for (const kind of foreign) assert.deepEqual(names([link('x', { kind })], address('192.0.2.1/24')), [], kind);
  assert.deepEqual(names([link('lo', { hardware: 772, flags: up | running | loopback })]), []);
  assert.deepEqual(names([link('ib0', { hardware: 32, mac: new Uint8Array(20) })]), []);
  assert.deepEqual(names([link('lan', { flags: up | running | noArp })]), []);
});

test('what container engines, CNI plugins and kube-proxy make is not, whatever its addresses', () => {
  const made = ['docker0', 'br-0123456789ab', 'docker_gwbridge', 'cni0', 'cni-podman0', 'cbr0', 'virbr0', 'lxcbr0'];
  made.push('lxdbr0', 'incusbr0', 'podman1', 'kube-bridge', 'kube-ipvs0', 'nodelocaldns', 'flannel.1', 'flannel-v6.1');
  made.push('calic0ffee00123', 'cilium_host', 'lxc1234', 'weave', 'vxlan.calico', 'antrea-gw0', 'ovn0', 'ovs-system');
  for (const name of made) {
    assert.deepEqual(names([link(name, { kind: 'bridge' })], address('10.244.0.1/24')), [], name);
  }
});

test('one that somebody names is there all the same, and marked; what can have no addresses of a LAN is not', () => {
  const named = (record: LinkRecord, ...addresses: readonly AddressRecord[]): (true | undefined)[] =>
    ownLinks([record], addresses, new Set([record.name])).map(({ isLeftAlone }) => isLeftAlone);
  for (const name of ['docker0', 'ovs-lan', 'cali0', 'vxlan0']) assert.deepEqual(named(link(name)), [true], name);
  for (const kind of ['vxlan', 'tun', 'macsec', 'veth', 'dummy']) assert.deepEqual(named(link('x', { kind })), [true]);
  assert.deepEqual(named(link('eth0')), [undefined]);
  assert.deepEqual(named(link('eth0', { kind: 'veth' }), address('192.0.2.1/24')), [undefined]);
  for (const changes of [{ flags: up | running | noArp }, { hardware: 32 }, { portOf: 'bridge' }])
    assert.deepEqual(named(link('cni0', changes)), []);
  assert.deepEqual(ownLinks([link('cni0'), link('cni1')], [], new Set(['cni1', 'eth9'])).length, 1);
});

test('one that somebody names and that is not used all the same says why', () => {
  const why = (record: LinkRecord): string | undefined => unusableLinks([record], new Set(['eth0'])).get('eth0');
  const onPort = (master: string): string => `it is a port of a ${master}, which has the addresses in its place`;
  for (const portOf of ['bridge', 'bond', 'team']) assert.equal(why(link('eth0', { portOf })), onPort(portOf));
  for (const changes of [{ flags: up | running | noArp }, { hardware: 32 }, { flags: up | loopback }])
    assert.equal(why(link('eth0', changes)), 'there is no ARP on it');
  for (const record of [link('eth0'), link('eth0', { portOf: 'vrf' }), link('eth1', { portOf: 'bridge' })])
    assert.equal(why(record), undefined);
});

test('a port of a bridge or bond has no address of its own in use; one in a VRF has', () => {
  for (const portOf of ['bridge', 'bond', 'team', 'openvswitch']) {
    assert.deepEqual(names([link('eth0', { portOf })], address('192.0.2.1/24')), [], portOf);
  }
  assert.deepEqual(names([link('eth0', { portOf: 'vrf' })], address('192.0.2.1/24')), ['eth0']);
});

test('a veth is an uplink if it has an address with a subnet, else it leads to a container', () => {
  const veth = link('eth0', { kind: 'veth' });
  assert.deepEqual(names([veth], address('172.18.0.2/16')), ['eth0']);
  assert.deepEqual(names([veth], address('2001:db8::2/64')), ['eth0']);
  // A Pod's end with no address, with the link-local one that every link has, with the gateway's as CNI's ptp sets it.
  assert.deepEqual(names([veth]), []);
  assert.deepEqual(names([veth], address('fe80::1/64', { scope: 253 })), []);
  assert.deepEqual(names([veth], address('10.244.0.1/32'), address('fd00::1/128')), []);
});

test('a link is up when it is set up and has a carrier', () => {
  const states = [up | running, up, running, 0].map((flags) => ownLinks([link('eth0', { flags })], [])[0]?.up);
  assert.deepEqual(states, [true, false, false, false]);
});

test('links come by index, each with its own addresses but those that the host may not use', () => {
  const links = ownLinks(
    [link('eth1', { index: 7 }), link('eth0', { index: 3 })],
    [
      address('2001:db8::1/64', { linkIndex: 7 }),
      address('192.0.2.1/24', { linkIndex: 7 }),
      address('2001:db8::2/64', { linkIndex: 7, unusable: true }),
      address('198.51.100.1/24', { linkIndex: 3 }),
    ],
  );
  assert.deepEqual(
    links.map(({ name, prefixes }) => ({ name, prefixes })),
    [
      { name: 'eth0', prefixes: ['198.51.100.1/24'] },
      { name: 'eth1', prefixes: ['192.0.2.1/24', '2001:db8::1/64'] },
    ],
  );
});
