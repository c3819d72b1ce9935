import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importMetalLb, type Import } from './convert.ts';
import type { AnyObject } from './fields.ts';
import type { Manifest } from './manifest.ts';
import { metalLb, service } from './testing/objects.ts';

const pool = (name: string, spec: object = {}, metadata: object = {}): AnyObject =>
  metalLb('IPAddressPool', name, { addresses: ['192.0.2.0/24'], ...spec }, metadata);
const l2 = (name: string, spec: object = {}): AnyObject => metalLb('L2Advertisement', name, spec);
const bgp = (name: string, spec: object = {}): AnyObject => metalLb('BGPAdvertisement', name, spec);
const peer = (name: string, spec: object = {}): AnyObject =>
  metalLb('BGPPeer', name, { myASN: 65001, peerASN: 65000, peerAddress: '10.50.0.1', ...spec });

function object({ objects }: Import, kind: string, name: string): Manifest | undefined {
  return objects.find((each) => each.kind === kind && each.metadata.name === name);
}

/** The spec of what became of a pool. */
function eip(name: string, ...objects: AnyObject[]): Readonly<Record<string, unknown>> | undefined {
  return object(importMetalLb(objects), 'Eip', name)?.spec;
}

function router(spec: object, ...others: AnyObject[]): Readonly<Record<string, unknown>> | undefined {
  return object(importMetalLb([peer('r1', spec), ...others]), 'BgpPeer', 'r1')?.spec;
}

/** Findings in a line each. */
function told(...objects: AnyObject[]): string[] {
  return importMetalLb(objects).findings.map(
    ({ kind, object: of, field, why }) => `${kind} ${of} ${field ?? '-'} ${why}`,
  );
}

