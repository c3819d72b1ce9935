import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cruise } from 'dependency-cruiser';
import { forbidden, options } from '../../.dependency-cruiser.mjs';
import { withTree, type Tree } from './fixture-tree.ts';

interface Finding {
  readonly rule: string;
  readonly from: string;
}

/** What dependency-cruiser finds in the tree under this repository's rules. */
function findings(tree: Tree): Promise<Finding[]> {
  return withTree(tree, async (root) => {
    const folders = [...new Set(Object.keys(tree).map((path) => path.split('/')[0] ?? ''))];
    const { output } = await cruise(folders, { ...options, baseDir: root, ruleSet: { forbidden }, validate: true });
    assert.ok(typeof output === 'object');
    return output.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
  });
}

/** `importer` importing `specifier` must break `rule`, and no other. */
interface Breach {
  readonly rule: string;
  readonly importer: string;
  readonly specifier: string;
}

const src = 'backend/src';

/** Everything a breach may point at, in one piece and without a breach of its own. */
const neighbours: Tree = {
  [`${src}/domain/pool.ts`]: "import { parse } from 'ipaddr.js';\nexport const pool = parse;",
  [`${src}/allocate/plan.ts`]: "import { pool } from '../domain/pool.ts';\nexport const plan = pool;",
  [`${src}/announce/announce.ts`]: "import { pool } from '../domain/pool.ts';\nexport const announce = pool;",
  [`${src}/platform/ports.ts`]: 'export interface Clock { now(): number }',
  [`${src}/platform/fake/clock.ts`]: "import type { Clock } from '../ports.ts';\nexport const clock: Clock[] = [];",
  [`${src}/platform/clock-compliance.ts`]: "import fc from 'fast-check';\nexport const compliance = fc;",
  [`${src}/platform/linux/dialer.ts`]: "import { connect } from 'node:net';\nexport const dial = connect;",
  [`${src}/speakers/bgp/wire/open.ts`]: 'export const open = 1;',
  [`${src}/speakers/bgp/fsm.ts`]:
    "import type { Clock } from '../../platform/ports.ts';\nimport { open } from './wire/open.ts';\nexport const fsm = [open] as unknown as Clock;",
  [`${src}/speakers/bgp/testing/router.ts`]:
    "import { clock } from '../../../platform/fake/clock.ts';\nexport const router = clock;",
  [`${src}/speakers/layer2/announcer.ts`]:
    "import type { Clock } from '../../platform/ports.ts';\nexport type Announcer = Clock;",
  [`${src}/cluster/client.ts`]:
    "import * as k8s from '@kubernetes/client-node';\nimport { Agent } from 'undici';\nexport const client = [k8s, Agent];",
  [`${src}/api/server.ts`]: "import { createServer } from 'node:http';\nexport const server = createServer;",
  [`${src}/main.ts`]:
    "import { client } from './cluster/client.ts';\nimport { plan } from './allocate/plan.ts';\nexport const main = [client, plan];",
  'lab/net.ts':
    "import { spawn } from 'node:child_process';\nimport { Agent } from 'undici';\nexport const net = [spawn, Agent];",
  [`${src}/domain/pool.test.ts`]:
    "import { clock } from '../platform/fake/clock.ts';\nimport fc from 'fast-check';\nexport const test = [clock, fc];",
};

const breach = (rule: string, importer: string, specifier: string): Breach => ({ rule, importer, specifier });

