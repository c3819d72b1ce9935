/** The plugin says for whom replicas wait, and which of those they may look at: it must know both as they do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { suspectsOf as ofReplicas } from '../../../backend/src/cluster/watch/domain/suspects.ts';
import { KNOWN_NAMES } from '../../../cli/src/takeover/keys.ts';
import { suspectsOf as ofPlugin } from '../../../cli/src/takeover/suspects.ts';

function binding(name: string, account: string): Parameters<typeof ofPlugin>[0][number] {
  return { metadata: { name }, subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'lb' }] };
}

const BINDINGS = [
  ...['porter-manager-rolebinding', 'openelb-manager-rolebinding', 'porter-manager', 'ingress-controller'],
  ...['openelb-manager', 'openelb-controller', 'my-openelb-speaker', 'openelb-x7k2p-controller', 'openelb-admission'],
].map((name) => binding(name, 'any'));
const BY_ACCOUNT = [binding('lb-speaker', 'openelb-speaker'), binding('lb-manager', 'openelb-manager')];

test('the plugin finds whom replicas find', () => {
  for (const bindings of [BINDINGS, BY_ACCOUNT]) {
    const keys = (found: ReturnType<typeof ofPlugin>): string[] =>
      [...new Set(found.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))].sort();
    const found = keys(ofReplicas(bindings));
    assert.ok(found.length > 2, found.join());
    assert.deepEqual(keys(ofPlugin(bindings)), found);
  }
});

test('the plugin knows which names the chart lets replicas look at', () => {
  const role = readFileSync(join(import.meta.dirname, '../../../charts/backend/templates/clusterrole.yaml'), 'utf8');
  const rules = role.matchAll(
    /resources: \[(?:deployments|daemonsets)\]\n +resourceNames: \[(.*)\]\n +verbs: \[get\]/g,
  );
  const names = [...rules].flatMap(([, list = '']) => list.split(', '));
  assert.deepEqual(names.sort(), [...KNOWN_NAMES].sort());
});
