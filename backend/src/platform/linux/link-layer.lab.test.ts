/**
 * The data link layer on real veth pairs, in a network namespace that this process makes for itself and that ends with it.
 * Needs root and iproute2.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';
import { FakeLogger } from '../fake/logger.ts';
import {
  linkLayerCompliance,
  linkNames,
  linkPrefixes,
  type LinkLayerHarness,
  type LinkName,
} from '../link-layer-compliance.ts';
import type { Link } from '../ports.ts';
import { openLinkLayer, type SystemLinkLayer } from './link-layer.ts';

const CLONE_NEWNET = 0x4000_0000;
const unshare = koffi.load(null).func('int unshare(int flags)') as (flags: number) => number;
assert.equal(unshare(CLONE_NEWNET), 0, 'a network namespace of its own needs root');

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

async function openLayer(t: TestContext, logger = new FakeLogger()): Promise<SystemLinkLayer> {
  const layer = await openLinkLayer({ logger });
  t.after(() => layer.close());
  return layer;
}

let pairs = 0;

async function makeHarness(t: TestContext): Promise<LinkLayerHarness> {
  const prefix = `t${pairs++}`;
  const device = (name: LinkName): string => `${prefix}-${name}`;
  const ends = [
    ['near', 'far'],
    ['other', 'otherFar'],
  ] as const;
  for (const [a, b] of ends) {
    ip('link', 'add', device(a), 'type', 'veth', 'peer', 'name', device(b));
    t.after(() => spawnSync('ip', ['link', 'del', device(b)]));
  }
  for (const name of linkNames) {
    // No traffic of the kernel's own: what is asserted is what the tests send.
    execFileSync('sysctl', ['-qw', `net.ipv6.conf.${device(name)}.disable_ipv6=1`]);
    ip('addr', 'add', linkPrefixes[name], 'dev', device(name));
    ip('link', 'set', device(name), 'up');
  }
  const layer = await openLayer(t);
  await until(() => linkNames.every((name) => layer.links().some((link) => link.name === device(name) && link.up)));
  return {
    layer,
    until,
    setUp: (name, up) => void ip('link', 'set', device(name), up ? 'up' : 'down'),
    setMac: (name, mac) =>
      void ip(
        'link',
        'set',
        device(name),
        'address',
        Buffer.from(mac)
          .toString('hex')
          .replace(/..(?!$)/g, '$&:'),
      ),
    addPrefix: (name, address) => void ip('addr', 'add', address, 'dev', device(name)),
    removePrefix: (name, address) => void ip('addr', 'del', address, 'dev', device(name)),
    meet: (name, address, mac) => {
      const lladdr = Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
      ip('neigh', 'add', address, 'lladdr', lladdr, 'nud', 'stale', 'dev', device(name));
    },
    remove: (name) => void ip('link', 'del', device(name)),
  };
}

linkLayerCompliance('Linux', makeHarness);

/** A veth pair with 192.0.2.1/24 at its near end, which is the only link that counts. */
async function onePair(t: TestContext): Promise<{ readonly layer: SystemLinkLayer; readonly near: Link }> {
  const prefix = `p${pairs++}`;
  ip('link', 'add', `${prefix}-a`, 'type', 'veth', 'peer', 'name', `${prefix}-b`);
  t.after(() => spawnSync('ip', ['link', 'del', `${prefix}-b`]));
  ip('addr', 'add', '192.0.2.1/24', 'dev', `${prefix}-a`);
  for (const end of ['a', 'b']) ip('link', 'set', `${prefix}-${end}`, 'up');
  const layer = await openLayer(t);
  const [near, ...others] = layer.links();
  assert.ok(near !== undefined && others.length === 0 && near.name === `${prefix}-a`);
  return { layer, near };
}

test('a link that was not there when the layer was opened is seen within a second', async (t) => {
  const { layer } = await onePair(t);
  t.after(() => spawnSync('ip', ['link', 'del', 'br-new']));
  ip('link', 'add', 'br-new', 'type', 'bridge');
  await until(() => layer.links().some(({ name }) => name === 'br-new'));
});

