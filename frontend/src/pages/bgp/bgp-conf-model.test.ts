import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import statuses from '../../../../locales/en/statuses.json' with { type: 'json' };
import type { KubernetesObject } from '../../api/objects.ts';
import { installTexts } from '../../testing/fake-texts.ts';
import { bgpConditions, bgpConsequence, bgpSettings, bgpState } from './bgp-conf-model.ts';

function conf(spec: Readonly<Record<string, unknown>>, resourceVersion: string | undefined = '1'): KubernetesObject {
  const metadata = { name: 'default', ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf', metadata, spec };
}

suite('what a BGP configuration says', () => {
  test('is what holds where it says nothing', () => {
    const nothing = {
      ...{ as: undefined, racks: [], routerId: undefined, listenPort: undefined, listenAddresses: [] },
    };
    assert.deepEqual(bgpSettings(conf({})), { ...nothing, restartSeconds: 120 });
    const openElb = { as: 50_000, listenPort: -1, routerId: '', gracefulRestart: { restartTime: 0 } };
    assert.deepEqual(bgpSettings(conf(openElb)), { ...nothing, as: 50_000, restartSeconds: 120 });
    assert.deepEqual(bgpSettings({ ...conf({}), spec: {} }).restartSeconds, 120);
  });

  test('has no graceful restart only where that is said', () => {
    assert.equal(bgpSettings(conf({ gracefulRestart: { enabled: false, restartTime: 9 } })).restartSeconds, undefined);
    assert.equal(bgpSettings(conf({ gracefulRestart: { restartTime: 9 } })).restartSeconds, 9);
  });
});

suite('a change of the BGP configuration', () => {
  const before = conf({ as: 1, asPerRack: { b: 2, a: 3 }, gracefulRestart: { enabled: true } });

  test('begins sessions anew where both sides have agreed on something else', () => {
    const others = [
      { as: 2 },
      { routerId: '192.0.2.1' },
      { asPerRack: { a: 3 } },
      { gracefulRestart: { restartTime: 9 } },
    ];
    for (const other of others)
      assert.equal(
        bgpConsequence(conf({ ...before.spec, ...other }), before),
        'BGP_SESSIONS_RESTART',
        JSON.stringify(other),
      );
  });

  test('leaves sessions alone where it only says the same otherwise, or where to listen', () => {
    const same = [
      { routerId: '' },
      { asPerRack: { a: 3, b: 2 } },
      { gracefulRestart: undefined },
      { listenPort: 1790 },
    ];
    for (const other of same)
      assert.equal(bgpConsequence(conf({ ...before.spec, ...other }), before), undefined, JSON.stringify(other));
  });

  test('is the beginning where there was none', () => {
    const nothing: KubernetesObject = { ...conf({}), metadata: { name: 'default' } };
    assert.equal(bgpConsequence(before, nothing), 'BGP_SESSIONS_BEGIN');
  });
});

suite('whether a BGP configuration is in force', () => {
  beforeEach(() => installTexts());

  function state(ready: object | undefined, generation = 1): unknown {
    const conditions = ready === undefined ? [] : [{ type: 'Ready', status: 'True', message: 'In use.', ...ready }];
    const object = { ...conf({ as: 1 }), metadata: { name: 'default', generation }, status: { conditions } };
    const { level, title, detail } = bgpState(object);
    return [level, title, detail];
  }

  test('is not known before somebody has looked at it as it is now', () => {
    assert.deepEqual(state(undefined), ['unknown', 'STATE_UNKNOWN', undefined]);
    assert.deepEqual(state({ observedGeneration: 1 }, 2), ['unknown', 'BGP_NOT_SEEN', undefined]);
    assert.deepEqual(state({ status: 'False', observedGeneration: 1 }, 2), ['unknown', 'BGP_NOT_SEEN', undefined]);
  });

  test('is what its condition says', () => {
    assert.deepEqual(state({ observedGeneration: 1 }), ['good', 'BGP_IN_FORCE', undefined]);
    assert.deepEqual(state({}, 5), ['good', 'BGP_IN_FORCE', undefined]);
    assert.deepEqual(state({ message: 'Odd.' }), ['warning', 'BGP_IN_FORCE', 'Odd.']);
    assert.deepEqual(state({ status: 'False', message: 'Why.' }), ['bad', 'BGP_NOT_IN_FORCE', 'Why.']);
  });

  test('is told in the words of Kubernetes as well', () => {
    const conditions = [{ type: 'Ready', status: 'True', reason: 'InUse', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    assert.deepEqual(bgpConditions({ ...conf({}), status: { conditions } }), [
      {
        ...{ type: 'Ready', status: 'True', reason: 'InUse', message: '' },
        ...{ since: '2026-01-01T00:00:00Z', generation: undefined },
      },
    ]);
    assert.deepEqual(bgpConditions({ ...conf({}), status: {} }), []);
  });

  test('is told in the language of who reads it, but for what its schema says', () => {
    // What the manager writes: `configurationCondition` and these are held together by tests of theirs.
    const written = ['invalid', 'invalidAfterGood', 'ignoredFields'] as const;
    const messages = written.map((key) =>
      statuses[key].replace('{problems}', 'spec.as: must be 1 to 9').replace('{fields}', 'spec.a, spec.b'),
    );
    const told = (): unknown[] => messages.map((message) => (state({ status: 'False', message }) as unknown[])[2]);
    assert.deepEqual(told(), messages);
    installTexts('zh');
    assert.deepEqual(told(), [
      'spec.as: must be 1 to 9. 更正之前不会使用此对象。',
      'spec.as: must be 1 to 9. 更正之前仍使用上一个有效版本。',
      '此处不起作用：spec.a, spec.b。',
    ]);
  });
});