const breaches: readonly Breach[] = [
  breach('domain-imports-nothing-of-ours', `${src}/domain/x.ts`, '../allocate/plan.ts'),
  breach('domain-imports-nothing-of-ours', `${src}/domain/x.ts`, '../platform/ports.ts'),
  breach('decisions-import-only-domain', `${src}/allocate/x.ts`, '../announce/announce.ts'),
  breach('decisions-import-only-domain', `${src}/announce/x.ts`, '../allocate/plan.ts'),
  breach('decisions-import-only-domain', `${src}/announce/x.ts`, '../platform/ports.ts'),
  breach('speakers-know-only-ports', `${src}/speakers/bgp/x.ts`, '../layer2/announcer.ts'),
  breach('speakers-know-only-ports', `${src}/speakers/layer2/x.ts`, '../../domain/pool.ts'),
  breach('speakers-know-only-ports', `${src}/speakers/bgp/x.ts`, '../../platform/linux/dialer.ts'),
  breach('saved-knows-values-only', `${src}/saved/x.ts`, '../announce/announce.ts'),
  breach('saved-knows-values-only', `${src}/saved/x.ts`, '../platform/linux/dialer.ts'),
  breach('api-is-a-leaf', `${src}/report/x.ts`, '../api/server.ts'),
  breach('api-only-reads', `${src}/api/x.ts`, '../platform/linux/dialer.ts'),
  breach('api-only-reads', `${src}/api/x.ts`, '../speakers/layer2/announcer.ts'),
  breach('read-models-are-functions', `${src}/api/model/x.ts`, '../server.ts'),
  breach('read-models-are-functions', `${src}/api/model/x.ts`, 'node:https'),
  breach('platform-knows-no-layer', `${src}/platform/linux/x.ts`, '../../domain/pool.ts'),
  breach('nothing-imports-main', `${src}/engine/x.ts`, '../main.ts'),
  breach('kubernetes-only-in-cluster', `${src}/report/x.ts`, '@kubernetes/client-node'),
  breach('kubernetes-only-in-cluster', `${src}/health/x.ts`, 'undici'),
  breach('kubernetes-only-in-cluster', `${src}/speakers/bgp/x.ts`, '@kubernetes/client-node'),
  breach('sockets-only-in-platform', `${src}/engine/x.ts`, 'node:net'),
  breach('sockets-only-in-platform', `${src}/speakers/bgp/x.ts`, 'net'),
  breach('sockets-only-in-platform', `${src}/health/x.ts`, 'node:dgram'),
  breach('sockets-only-in-platform', `${src}/cluster/x.ts`, 'node:tls'),
  breach('sockets-only-in-platform', `${src}/platform/x.ts`, 'node:child_process'),
  breach('http-only-in-api', `${src}/health/x.ts`, 'node:http'),
  breach('http-only-in-api', `${src}/cluster/x.ts`, 'node:https'),
  breach('prom-client-only-in-metrics', `${src}/cluster/x.ts`, 'prom-client'),
  breach('fakes-are-for-tests', `${src}/engine/x.ts`, '../platform/fake/clock.ts'),
  breach('fakes-are-for-tests', `${src}/engine/x.ts`, '../platform/clock-compliance.ts'),
  breach('tests-are-leaves', `lab/x.test.ts`, `../${src}/domain/pool.test.ts`),
  breach('backend-stands-alone', `${src}/engine/x.ts`, '../../../lab/net.ts'),
  breach('clients-use-the-api', 'frontend/x.ts', '../backend/src/domain/pool.ts'),
  breach('clients-use-the-api', 'cli/x.ts', '../backend/src/domain/pool.ts'),
  breach('no-unresolvable', `${src}/engine/x.ts`, './nowhere.ts'),
  breach('declared-dependencies-only', `${src}/engine/x.ts`, 'fast-check'),
  breach('declared-dependencies-only', `${src}/engine/x.ts`, 'semver'),
];

describe('import rules', () => {
  it('accept a tree that keeps to them', async () => {
    assert.deepEqual(await findings(neighbours), []);
  });

  for (const { rule, importer, specifier } of breaches) {
    it(`${rule}: ${importer} must not import ${specifier}`, async () => {
      const text = `import * as it from '${specifier}';\nexport const x = it;`;
      assert.deepEqual(await findings({ ...neighbours, [importer]: text }), [{ rule, from: importer }]);
    });
  }

  it('count type-only imports', async () => {
    const importer = `${src}/speakers/bgp/x.ts`;
    const text = "import type { KubeConfig } from '@kubernetes/client-node';\nexport type X = KubeConfig;";
    const found = await findings({ ...neighbours, [importer]: text });
    assert.deepEqual(found, [{ rule: 'kubernetes-only-in-cluster', from: importer }]);
  });

  it('wire-imports-nothing-of-ours: not its own speaker, nor another protocol of it', async () => {
    for (const specifier of ['../fsm.ts', '../../../platform/ports.ts', '../bfd/wire/control.ts']) {
      const importer = `${src}/speakers/bgp/wire/x.ts`;
      const found = await findings({
        ...neighbours,
        [`${src}/speakers/bgp/bfd/wire/control.ts`]: "import { Buffer } from 'node:buffer';\nexport const c = Buffer;",
        [importer]: `import * as it from '${specifier}';\nexport const x = it;`,
      });
      assert.deepEqual(found, [{ rule: 'wire-imports-nothing-of-ours', from: importer }], specifier);
    }
  });

  it('refuse cycles, also those of types', async () => {
    const found = await findings({
      ...neighbours,
      [`${src}/engine/a.ts`]: "import type { B } from './b.ts';\nexport type A = B | 1;",
      [`${src}/engine/b.ts`]: "import type { A } from './a.ts';\nexport type B = A | 2;",
    });
    assert.deepEqual([...new Set(found.map(({ rule }) => rule))], ['no-cycles']);
  });

  it('refuse a file that nobody imports and that imports nobody', async () => {
    const found = await findings({ ...neighbours, [`${src}/engine/x.ts`]: 'export const x = 1;' });
    assert.deepEqual(found, [{ rule: 'no-orphans', from: `${src}/engine/x.ts` }]);
  });

  it('have an example for every rule', () => {
    const elsewhere = ['wire-imports-nothing-of-ours', 'no-cycles', 'no-orphans'];
    const shown = [...breaches.map(({ rule }) => rule), ...elsewhere];
    assert.deepEqual([...new Set(shown)].sort(), forbidden.map(({ name }) => String(name)).sort());
  });
});