describe('a pool of MetalLB', () => {
  it('is a default pool of the protocol that its advertisement has', () => {
    const { objects, findings } = importMetalLb([pool('public'), l2('any')]);
    assert.deepEqual(objects, [
      {
        ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip' },
        metadata: { name: 'public', annotations: { 'eip.porter.kubesphere.io/is-default-eip': 'true' } },
        spec: { addresses: ['192.0.2.0/24'], protocol: 'layer2' },
      },
    ]);
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      ['changed'],
    );
    assert.equal(eip('public', pool('public'), bgp('any'))?.['protocol'], 'bgp');
  });

  it('has addresses that are given to nobody new, and that is told in a sentence of each protocol', () => {
    const v6 = pool('six', { addresses: ['2001:db8::/120'] });
    const first = 'the first address of an IPv6 prefix is given to nobody new: 2001:db8::/120';
    const both =
      'the first and last address of an IPv4 prefix, and the first of an IPv6 one, are given to nobody new: ';
    assert.ok(
      told(v6, bgp('any')).some((line) => line.endsWith(first)),
      told(v6, bgp('any')).join('\n'),
    );
    assert.ok(
      told(v6, l2('any')).some((line) => line.endsWith(`${both}2001:db8::/120`)),
      told(v6, l2('any')).join('\n'),
    );
  });

  it('without an advertisement is announced to nobody, and that is told', () => {
    const spec = {
      addresses: ['192.0.2.0/24'],
      protocol: 'bgp',
      bgp: { peerSelector: { matchLabels: { 'porterlb.kubesphere.io/peer': '' } } },
    };
    assert.deepEqual(eip('public', pool('public'), l2('other', { ipAddressPools: ['x'] })), spec);
    assert.match(told(pool('public')).join('\n'), /changed IPAddressPool public - no advertisement selects it/);
  });

  it('with advertisements of both kinds is announced by BGP, and the other one is named', () => {
    const objects = [pool('public'), l2('link'), bgp('routes')];
    assert.equal(eip('public', ...objects)?.['protocol'], 'bgp');
    assert.match(
      told(...objects).join('\n'),
      /lost L2Advertisement link - IPAddressPool public is announced by BGP as well/,
    );
  });

  it('has its ranges in the form that is read here', () => {
    const addresses = ['10.0.0.7/24', '10.0.1.1 - 10.0.1.9', '2001:DB8:0:0::/112', 'fd00::a-fd00::1:0'];
    assert.deepEqual(eip('public', pool('public', { addresses }), bgp('any'))?.['addresses'], [
      ...['10.0.0.0/24', '10.0.1.1-10.0.1.9', '2001:db8::/112', 'fd00::a-fd00::1:0'],
    ]);
  });

  it('names ranges that can not be, and leaves them out', () => {
    const addresses = ['10.0.0.0/24', '10.0.0.9-10.0.0.12', '10.1.0.9-10.1.0.1', '127.0.0.0/24', 'ten'];
    const objects = [pool('public', { addresses }), bgp('any')];
    assert.deepEqual(eip('public', ...objects)?.['addresses'], ['10.0.0.0/24']);
    assert.equal(
      told(...objects).filter((line) => /^lost IPAddressPool public spec.addresses\[[1-4]\]/.test(line)).length,
      4,
    );
  });

  it('without any usable range is left out, and that is told', () => {
    const objects = [pool('public', { addresses: ['127.0.0.0/24'] }), bgp('any')];
    assert.equal(eip('public', ...objects), undefined);
    assert.match(told(...objects).join(), /todo IPAddressPool public spec.addresses has no range that can be used/);
  });

  it('of which a Service has an address that a prefix would keep back is written as a range', () => {
    const spec = (ip: string, ...ads: AnyObject[]): unknown =>
      eip('public', pool('public'), service('web', [ip]), ...ads)?.['addresses'];
    assert.deepEqual(spec('192.0.2.255', l2('any')), ['192.0.2.0-192.0.2.255']);
    assert.deepEqual(spec('192.0.2.7', l2('any')), ['192.0.2.0/24']);
    assert.deepEqual(spec('192.0.2.255', bgp('any')), ['192.0.2.0/24']);
  });

  it('that is bound to namespaces and Services stays so, before others by its priority, without one last', () => {
    const objects = [
      pool('a', {
        serviceAllocation: { priority: 20, namespaces: ['shop'], namespaceSelectors: [{ matchLabels: { team: 'x' } }] },
      }),
      pool('b', {
        addresses: ['10.0.0.0/24'],
        serviceAllocation: { serviceSelectors: [{ matchLabels: { tier: 'web' } }] },
      }),
      pool('c', { addresses: ['10.0.1.0/24'], serviceAllocation: { priority: 5 } }),
      bgp('any'),
    ];
    const rest = (name: string): unknown => {
      const { addresses: _addresses, protocol: _protocol, ...others } = eip(name, ...objects) ?? {};
      return others;
    };
    assert.deepEqual(rest('a'), { priority: 20, namespaces: ['shop'], namespaceSelector: { team: 'x' } });
    assert.deepEqual(rest('b'), { priority: 21, serviceSelector: { matchLabels: { tier: 'web' } } });
    assert.deepEqual(rest('c'), { priority: 5, serviceSelector: {} });
    assert.match(told(...objects).join('\n'), /changed All IPAddressPools - no pool is for everybody/);
  });

  it('that is for some namespaces by name and for all by labels is for all', () => {
    const serviceAllocation = { namespaces: ['shop'], namespaceSelectors: [{}] };
    const spec = eip('a', pool('a', { serviceAllocation }), bgp('any'));
    assert.deepEqual([spec?.['namespaces'], spec?.['serviceSelector']], [undefined, {}]);
  });

  it('that selects in a way that no selector here can is selected by a label, which has to be put there', () => {
    const serviceAllocation = {
      namespaceSelectors: [{ matchLabels: { a: '1' } }, { matchExpressions: [{ key: 'b', operator: 'Exists' }] }],
    };
    const objects = [pool('a', { serviceAllocation }), bgp('any')];
    const label = 'porterlb.kubesphere.io/namespaces-of-a';
    assert.deepEqual(eip('a', ...objects)?.['namespaceSelector'], { [label]: 'true' });
    const found = importMetalLb(objects).findings.find(({ kind }) => kind === 'todo');
    assert.equal(
      found?.next,
      'Run this first, and for namespaces that are added later: ' +
        `kubectl label namespaces -l 'a=1' ${label}=true && kubectl label namespaces -l 'b' ${label}=true`,
    );
  });
});

