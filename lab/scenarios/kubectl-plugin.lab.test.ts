import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { Lab } from '../lab.ts';
import { until } from '../state/until.ts';
import { installManager, managerNamespace } from '../story/install.ts';
import { configuration, service } from '../story/manifests.ts';
import { addressOf } from '../story/main-job.ts';
import { PageReader } from '../story/page-reader.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';

const self = 'lab/scenarios/kubectl-plugin.lab.test.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running plugin. */
class Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly pid: number;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn('kubectl', ['porterlb', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.pid = child.pid ?? 0;
    this.#kill = (signal) => void child.kill(signal);
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  async interrupt(): Promise<Ended> {
    this.#kill('SIGINT');
    return await this.ended;
  }
}

suite('kubectl porterlb, as one file, in a real cluster', () => {
  let lab: Lab;
  let folder: string;
  let path: string;
  let ip: string;
  let giveTenantRights: () => Promise<void>;
  /** The page's tenant is a user. */
  const tomsAccount = { '--user=tom': '--serviceaccount=default:tom' };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'porterlb-plugin-'));
    lab = await Lab.up({ nodes: 1, routers: 1, clients: 0, progress: progressToStderr });
    const page = new PageReader('docs/kubectl-plugin.md', self, { '/usr/local/bin/': folder, ...tomsAccount });
    const [install, tenant, ...others] = page.commands;
    assert.ok(install !== undefined && tenant !== undefined);
    assert.deepEqual(others, [], 'all blocks of the page have their turn');
    giveTenantRights = () => page.type(lab, tenant);
    await page.type(lab, install);
    path = [folder, dirname(lab.kubectlProgram), process.env['PATH'] ?? ''].join(delimiter);
    await installManager(lab, progressToStderr, ['replicas=1']);
    for (const object of configuration(lab)) await lab.apply(object);
    for (const name of ['shop', 'bank']) await lab.kubectl(['create', 'namespace', name]);
    await lab.apply(service('web', { app: 'nobody' }));
    ip = await addressOf(lab, 'web');
    for (const namespace of ['shop', 'bank']) {
      const object = service('web', { app: 'nobody' });
      await lab.apply({ ...object, metadata: { ...object.metadata, namespace } });
    }
    const said = ['--for=condition=network.kubesphere.io/Announced=false', '--timeout=120s'];
    for (const namespace of ['default', 'shop', 'bank'])
      await lab.kubectl(['wait', 'service/web', '-n', namespace, ...said]);
  });
  after(async () => {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (kubeconfig: string, ...args: string[]): Running =>
    new Running(args, { ...process.env, PATH: path, KUBECONFIG: kubeconfig, LANG: 'C' });
  const porterlb = async (kubeconfig: string, ...args: string[]): Promise<Ended> =>
    await start(kubeconfig, ...args).ended;

  /** Asks until rights that were just given have got around. */
  async function answered(kubeconfig: string, ...args: string[]): Promise<Ended> {
    let last: Ended | undefined;
    return await until(
      async () => {
        last = await porterlb(kubeconfig, ...args);
        return last.code !== null && last.code < 3 ? last : undefined;
      },
      { what: `an answer to ${args.join(' ')}`, explain: () => Promise.resolve(JSON.stringify(last)) },
    );
  }

  /** For who may not read where the manager runs. */
  const told = ['--manager-namespace', managerNamespace];

  /** A kubeconfig as the administrator's, with another user. */
  function kubeconfig(name: string, user: object): string {
    const config = parse(readFileSync(lab.kubeconfig, 'utf8')) as { users: { name: string; user: object }[] };
    const users = config.users.map((each) => ({ ...each, user }));
    const file = join(folder, `${name}.kubeconfig`);
    writeFileSync(file, stringify({ ...config, users }), { mode: 0o600 });
    return file;
  }

  async function serviceAccountToken(name: string): Promise<string> {
    await lab.kubectl(['create', 'serviceaccount', name]);
    return (await lab.kubectl(['create', 'token', name])).trim();
  }

  async function mayReachReplicas(name: string, subject: string): Promise<void> {
    const role = ['--role=porterlb-port-forward', subject, '-n', managerNamespace];
    await lab.kubectl(['create', 'rolebinding', name, ...role]);
  }

  test('with a client certificate it asks by a token of the viewer, if that may be made', async () => {
    const { certificateFile, keyFile } = await lab.clientCertificate('carol');
    const carol = kubeconfig('carol', { 'client-certificate': certificateFile, 'client-key': keyFile });
    const untold = await porterlb(carol, 'status');
    assert.deepEqual([untold.code, untold.stdout], [4, '']);
    assert.match(untold.stderr, /User "carol" cannot get .*clusterrolebindings/);
    assert.match(untold.stderr, /--manager-namespace NAME/);
    const stranger = await porterlb(carol, 'status', ...told);
    assert.equal(stranger.code, 4, stranger.stderr);
    assert.match(stranger.stderr, /User "carol" cannot/);
    assert.match(stranger.stderr, /porterlb-port-forward|serviceaccounts\/token/);
    await mayReachReplicas('carol', '--user=carol');
    const unarmed = await until(
      async () => {
        const ended = await porterlb(carol, 'status', ...told);
        return /no token can be made/.test(ended.stderr) ? ended : undefined;
      },
      { what: 'carol to get through to the replica' },
    );
    assert.equal(unarmed.code, 4);
    const minter = ['create', 'role', 'minter', '-n', managerNamespace, '--verb=create'];
    await lab.kubectl([...minter, '--resource=serviceaccounts/token', '--resource-name=porterlb-viewer']);
    await lab.kubectl(['create', 'rolebinding', 'minter', '--role=minter', '--user=carol', '-n', managerNamespace]);
    const { code, stdout, stderr } = await answered(carol, 'status', ...told);
    // None of its Services has a Pod.
    assert.equal(code, 1, stderr);
    assert.match(stdout, /^PorterLB \d+\.\d+\.\d+: bad/);
    assert.match(stdout, /^public +bgp +ready +3 /m);
    assert.match(stdout, /^r1 +\S+ +65000 +/m);
    assert.match(stdout, /NoEndpoints/);
  });

  test('with a credential plugin it asks by the token that the plugin hands out', async () => {
    const token = await serviceAccountToken('erin');
    const status = { token, expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString() };
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    const plugin = join(folder, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(credential)}\nEND\n`);
    chmodSync(plugin, 0o700);
    const exec = { apiVersion: credential.apiVersion, command: './plugin', interactiveMode: 'Never' };
    const erin = kubeconfig('erin', { exec });
    await mayReachReplicas('erin', '--serviceaccount=default:erin');
    const viewer = ['create', 'clusterrolebinding', 'erin', '--clusterrole=porterlb-viewer'];
    await lab.kubectl([...viewer, '--serviceaccount=default:erin']);
    const { code, stdout } = await answered(erin, 'explain', 'svc/web', '-o', 'json');
    assert.equal(code, 1);
    const { result, checks } = JSON.parse(stdout) as { result: string; checks: { check: string; reason: string }[] };
    assert.equal(result, 'unreachable');
    assert.ok(checks.some(({ check, reason }) => check === 'endpoints' && reason === 'NoEndpoints'));
  });

  test('a tenant with a token of a ServiceAccount sees his own Services, and is told what he misses', async () => {
    const token = await serviceAccountToken('tom');
    const tom = kubeconfig('tom', { token });
    await giveTenantRights();
    const own = await answered(tom, 'services', '-n', 'shop', ...told);
    assert.equal(own.code, 0);
    assert.match(own.stdout, /^shop +web +NoEndpoints +\d+[sm] +172\.30\.0\.\d+ /m);
    assert.equal((await porterlb(tom, 'path', 'web', '-n', 'shop', ...told)).code, 1);
    for (const args of [['services', '-A'], ['explain', 'web', '-n', 'bank'], ['status']]) {
      const { code, stdout, stderr } = await porterlb(tom, ...args, ...told);
      assert.deepEqual([code, stdout], [4, ''], args.join(' '));
      assert.match(stderr, /system:serviceaccount:default:tom may not/);
      assert.match(stderr, /Needed: "(list|get)" on (services|services\/explanation|overview|pools|peers) in/);
    }
  });

  test('by hand it takes a port and a token', async () => {
    const page = new PageReader('docs/api.md', self, { NAME: 'tom' });
    const [ask, ...others] = page.commands;
    assert.ok(ask !== undefined);
    assert.deepEqual(others, [], 'all blocks of the page have their turn');
    const env = { PATH: path, KUBECONFIG: lab.kubeconfig };
    const text = await run('bash', ['-euo', 'pipefail', '-c', `trap 'kill $(jobs -p)' EXIT\n${page.text(ask)}`], {
      env,
    });
    const { result } = JSON.parse(text.slice(text.indexOf('{'))) as { result: string };
    assert.equal(result, 'unreachable');
  });

  test('an administrator asks why nobody reaches a Service, as the page for that begins', async () => {
    const page = new PageReader('docs/troubleshooting.md', self, { NAMESPACE: 'shop', NAME: 'web' });
    const [ask, ...others] = page.commands;
    assert.ok(ask !== undefined);
    assert.deepEqual(others, [], 'all blocks of the page for this test have their turn');
    const [program, , ...args] = page.text(ask).trim().split(' ');
    assert.equal(program, 'kubectl');
    const { code, stdout } = await answered(lab.kubeconfig, ...args);
    assert.equal(code, 1);
    assert.match(stdout, /NoEndpoints/);
  });

  test('an administrator asks what is there, what is not, and what would be', async () => {
    const { kubeconfig: admin } = lab;
    const pool = await answered(admin, 'pools', 'public');
    assert.match(pool.stdout, new RegExp(`^${ip.replaceAll('.', '\\.')} +used +\\d+[sm] +default/web$`, 'm'));
    const gone = await porterlb(admin, 'explain', 'nothing', '--language', 'zh');
    assert.deepEqual([gone.code, gone.stdout], [5, '']);
    assert.match(gone.stderr, /^error: .*default\/nothing/);
    const drained = await porterlb(admin, 'simulate', 'drain', 'n1', '-o', 'yaml');
    assert.equal(drained.code, 0, drained.stderr);
    assert.equal((parse(drained.stdout) as { keeps: number }).keeps, 3);
    const misspelt = await porterlb(admin, 'simulate', 'drain', 'n1', 'nothing');
    assert.deepEqual([misspelt.code, misspelt.stdout], [5, ''], misspelt.stderr);
    const nowhere = await porterlb(admin, 'status', '--manager-namespace', 'bank');
    assert.deepEqual([nowhere.code, nowhere.stdout], [3, '']);
    assert.match(nowhere.stderr, /there is no porter-manager in the namespace bank/);
  });

  test('another serving certificate and another Pod are met in the middle of a watch, and by the next call', async () => {
    const watching = start(lab.kubeconfig, 'pools', '--watch');
    await until(() => Promise.resolve(watching.stdout.includes('public')), { what: 'the watch to show the pool' });
    const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
    const certificate = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await run('openssl', [...certificate, '-days', '365', '-subj', '/CN=rotated', '-keyout', key, '-out', cert]);
    const encoded = (file: string): string => readFileSync(file).toString('base64');
    const data = { 'tls.key': encoded(key), 'tls.crt': encoded(cert) };
    const secret = `/api/v1/namespaces/${managerNamespace}/secrets/porter-manager-api`;
    await lab.api.patch(secret, { data });
    await lab.kubectl([
      'delete',
      'pods',
      '-n',
      managerNamespace,
      '-l',
      'app.kubernetes.io/name=porter-manager',
      '--now',
    ]);
    await lab.apply({
      ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'late' } },
      spec: { address: '172.31.0.0/24' },
    });
    await until(() => Promise.resolve(/^late +bgp/m.test(watching.stdout)), {
      what: 'the watch to show the pool that came later',
      timeoutMs: 120_000,
      explain: () => Promise.resolve(`${watching.stdout}\n${watching.stderr}`),
    });
    const script = `openssl s_client -connect ${lab.node('n1').addresses.ipv4}:17982 </dev/null 2>/dev/null | openssl x509 -noout -subject`;
    assert.match(await lab.node('n1').exec('sh', '-c', script), /CN ?= ?rotated/);
    assert.equal((await answered(lab.kubeconfig, 'pools', 'late')).code, 0);
    const forward = Number((await run('pgrep', ['-f', '-P', String(watching.pid), 'port-forward'])).trim());
    const { code, stderr } = await watching.interrupt();
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /\n\s+at /);
    await until(() => Promise.resolve(!isAlive(forward)), { what: 'its kubectl port-forward to end with it' });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
