import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { EXIT, Failure } from '../failure.ts';
import { metalLb, service } from '../import/metallb/testing/objects.ts';
import { KubectlFailed, type Kubectl } from '../reach/kubectl.ts';
import { plain, type View } from '../render/view.ts';
import type { LocalAnswer } from './command.ts';
import { importFromMetalLb } from './import-metallb.ts';

const view: View = { width: 100, now: new Date(0), paint: plain };
const POOL = metalLb('IPAddressPool', 'public', { addresses: ['192.0.2.0/24'] });
const WAY = metalLb('BGPAdvertisement', 'any', {});
const WEB = service('web', ['192.0.2.7']);

/** Answers as kubectl would, by the arguments; who asks for something else is refused. */
class FakeKubectl implements Kubectl {
  readonly #answers: Readonly<Record<string, unknown>>;

  constructor(answers: Readonly<Record<string, unknown>>) {
    this.#answers = answers;
  }

  run(args: readonly string[]): Promise<string> {
    const answer = this.#answers[args.join(' ')];
    const reason = args.includes('--raw') ? 'NotFound' : 'Forbidden';
    if (answer === undefined)
      return Promise.reject(new KubectlFailed(`Error from server (${reason}): ${args.join(' ')}`));
    return Promise.resolve(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  start(): never {
    throw new Error('nothing is to be started');
  }
}

const group = (name: string, ...names: string[]): Record<string, unknown> => ({
  [`get --raw /apis/${name}`]: { versions: [{ groupVersion: `${name}/v1beta1` }] },
  [`get --raw /apis/${name}/v1beta1`]: { resources: names.map((each) => ({ name: each })) },
});

const CLUSTER: Readonly<Record<string, unknown>> = {
  ...group('metallb.io', 'ipaddresspools', 'ipaddresspools/status', 'bgpadvertisements'),
  ...group('frrk8s.metallb.io', 'frrconfigurations', 'frrnodestates'),
  'get ipaddresspools.metallb.io --all-namespaces -o json': { kind: 'List', items: [POOL] },
  'get bgpadvertisements.metallb.io --all-namespaces -o json': { kind: 'List', items: [WAY] },
  'get frrconfigurations.frrk8s.metallb.io --all-namespaces -o json': { kind: 'List', items: [] },
  'get services --all-namespaces -o json': { kind: 'List', items: [WEB] },
  'get configmaps/bgpextras -n metallb-system --ignore-not-found -o json': '',
};

async function imported(
  kubectl: Kubectl,
  files: Readonly<Record<string, string>> = {},
  file?: string,
): Promise<LocalAnswer> {
  const modes = { dryRun: false, apply: false, rollback: false, output: 'table', timeoutMs: 1_000 } as const;
  const read = (name: string): Promise<string> => Promise.resolve(files[name] ?? '');
  const wait = (): Promise<never> => assert.fail('it waits for nothing');
  const { signal } = new AbortController();
  const deps = { kubectl, read, tell: assert.fail, now: () => new Date(0), wait, signal };
  return await importFromMetalLb.perform({ words: [], file, ...modes }, deps);
}

describe('import metallb', () => {
  it('shows what becomes of what the cluster has, and ends with 0 if all is carried over', async () => {
    const { table, exitCode } = await imported(new FakeKubectl(CLUSTER));
    assert.equal(
      `\n${table(view)}`,
      `
OF METALLB             BECOMES
IPAddressPool public   Eip public
1 Service              the same, with the addresses that they have

Nothing was done. With -o yaml this is what is to be applied, once MetalLB is stopped
(docs/how-to/from-metallb.md).
`,
    );
    assert.equal(exitCode, EXIT.fine);
  });

  it('prints YAML that is applied as it is, with all that is to be known in front', async () => {
    const extras = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bgpextras' } };
    const name = 'get configmaps/bgpextras -n metallb-system --ignore-not-found -o json';
    const { yaml, exitCode, remark } = await imported(new FakeKubectl({ ...CLUSTER, [name]: extras }));
    const documents = parseAllDocuments(yaml()).map((document) => document.toJS() as { kind: string });
    assert.deepEqual(
      documents.map(({ kind }) => kind),
      ['Service', 'Eip'],
    );
    assert.match(yaml(), /^# Not carried over:\n# {3}ConfigMap bgpextras: is configuration of FRR/m);
    assert.deepEqual([exitCode, remark], [EXIT.problems, '2 objects; 0 todo, 1 lost, 0 changed, 0 unneeded']);
  });

  it('lets no text of others out of its comment', async () => {
    const odd = service('web', ['192.0.2.7'], {
      annotations: { 'metallb.io/loadBalancerIPs': '1.1.1.1\nkind: Evil\u2028---\u001b[2J' },
    });
    const { yaml, table } = await imported(
      new FakeKubectl({}),
      { 'all.yaml': stringify({ items: [POOL, WAY, odd] }) },
      'all.yaml',
    );
    const head = yaml().slice(0, yaml().indexOf('\n---\n'));
    for (const line of head.split(/[\n\u2028]/)) assert.match(line, /^#/);
    assert.match(table(view), /1\.1\.1\.1\?kind: Evil\?---\?\[2J/);
  });

  it('takes a file in place of the cluster, and misses the Services in one that has none', async () => {
    const text = `${stringify(POOL)}---\n${stringify(WAY)}`;
    const { table, exitCode } = await imported(new FakeKubectl({}), { 'metallb.yaml': text }, 'metallb.yaml');
    assert.match(table(view), /To be done \(1\):\n {2}Services\n {4}there is none in the file/);
    assert.equal(exitCode, EXIT.problems);
  });

  it('says when there is no MetalLB, when it may not look, and when a file is none', async () => {
    const failed = async (answer: Promise<LocalAnswer>): Promise<Failure> =>
      await answer.then(
        () => assert.fail('it did not fail'),
        (error: unknown) => (error instanceof Failure ? error : assert.fail(String(error))),
      );
    assert.equal((await failed(imported(new FakeKubectl({})))).exitCode, EXIT.notFound);
    const { 'get services --all-namespaces -o json': _services, ...others } = CLUSTER;
    const refused = await failed(imported(new FakeKubectl(others)));
    assert.equal(refused.exitCode, EXIT.refused);
    assert.match(refused.message, /Forbidden\): get services /);
    assert.equal((await failed(imported(new FakeKubectl({}), { x: '{' }, 'x'))).exitCode, EXIT.usage);
  });
});