describe('advertisements of MetalLB', () => {
  const routes = {
    ...{ localPref: 150, communities: ['65000:1', 'large:65000:1:2', 'quiet', 'nobody'], peers: ['r1'] },
    nodeSelectors: [{ matchLabels: { zone: 'a' } }, { matchLabels: { zone: 'b' } }],
  };
  const names = metalLb('Community', 'names', { communities: [{ name: 'quiet', value: '65535:65281' }] });

  it('by BGP are the attributes of the pool, and label the peers that they name', () => {
    const objects = [pool('public'), bgp('some', routes), names, peer('r1'), peer('r2')];
    assert.deepEqual(eip('public', ...objects), {
      ...{ addresses: ['192.0.2.0/24'], protocol: 'bgp' },
      nodeSelector: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] },
      bgp: {
        ...{ communities: ['65000:1', '65535:65281'], largeCommunities: ['65000:1:2'], localPref: 150 },
        peerSelector: { matchExpressions: [{ key: 'porterlb.kubesphere.io/peer', operator: 'In', values: ['r1'] }] },
      },
    });
    const result = importMetalLb(objects);
    assert.deepEqual(object(result, 'BgpPeer', 'r1')?.metadata.labels, { 'porterlb.kubesphere.io/peer': 'r1' });
    assert.equal(object(result, 'BgpPeer', 'r2')?.metadata.labels, undefined);
    assert.match(
      told(...objects).join('\n'),
      /lost BGPAdvertisement some spec.communities\[3\] "nobody" is no community/,
    );
  });

  it('concern the pools that they name or select, or all', () => {
    const objects = [
      pool('a', {}, { labels: { zone: 'x' } }),
      pool('b', { addresses: ['10.0.0.0/24'] }),
      pool('c', { addresses: ['10.0.1.0/24'] }),
      bgp('a', { ipAddressPoolSelectors: [{ matchLabels: { zone: 'x' } }] }),
      l2('b', { ipAddressPools: ['b'] }),
    ];
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => eip(name, ...objects)?.['protocol']),
      ['bgp', 'layer2', 'bgp'],
    );
    assert.match(told(...objects).join('\n'), /changed IPAddressPool c - no advertisement selects it/);
  });

  it('of one audience are one; of several nodes, what all of them have in common, and that is told', () => {
    const one = [bgp('x', { communities: ['1:1'] }), bgp('y', { communities: ['1:2'], localPref: 7 })];
    assert.deepEqual(eip('public', pool('public'), ...one)?.['bgp'], { communities: ['1:1', '1:2'], localPref: 7 });
    const two = [
      bgp('x', { communities: ['1:1', '1:2'], peers: ['r1'], nodeSelectors: [{ matchLabels: { zone: 'a' } }] }),
      bgp('y', { communities: ['1:2'], peers: ['r2'] }),
    ];
    const key = 'porterlb.kubesphere.io/peer';
    assert.deepEqual(eip('public', pool('public'), ...two)?.['bgp'], {
      communities: ['1:2'],
      peerSelector: { matchExpressions: [{ key, operator: 'In', values: ['r1', 'r2'] }] },
    });
    assert.match(
      told(pool('public'), ...two).join('\n'),
      /lost IPAddressPool public - its BGPAdvertisements x, y differ/,
    );
  });

  it('that differ in peers alone are overrides for these, and nothing is lost', () => {
    const key = 'porterlb.kubesphere.io/peer';
    const named = [
      bgp('x', { communities: ['1:1', 'large:1:1:1', '1:2'], peers: ['r1'] }),
      bgp('y', { communities: ['1:2'], peers: ['r2'], localPref: 7 }),
    ];
    assert.deepEqual(eip('public', pool('public'), ...named)?.['bgp'], {
      communities: ['1:2'],
      peerSelector: { matchExpressions: [{ key, operator: 'In', values: ['r1', 'r2'] }] },
      overrides: [
        {
          peerSelector: { matchLabels: { [key]: 'r1' } },
          communities: ['1:1', '1:2'],
          largeCommunities: ['1:1:1'],
        },
        { peerSelector: { matchLabels: { [key]: 'r2' } }, communities: ['1:2'], localPref: 7 },
      ],
    });
    const rest = [bgp('all', { communities: ['1:9'] }), bgp('more', { communities: ['1:1'], peers: ['r1'] })];
    assert.deepEqual(eip('public', pool('public'), ...rest)?.['bgp'], {
      communities: ['1:9'],
      overrides: [{ peerSelector: { matchLabels: { [key]: 'r1' } }, communities: ['1:9', '1:1'] }],
    });
    const peers = ['r1', 'r2'].map((name) => peer(name));
    assert.doesNotMatch(told(pool('public'), ...named, ...peers).join('\n'), /^lost/m);
  });

  it('for more peers than an Eip has overrides are what all of them have in common, and that is told', () => {
    const many = Array.from({ length: 9 }, (_, i) => bgp(`x${i}`, { communities: [`1:${i}`], peers: [`r${i}`] }));
    const values = many.map((_, i) => `r${i}`);
    assert.deepEqual(eip('public', pool('public'), ...many)?.['bgp'], {
      peerSelector: { matchExpressions: [{ key: 'porterlb.kubesphere.io/peer', operator: 'In', values }] },
    });
    assert.match(told(pool('public'), ...many).join('\n'), /lost IPAddressPool public - its BGPAdvertisements x0, /);
  });

  it('of prefixes give way to those of addresses, and are announced as addresses where they are alone', () => {
    const prefix = bgp('prefix', { aggregationLength: 24, communities: ['1:9'] });
    const address = bgp('address', { communities: ['1:1'] });
    assert.deepEqual(eip('public', pool('public'), prefix, address)?.['bgp'], { communities: ['1:1'] });
    assert.deepEqual(eip('public', pool('public'), prefix)?.['bgp'], { communities: ['1:9'] });
    assert.match(
      told(pool('public'), prefix).join('\n'),
      /lost BGPAdvertisement prefix spec.aggregationLength addresses are announced one by one/,
    );
  });

  it('on links have one interface; with several the one of the subnet is used, which is told', () => {
    assert.equal(eip('public', pool('public'), l2('any', { interfaces: ['eth1'] }))?.['interface'], 'eth1');
    const several = [pool('public'), l2('any', { interfaces: ['eth1', 'eth2'] })];
    assert.equal(eip('public', ...several)?.['interface'], undefined);
    assert.match(
      told(...several).join('\n'),
      /lost L2Advertisement any spec.interfaces of IPAddressPool public: an Eip has one interface/,
    );
  });
});