test('a bridge hears what comes to its ports, and they are no links', async (t) => {
  const { layer, near } = await onePair(t);
  const far = near.name.replace('-a', '-b');
  t.after(() => spawnSync('ip', ['link', 'del', 'br-lan']));
  ip('link', 'add', 'br-lan', 'type', 'bridge');
  ip('link', 'set', far, 'master', 'br-lan');
  ip('addr', 'add', '198.51.100.1/24', 'dev', 'br-lan');
  ip('addr', 'add', '198.51.100.2/24', 'dev', far);
  ip('link', 'set', 'br-lan', 'up');
  await until(() => layer.links().some(({ name, up, prefixes }) => name === 'br-lan' && up && prefixes.length > 0));
  assert.deepEqual(
    layer
      .links()
      .map(({ name }) => name)
      .sort(),
    ['br-lan', near.name].sort(),
  );
  const got: string[] = [];
  const bridge = layer.links().find(({ name }) => name === 'br-lan');
  const onGone = (reason: Error): void => assert.fail(reason);
  const [hearing, sending] = [
    layer.open(bridge?.index ?? 0, { onFrame: (frame) => got.push(Buffer.from(frame).toString('hex')), onGone }),
    layer.open(near.index, { onFrame: () => undefined, onGone }),
  ];
  t.after(() => hearing.close());
  t.after(() => sending.close());
  const request = `ffffffffffff${Buffer.from(near.mac).toString('hex')}08060001080006040001${'00'.repeat(20)}`;
  await until(() => {
    sending.send(Buffer.from(request, 'hex'));
    return got.includes(request);
  });
});

test('a link that goes down and comes up again and again, and hears between, costs no descriptor', async (t) => {
  const { layer, near } = await onePair(t);
  const descriptors = (): number => Number(execFileSync('sh', ['-c', `ls /proc/${process.pid}/fd | wc -l`]));
  const before = descriptors();
  for (let round = 0; round < 20; round++) {
    const socket = layer.open(near.index, { onFrame: () => undefined, onGone: (reason) => assert.fail(reason) });
    ip('link', 'set', near.name, round % 2 === 0 ? 'down' : 'up');
    await sleep(1);
    socket.close();
  }
  assert.equal(descriptors(), before);
});

test('a layer works in a worker thread, and ends with it', async (t) => {
  await onePair(t);
  const module = JSON.stringify(new URL('link-layer.ts', import.meta.url).href);
  // The namespace belongs to the thread that made it, and to those that it starts.
  const source = `import { parentPort } from 'node:worker_threads';
    const { openLinkLayer } = await import(${module});
    const layer = await openLinkLayer({ logger: console });
    layer.open(layer.links()[0].index, { onFrame() {}, onGone() {} });
    parentPort.postMessage(layer.links().length);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const links = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  assert.equal(links, 1);
  assert.equal(await worker.terminate(), 1);
});

/** Opens the first link in a process with these capabilities only; what it prints. */
function openWith(capabilities: string): string {
  const module = JSON.stringify(new URL('link-layer.ts', import.meta.url).href);
  const source = `const { openLinkLayer } = await import(${module});
    const layer = await openLinkLayer({ logger: { ...console, warn: console.log } });
    try {
      const socket = layer.open(layer.links()[0].index, { onFrame() {}, onGone() {} });
      socket.join(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1));
      setTimeout(() => { socket.close(); console.log('opened'); }, 50);
    } catch (error) { console.log(error.message); }`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', source];
  const only = ['--bounding-set', capabilities, '--inh-caps=-all', '--no-new-privs', '--reuid=0', '--clear-groups'];
  const { stdout, stderr, status } = spawnSync('setpriv', [...only, ...node], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test('UID 0 with NET_RAW and nothing else is enough', async (t) => {
  await onePair(t);
  assert.equal(openWith('-all,+net_raw'), 'opened');
});

test('without NET_RAW, links are listed and opening one says what to do', async (t) => {
  await onePair(t);
  assert.match(openWith('-all'), /NET_RAW.*UID 0.*capabilities\.add/);
});
