import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LABELS, type SampledMetric } from './metric.ts';
import { METRICS } from './table.ts';
import { someEngineMeasures, someFacts } from './testing/facts.ts';

const sampled = METRICS.filter((metric): metric is SampledMetric => metric.type !== 'histogram');

/** Base units, as Prometheus' conventions have them, and what counts things that have none. */
const unitOf = /_(milliseconds|ms|minutes|hours|kilobytes|kb|mb|megabytes|percent)(_|$)/;

suite('the names of metrics', () => {
  test('are ours, but for those that all programs have in common, and each is there once', () => {
    const names = METRICS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^(porterlb|process)(_[a-z0-9]+)+$/);
  });

  test("are as Prometheus' conventions want them", () => {
    for (const { name, type } of METRICS) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.doesNotMatch(name, /_(count|sum|bucket)$|gauge|counter|histogram|summary/, name);
      assert.doesNotMatch(name, unitOf, name);
      if (type === 'histogram') assert.match(name, /_seconds$/);
    }
  });

  test('come with a sentence, and with labels that are explained', () => {
    for (const { name, help, labels } of METRICS) {
      assert.match(help, /^[A-Z].*\.$/, name);
      for (const label of labels) assert.ok(LABELS[label].length > 0);
      assert.equal(new Set<string>(labels).size, labels.length, name);
    }
  });

  test('say nothing of single Services and addresses', () => {
    const labels = new Set<string>(METRICS.flatMap((metric): readonly string[] => metric.labels));
    for (const word of ['service', 'namespace', 'ip', 'address', 'mac', 'key']) assert.ok(!labels.has(word), word);
  });
});

suite('samples', () => {
  test('have all labels of their metric and no others, and each set of them once', () => {
    for (const { name, labels, samples } of sampled) {
      const all = [...samples(someFacts())];
      assert.ok(all.length > 0, name);
      for (const { labels: values = {} } of all) {
        assert.deepEqual(Object.keys(values).sort(), [...labels].sort(), name);
      }
      assert.equal(new Set(all.map((sample) => JSON.stringify(sample.labels))).size, all.length, name);
      for (const { value } of all) assert.ok(Number.isFinite(value), name);
    }
  });

  test('of the engine are missing where it does not answer, and nothing else is', () => {
    const facts = someFacts({ engine: undefined });
    const missing = sampled.filter(({ samples }) => [...samples(facts)].length === 0).map(({ name }) => name);
    const shorter = sampled.filter(({ samples }) => [...samples(facts)].length < [...samples(someFacts())].length);
    assert.deepEqual(
      missing.filter((name) => !/^porterlb_(bgp|bfd|layer2|nodes?|replica)_?/.test(name)),
      [],
    );
    assert.equal(missing.length, 9 + 1 + 8 + 10 + 5 + 3);
    assert.equal(shorter.length, missing.length + 4, 'and of those by thread one');
  });

  test('of pools and Services are the leader’s alone', () => {
    const facts = someFacts({ leader: undefined, leads: false });
    const missing = sampled.filter(({ samples }) => [...samples(facts)].length === 0).map(({ name }) => name);
    assert.deepEqual(
      missing.map((name) => name.replace('porterlb_', '')).sort(),
      [
        'pool_addresses',
        'pool_allocatable_addresses',
        'pool_resting_addresses',
        'pool_used_addresses',
        'pool_waiting_services',
        'services',
        'waiting_services',
      ].sort(),
    );
  });

  test('of a thousand nodes are one series for each, and three more', () => {
    const nodes = Array.from({ length: 1_000 }, (_, i) => {
      return { node: `n${i}`, health: 'alive', evidence: 'well', flaps: 0 } as const;
    });
    const count = (engine: ReturnType<typeof someEngineMeasures>): number =>
      sampled.reduce((sum, { samples }) => sum + [...samples(someFacts({ engine }))].length, 0);
    assert.equal(count(someEngineMeasures({ nodes })) - count(someEngineMeasures({ nodes: [] })), 1_000);
    assert.ok(count(someEngineMeasures({ nodes: [] })) < 150);
  });
});