describe('a router of MetalLB', () => {
  it('is a peer, and the AS number that most have is that of the configuration', () => {
    const result = importMetalLb([peer('r1'), peer('r2'), peer('r3', { myASN: 65003, localASN: 65004 })]);
    assert.deepEqual(object(result, 'BgpConf', 'default')?.spec, { as: 65001 });
    assert.deepEqual(object(result, 'BgpPeer', 'r1')?.spec, { conf: { peerAs: 65000, neighborAddress: '10.50.0.1' } });
    assert.deepEqual(object(result, 'BgpPeer', 'r3')?.spec, {
      conf: { peerAs: 65000, neighborAddress: '10.50.0.1', localAs: 65004 },
    });
  });

  it('has its timers in seconds, with the hold time that follows from the keepalive time alone', () => {
    const timers = (spec: object): unknown => router(spec)?.['timers'];
    assert.deepEqual(timers({ holdTime: '1m30s', keepaliveTime: '10s', connectTime: '2s' }), {
      config: { holdTime: '90', keepaliveInterval: '10', connectRetry: '2' },
    });
    assert.deepEqual(timers({ keepaliveTime: '7s' }), { config: { holdTime: '21', keepaliveInterval: '7' } });
    assert.equal(timers({ holdTime: '0s' }), undefined);
    assert.match(
      told(peer('r1', { holdTime: '0s' })).join(),
      /changed BGPPeer r1 spec.holdTime "0s" is not from 3 to 65535 s/,
    );
    assert.match(told(peer('r1', { holdTime: '3500ms' })).join(), /timers are whole seconds: 3500ms is 3 s/);
  });

  it('has the families that its version of MetalLB means', () => {
    const single = [
      { config: { family: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' } }, addPaths: { config: { sendMax: 10 } } },
    ];
    assert.equal(router({})?.['afiSafis'], undefined);
    assert.equal(router({ disableMP: false })?.['afiSafis'], undefined);
    assert.deepEqual(router({ disableMP: true })?.['afiSafis'], single);
    assert.deepEqual(router({ dualStackAddressFamily: false })?.['afiSafis'], single);
    assert.equal(router({ dualStackAddressFamily: true })?.['afiSafis'], undefined);
  });

  it('has BFD by its profile, no faster than can be relied on', () => {
    const profile = metalLb('BFDProfile', 'fast', {
      receiveInterval: 20,
      transmitInterval: 100,
      detectMultiplier: 5,
      minimumTtl: 250,
    });
    const bfd = { enabled: true, transmitIntervalMs: 100, receiveIntervalMs: 50, detectMultiplier: 5 };
    assert.deepEqual(router({ bfdProfile: 'fast' }, profile)?.['bfd'], bfd);
    assert.deepEqual(router({ bfdProfile: 'fast', ebgpMultiHop: true }, profile)?.['bfd'], { ...bfd, minimumTtl: 250 });
    assert.deepEqual(router({ bfdProfile: 'none' })?.['bfd'], { enabled: true });
    assert.match(told(profile).join(), /unneeded BFDProfile fast - no BGPPeer names it/);
  });

  it('keeps its password; a Secret has to be copied, by a command that is told', () => {
    assert.deepEqual(router({ password: 'secret' })?.['conf'], {
      peerAs: 65000,
      neighborAddress: '10.50.0.1',
      authPassword: 'secret',
    });
    const spec = { passwordSecret: { name: 'bgp' } };
    assert.deepEqual(router(spec)?.['passwordSecretRef'], { name: 'bgp' });
    const found = importMetalLb([peer('r1', spec)]).findings.find(({ kind }) => kind === 'todo');
    assert.match(
      found?.next ?? '',
      /^kubectl create secret generic bgp -n porterlb-system .*get secret bgp -n metallb-system /,
    );
    assert.ok(
      !told(peer('r1', { password: 'secret' }))
        .join()
        .includes('secret"'),
    );
  });

  it('with a password beside a Secret, or an interface beside an address, has one of them, and the other is told', () => {
    const secret = peer('r1', { password: 'secret', passwordSecret: { name: 'bgp' } });
    assert.match(told(secret).join('\n'), /lost BGPPeer r1 spec.password passwordSecret stands beside it/);
    const link = peer('r1', { interface: 'eth1' });
    assert.match(told(link).join('\n'), /changed BGPPeer r1 spec.interface the session goes to peerAddress/);
  });

  it('is asked by its AS number; where that or its address is not known it is left out, and that is told', () => {
    assert.deepEqual(router({ peerASN: 0, dynamicASN: 'internal' })?.['conf'], {
      peerAs: 65001,
      neighborAddress: '10.50.0.1',
    });
    const left = [
      { peerASN: 0, dynamicASN: 'external' },
      { peerAddress: '', interface: 'eth1' },
      { vrf: 'red' },
      { peerAddress: 'r1.example' },
    ];
    for (const spec of left) {
      assert.equal(router(spec), undefined);
      assert.match(told(peer('r1', spec)).join('\n'), /todo BGPPeer r1 spec\.\w+ .*this peer is left out/);
    }
  });

  it('has the identifier of all, if all have one on all nodes', () => {
    const conf = (...objects: AnyObject[]): unknown => object(importMetalLb(objects), 'BgpConf', 'default')?.spec;
    assert.deepEqual(conf(peer('r1', { routerID: '1.1.1.1' }), peer('r2', { routerID: '1.1.1.1' })), {
      as: 65001,
      routerId: '1.1.1.1',
    });
    const others = [peer('r1', { routerID: '1.1.1.1' }), peer('r2')];
    assert.deepEqual(conf(...others), { as: 65001 });
    assert.match(told(...others).join(), /lost BGPPeer r1 spec.routerID 1.1.1.1 is not used/);
  });
});
