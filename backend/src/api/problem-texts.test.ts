/** What is wrong with an object, as its condition says it in English and the API in another language. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Notice } from '../resources/parse.ts';
import { parseBgpConf } from '../resources/parse-bgp-conf.ts';
import { parseBgpPeer } from '../resources/parse-bgp-peer.ts';
import { parseEip } from '../resources/parse-eip.ts';
import { configurationCondition } from '../report/configuration.ts';
import { Translations } from './texts.ts';

const zh = new Translations().in('zh');

type Parse = (object: { readonly metadata: { readonly name: string }; readonly spec: object }) => object;

function problemsOf(parse: unknown, spec: object, name = 'a'): readonly Notice[] {
  const parsed = (parse as Parse)({ metadata: { name }, spec }) as { readonly problems?: readonly Notice[] };
  return parsed.problems ?? [];
}

const NEIGHBOR = { peerAs: 65_000, neighborAddress: '192.0.2.1' };
const UNICAST = [{ config: { family: { afi: 'AFI_IP', safi: 'SAFI_MPLS_LABEL' } } }];

/** Whatever an author can get wrong that the schema lets pass, or let pass once. */
const CASES: readonly (readonly [what: string, problems: readonly Notice[]])[] = [
  ...['192.0.2.0/99', '192.0.2.9-192.0.2.1', '192.0.2.1-2001:db8::1', 'nonsense', '127.0.0.0/30', ''].map(
    (address) => [`address ${address}`, problemsOf(parseEip, { address })] as const,
  ),
  ['two ranges that overlap', problemsOf(parseEip, { addresses: ['192.0.2.0/28', '192.0.2.1'] })],
  ['no range', problemsOf(parseEip, { addresses: [] })],
  ['both kinds of ranges', problemsOf(parseEip, { address: '192.0.2.1', addresses: ['192.0.2.2'] })],
  ['a community', problemsOf(parseEip, { address: '192.0.2.1', bgp: { largeCommunities: ['1:2'] } })],
  ['a router without an AS number', problemsOf(parseBgpPeer, { conf: { neighborAddress: '192.0.2.1' } })],
  ['a neighbour', problemsOf(parseBgpPeer, { conf: { ...NEIGHBOR, neighborAddress: '192.0.2.1%eth0' } })],
  ['a local address', problemsOf(parseBgpPeer, { conf: NEIGHBOR, transport: { localAddress: '2001:db8::1' } })],
  ['a family', problemsOf(parseBgpPeer, { conf: NEIGHBOR, afiSafis: UNICAST })],
  ['a long password', problemsOf(parseBgpPeer, { conf: { ...NEIGHBOR, authPassword: 'x'.repeat(81) } })],
  ['a password of many octets', problemsOf(parseBgpPeer, { conf: { ...NEIGHBOR, authPassword: 'é'.repeat(60) } })],
  ['a timer', problemsOf(parseBgpPeer, { conf: NEIGHBOR, timers: { config: { holdTime: '1s' } } })],
  ['a name', problemsOf(parseBgpConf, { as: 65_000 }, 'other')],
  ['a router ID', problemsOf(parseBgpConf, { as: 65_000, routerId: '0.0.0.0' }, 'default')],
];

function conditionOf(problems: readonly Notice[]): string {
  const none = { ignoredFields: [], warnings: [], earlierInForce: false, generation: 1 };
  return configurationCondition({ ...none, problems }).message;
}

suite('what is wrong with an object', () => {
  for (const [what, problems] of CASES) {
    test(`${what} is told in Chinese: ${problems.map(({ message }) => message).join('; ')}`, () => {
      assert.ok(problems.length > 0);
      const told = zh.told(conditionOf(problems));
      // Nothing is left of the English, but for names and what was typed.
      for (const { field, message } of problems) {
        assert.ok(told.includes(`${field}: `), told);
        assert.ok(!told.includes(message), told);
      }
    });
  }

  test('is told field by field, and stays as it is where there are no words for it', () => {
    const problems = [
      { field: 'spec.address', message: '"x" is not an IP address' },
      { field: 'spec.addresses[1]', message: 'vip; is not offered' },
    ];
    const told = zh.told(conditionOf(problems));
    assert.equal(told, 'spec.address: “x”不是 IP 地址; spec.addresses[1]: vip; is not offered。在更正之前不会使用它。');
  });
});
