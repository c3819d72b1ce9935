/** Whatever can be wrong with any field of an object, or odd about it, is told in the language of who asks. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { configurationCondition } from '../report/configuration.ts';
import { bgpConfSpec } from '../resources/bgp-conf.ts';
import { bgpPeerSpec } from '../resources/bgp-peer.ts';
import { eipSpec } from '../resources/eip.ts';
import { parseBgpConf } from '../resources/parse-bgp-conf.ts';
import { parseBgpPeer } from '../resources/parse-bgp-peer.ts';
import { parseEip } from '../resources/parse-eip.ts';
import { parseSpec, type Notice, type Parse } from '../resources/parse.ts';
import type { Status } from './schemas/status.ts';
import { ApiBench } from './testing/api-bench.ts';
import { Translations } from './texts.ts';

const zh = new Translations().in('zh');
const LONG = 'x'.repeat(5_000);
const WRONG: readonly unknown[] = [
  ...[undefined, null, 1, -1, 1.5, 1e12, 1e30, -1e30, 'x', LONG, true, [], ['x'], [1], {}, { x: 'y' }, { x: 1 }],
  { 'no key': 'y' },
  ...[{ nextHopSelf: true, afiSafis: [{ addPaths: { config: { sendMax: 2 } } }] }, Array<string>(2_000).fill('x')],
];

type Step = string | 0;

/** Of all fields of a schema, the way to each; an entry of a list is a 0. */
function* ways(schema: z.ZodType, way: readonly Step[] = []): Generator<readonly Step[]> {
  yield way;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    yield* ways(schema.unwrap() as z.ZodType, way);
  else if (schema instanceof z.ZodArray) yield* ways(schema.element as z.ZodType, [...way, 0]);
  else if (schema instanceof z.ZodRecord) yield* ways(schema.valueType as z.ZodType, [...way, 'key']);
  else if (schema instanceof z.ZodObject)
    for (const [name, field] of Object.entries(schema.shape)) yield* ways(field as z.ZodType, [...way, name]);
}

/** A spec with nothing but this value there. */
function specWith([step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  const inner = specWith(rest, value);
  return step === 0 ? [inner] : { [step]: inner };
}

/** Each message once, whatever its numbers. */
function problemsOf(schema: z.ZodType): Notice[] {
  const found = new Map<string, Notice>();
  for (const way of ways(schema)) {
    for (const wrong of WRONG) {
      const parsed = parseSpec(schema, { spec: specWith(way, wrong) });
      for (const problem of parsed.ok ? [] : parsed.problems)
        found.set(problem.message.replaceAll(/\d+/g, ''), problem);
    }
  }
  return [...found.values()];
}

const CIRCUMSTANCES = { ignoredFields: [], earlierInForce: false, generation: 1 };

suite('what a schema refuses', () => {
  for (const [kind, schema, least] of [
    ['Eip', eipSpec, 30],
    ['BgpPeer', bgpPeerSpec, 30],
    ['BgpConf', bgpConfSpec, 20],
  ] as const) {
    test(`of the spec of an ${kind} is told in Chinese, at every field`, () => {
      const all = problemsOf(schema);
      assert.ok(all.length >= least, `${all.length} messages`);
      for (const problem of all) {
        const { message } = configurationCondition({ ...CIRCUMSTANCES, warnings: [], problems: [problem] });
        const told = zh.told(message);
        assert.ok(told.startsWith(`${problem.field}: `) && !told.includes(problem.message), told);
      }
    });
  }
});

suite('what is odd about an object', () => {
  const object = (name: string, spec: object): object => ({ metadata: { name }, spec });
  const conf = { peerAs: 65_000, neighborAddress: '192.0.2.1' };
  const warned = ({ ok, ...rest }: Parse<unknown>): readonly Notice[] => {
    assert.ok(ok && 'warnings' in rest);
    return rest.warnings;
  };
  for (const [what, warnings] of [
    ['host bits', warned(parseEip(object('a', { address: '192.0.2.5/24' })))],
    ['host bits of two', warned(parseEip(object('a', { addresses: ['192.0.2.5/24', '2001:db8::5/64'] })))],
    ['vip', warned(parseEip(object('a', { address: '192.0.2.1', protocol: 'vip' })))],
    ['a port', warned(parseBgpConf(object('default', { as: 65_000, listenPort: 179 })))],
    ['an identifier', warned(parseBgpConf(object('default', { as: 65_000, routerId: '192.0.2.1' })))],
    [
      'a keepalive',
      warned(parseBgpPeer(object('r', { conf, timers: { config: { holdTime: '9', keepaliveInterval: '9' } } }))),
    ],
    ['BFD', warned(parseBgpPeer(object('r', { conf, bfd: { enabled: true, transmitIntervalMs: 50 } })))],
  ] as const) {
    test(`${what}: is told in Chinese`, () => {
      assert.ok(warnings.length > 0);
      const { message } = configurationCondition({
        ...CIRCUMSTANCES,
        ignoredFields: ['spec.x'],
        warnings,
        problems: [],
      });
      const told = zh.told(message);
      assert.doesNotMatch(told, /[a-z]{3,} (?:is|means|all|one|ms|of|uses) /, told);
      for (const { field } of warnings) assert.ok(told.includes(`${field}：`), told);
    });
  }
});

suite('what is wrong with a spec that comes with a request', () => {
  for (const [change, field, chinese] of [
    [{ pools: [{ name: 'a', spec: { address: 'nonsense' } }] }, 'body.pools.a.spec.address', /须为 IP 地址、CIDR/],
    [{ pools: [{ name: 'a', spec: { addresses: ['192.0.2.1', 7] } }] }, 'body.pools.a.spec.addresses[1]', /^须为文本/],
    [{ pools: [{ name: 'a', spec: { address: '127.0.0.0/30' } }] }, 'body.pools.a.spec.address', /任何 Service 都不能/],
    [
      { peers: [{ name: 'r', spec: { conf: { peerAs: 1 } } }] },
      'body.peers.r.spec.conf.neighborAddress',
      /^此字段必填$/,
    ],
  ] as const) {
    test(`is told in Chinese: ${field}`, async (context) => {
      const api = await new ApiBench().start();
      context.after(async () => await api.stop());
      const headers = { 'content-type': 'application/json', 'accept-language': 'zh' };
      const reply = await api.get('simulations', { method: 'POST', headers, body: JSON.stringify(change) });
      assert.equal(reply.status, 400);
      const { details, message } = reply.json<Status>();
      assert.equal(details?.causes?.[0]?.field, field);
      assert.match(details?.causes?.[0]?.message ?? '', chinese);
      assert.doesNotMatch(message, /must|Invalid|required/);
    });
  }
});
