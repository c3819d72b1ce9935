import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseBgpPeer } from '../../../backend/src/resources/parse-bgp-peer.ts';
import { bgpConfSpec } from '../../../backend/src/resources/bgp-conf.ts';
import { parseEip } from '../../../backend/src/resources/parse-eip.ts';
import { importMetalLb } from '../../../cli/src/import/metallb/convert.ts';
import type { Manifest } from '../../../cli/src/import/metallb/manifest.ts';
import { EVERYTHING, metalLb } from '../../../cli/src/import/metallb/testing/objects.ts';

/** Why the manager would not take an object. */
function problems(object: Manifest): string[] {
  if (object.kind === 'Service') return [];
  if (object.kind === 'BgpConf') return bgpConfSpec.safeParse(object.spec).success ? [] : ['BgpConf'];
  const parsed = object.kind === 'Eip' ? parseEip(object) : parseBgpPeer(object);
  if (!parsed.ok) return parsed.problems.map(({ field, message }) => `${object.kind} ${field} ${message}`);
  return parsed.ignoredFields.map((field) => `${object.kind} ${field} is ignored`);
}

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,70}[a-z0-9])?$/);
const labels = fc.dictionary(fc.constantFrom('a', 'b', 'example.com/c'), fc.constantFrom('1', '2'), { minKeys: 1 });
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom('a', 'd'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom('1', '2', '3'), { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom('a', 'd'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const selectors = fc.array(
  fc.record({ matchLabels: labels, matchExpressions: fc.array(requirement, { maxLength: 2 }) }, { requiredKeys: [] }),
  { maxLength: 3 },
);
const optional = { requiredKeys: [] };
const range = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 16, max: 32 })).map(([ip, length]) => `${ip}/${length}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 64, max: 128 })).map(([ip, length]) => `${ip}/${length}`),
  fc.tuple(fc.ipV4(), fc.ipV4()).map(([first, last]) => `${first} - ${last}`),
);
const pool = fc
  .record({
    addresses: fc.array(range, { minLength: 1, maxLength: 70 }),
    more: fc.record(
      {
        autoAssign: fc.boolean(),
        avoidBuggyIPs: fc.boolean(),
        serviceAllocation: fc.record(
          {
            priority: fc.nat(1000),
            namespaces: fc.uniqueArray(fc.constantFrom('shop', 'bank')),
            namespaceSelectors: selectors,
            serviceSelectors: selectors,
          },
          optional,
        ),
      },
      optional,
    ),
  })
  // One range is sure to be usable: a pool of none at all is one that the manager refuses, and rightly.
  .map(({ addresses, more }) => ({ addresses: ['192.0.2.1-192.0.2.9', ...addresses], ...more }));
const link = fc.record({ nodeSelectors: selectors, interfaces: fc.uniqueArray(name, { maxLength: 2 }) }, optional);
const community = fc.oneof(
  fc.tuple(fc.nat(70_000), fc.nat(70_000)).map((parts) => parts.join(':')),
  fc.tuple(fc.nat(), fc.nat(), fc.nat()).map((parts) => `large:${parts.join(':')}`),
  name,
);
const routes = fc.record(
  {
    nodeSelectors: selectors,
    peers: fc.uniqueArray(name, { maxLength: 3 }),
    communities: fc.array(community, { maxLength: 5 }),
    localPref: fc.nat(),
    aggregationLength: fc.integer({ min: 1, max: 32 }),
  },
  optional,
);
const duration = fc.oneof(
  fc.nat(70_000).map((seconds) => `${seconds}s`),
  fc.nat(100_000).map((ms) => `${ms}ms`),
  fc.string(),
);
const peer = fc
  .record({
    myASN: fc.integer({ min: 1, max: 4_294_967_295 }),
    peerASN: fc.integer({ min: 0, max: 4_294_967_295 }),
    peerAddress: fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((ip) => !ip.includes('.')),
      fc.string(),
    ),
    more: fc.record(
      {
        ...{ localASN: fc.nat(), peerPort: fc.integer({ min: 1, max: 16_384 }), routerID: fc.ipV4() },
        ...{ holdTime: duration, keepaliveTime: duration, connectTime: duration, nodeSelectors: selectors },
        ...{
          password: fc.string({ maxLength: 20 }),
          bfdProfile: fc.constantFrom('fast', 'gone'),
          ebgpMultiHop: fc.boolean(),
        },
        ...{ enableGracefulRestart: fc.boolean(), dualStackAddressFamily: fc.boolean(), disableMP: fc.boolean() },
      },
      optional,
    ),
  })
  .map(({ more, ...rest }) => ({ ...rest, ...more }));
const profile = fc.record(
  {
    ...{
      receiveInterval: fc.integer({ min: 10, max: 60_000 }),
      transmitInterval: fc.integer({ min: 10, max: 60_000 }),
    },
    ...{ detectMultiplier: fc.integer({ min: 2, max: 255 }), minimumTtl: fc.integer({ min: 1, max: 254 }) },
  },
  optional,
);

describe('what becomes of the objects of MetalLB', () => {
  it('is taken by the manager, with every field in use', () => {
    assert.deepEqual(importMetalLb(EVERYTHING).objects.flatMap(problems), []);
  });

  it('is so for whatever MetalLB takes', () => {
    const given = fc.record({
      ...{ called: name, addresses: pool, router: peer, bfd: profile },
      advertisements: fc.tuple(
        fc.array(
          link.map((spec) => metalLb('L2Advertisement', 'link', spec)),
          { maxLength: 1 },
        ),
        fc
          .array(routes, { maxLength: 3 })
          .map((specs) => specs.map((spec, i) => metalLb('BGPAdvertisement', `routes${i}`, spec))),
      ),
    });
    fc.assert(
      fc.property(given, ({ called, addresses, router, bfd, advertisements }) => {
        const { objects, findings } = importMetalLb([
          ...[metalLb('IPAddressPool', called, addresses), ...advertisements.flat()],
          ...[metalLb('BGPPeer', called, router), metalLb('BFDProfile', 'fast', bfd)],
        ]);
        assert.deepEqual(objects.flatMap(problems), []);
        assert.ok(objects.some(({ kind }) => kind === 'Eip'));
        const isLeftOut = findings.some(({ kind, object }) => kind === 'todo' && object === `BGPPeer ${called}`);
        assert.ok(isLeftOut || objects.some(({ kind }) => kind === 'BgpPeer'));
      }),
    );
  });
});
