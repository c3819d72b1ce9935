import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBgpConf } from './parse-bgp-conf.ts';
import { parseBgpPeer } from './parse-bgp-peer.ts';
import { parseEip } from './parse-eip.ts';
import type { Notice, StoredObject } from './parse.ts';
import { goodManifests, objectOf } from './testing/manifests.ts';
import type { Manifest } from './testing/manifests.ts';
import { refusedByParse, refusedSpecs } from './testing/refused.ts';

const PARSE = { Eip: parseEip, BgpConf: parseBgpConf, BgpPeer: parseBgpPeer } as const;

function problemsOf(kind: Manifest['kind'], object: StoredObject): readonly Notice[] {
  const result = PARSE[kind](object);
  return result.ok ? [] : result.problems;
}

const good = goodManifests();
assert.ok(good.length > 10, 'the manifests are found');
for (const object of good.filter(({ kind, metadata }) => kind !== 'BgpConf' || metadata.name === 'default')) {
  test(`${object.kind} ${object.metadata.name} is understood`, () => {
    assert.deepEqual(problemsOf(object.kind, object), []);
  });
}

const table = [...refusedSpecs, ...refusedByParse];
assert.ok(refusedSpecs.length > 50 && refusedByParse.length > 5, 'the tables have entries');
for (const { kind, spec, field, says } of table) {
  test(`${kind} with ${JSON.stringify(spec)} is refused because of ${field}`, () => {
    const problems = problemsOf(kind, objectOf(kind, 'default', spec));
    const named = problems.filter((problem) => problem.field === field && problem.message.includes(says ?? ''));
    assert.notEqual(named.length, 0, `got ${JSON.stringify(problems)}`);
  });
}

test('an object without a spec is refused, and no kind throws', () => {
  for (const kind of ['Eip', 'BgpConf', 'BgpPeer'] as const) {
    for (const spec of [undefined, null, 'text', []]) {
      assert.equal(problemsOf(kind, { metadata: { name: 'default' }, spec })[0]?.field, 'spec');
    }
  }
});

test('all problems of an object are reported at once', () => {
  const problems = problemsOf('Eip', objectOf('Eip', 'many', { addresses: ['x', '192.0.2.1', 'y'], protocol: 'z' }));
  assert.deepEqual(
    problems.map(({ field }) => field),
    ['spec.addresses[0]', 'spec.addresses[2]', 'spec.protocol'],
  );
});
