/**
 * The data link layer on real veth pairs, in a network namespace that this process makes for itself and that ends with it.
 * Needs root and iproute2.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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
import type { Link, LinkSocket } from '../ports.ts';
import { libc } from './libc.ts';
import { openLinkLayer, type SystemLinkLayer } from './link-layer.ts';
import { RouteMonitor } from './route-socket.ts';

const CLONE_NEWNET = 0x4000_0000;
const unshare = koffi.load(null).func('int unshare(int flags)') as (flags: number) => number;
assert.equal(unshare(CLONE_NEWNET), 0, 'a network namespace of its own needs root');

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 12_000 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

async function openLayer(t: TestContext, logger = new FakeLogger()): Promise<SystemLinkLayer> {
  const layer = await openLinkLayer({ logger });
  t.after(() => layer.close());
  return layer;
}

/** IPv6 without what takes time or speaks first. */
const withIpv6 = (device: string): string[] =>
  ['disable_ipv6=0', 'accept_dad=0', 'router_solicitations=0'].map((each) => `net.ipv6.conf.${device}.${each}`);

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
    addForeign: () => {
      const name = `cni${pairs++}`;
      ip('link', 'add', name, 'type', 'bridge');
      t.after(() => spawnSync('ip', ['link', 'del', name]));
      ip('addr', 'add', '203.0.114.1/24', 'dev', name);
      ip('link', 'set', name, 'up');
      return name;
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

test('frames to a group that nobody has joined, which a veth passes, are told of and not delivered', async (t) => {
  const { layer } = await makeHarness(t);
  const socketOn = (end: string, onFrame: () => void, onUnwanted: () => void): LinkSocket => {
    const link = layer.links().find(({ name }) => name.endsWith(`-${end}`));
    const socket = layer.open(link?.index ?? 0, { onFrame, onUnwanted, onGone: (reason) => assert.fail(reason) });
    t.after(() => socket.close());
    return socket;
  };
  const heard = { frames: 0, unwanted: 0 };
  socketOn(
    'far',
    () => void heard.frames++,
    () => void heard.unwanted++,
  );
  const near = socketOn('near', assert.fail, assert.fail);
  const solicitation = `3333ff000042020000000001${'86dd'}6000000000183aff${'00'.repeat(32)}87000000${'00'.repeat(20)}`;
  near.send(Buffer.from(solicitation, 'hex'));
  await until(() => heard.unwanted === 1);
  assert.equal(heard.frames, 0);
});

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

test('a port that a pool names is not used, and the log says why, once for each time that it becomes one', async (t) => {
  const logger = new FakeLogger();
  const layer = await openLayer(t, logger);
  const { near } = await onePair(t);
  const isLink = (): boolean => layer.links().some(({ name }) => name === near.name);
  const told = (): unknown[] =>
    logger.entries.flatMap(({ fields: { link, why } }) => (link === near.name ? [why] : []));
  const port = 'it is a port of a bridge, which has the addresses in its place';
  await until(isLink);
  layer.setNamed(new Set([near.name]));
  assert.deepEqual([isLink(), told()], [true, []]);
  t.after(() => spawnSync('ip', ['link', 'del', 'br-lan']));
  ip('link', 'add', 'br-lan', 'type', 'bridge');
  ip('link', 'set', near.name, 'master', 'br-lan');
  await until(() => !isLink());
  layer.setNamed(new Set([near.name, 'eth99']));
  assert.deepEqual(told(), [port]);
  ip('link', 'set', near.name, 'nomaster');
  await until(isLink);
  ip('link', 'set', near.name, 'master', 'br-lan');
  await until(() => !isLink());
  assert.deepEqual(told(), [port, port]);
});

test('frames that come faster than they are taken: each is delivered, or told of as one that there was no room for', async (t) => {
  const { layer, near } = await onePair(t);
  ip('addr', 'add', '198.51.100.1/24', 'dev', near.name.replace('-a', '-b'));
  const farLink = (): Link | undefined => layer.links().find(({ name }) => name === near.name.replace('-a', '-b'));
  await until(() => farLink()?.up === true);
  const onGone = (reason: Error): void => assert.fail(reason);
  let [delivered, overflow] = [0, 0];
  const hearing = layer.open(near.index, { onFrame: () => void delivered++, onGone });
  const sending = layer.open(farLink()?.index ?? 0, { onFrame: () => undefined, onGone });
  for (const socket of [hearing, sending]) t.after(() => socket.close());
  const request = Buffer.from(`ffffffffffff020000000009${'0806'}0001080006040001${'00'.repeat(20)}`, 'hex');
  // In one turn of the event loop, so that none is taken meanwhile; the system may let a socket have more room than this.
  const frames = 20_000;
  for (let i = 0; i < frames; i++) sending.send(request);
  await until(() => {
    overflow += hearing.takeOverflow();
    return delivered + overflow >= frames;
  });
  assert.equal(delivered + overflow, frames);
  assert.ok(overflow > 0, 'there was room for all of them');
  assert.equal(hearing.takeOverflow(), 0);
});

test('a link that goes down and comes up again and again, and hears between, costs no descriptor', async (t) => {
  const { layer, near } = await onePair(t);
  // Without a process that is started for it: its pipes are descriptors as well, until they are closed.
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 0; round < 20; round++) {
    const socket = layer.open(near.index, { onFrame: () => undefined, onGone: (reason) => assert.fail(reason) });
    ip('link', 'set', near.name, round % 2 === 0 ? 'down' : 'up');
    await sleep(1);
    socket.close();
  }
  assert.equal(descriptors(), before);
});

/** A router's advertisement of one prefix that is on-link and not for autoconfiguration (RFC 4861, 4.2 and 4.6.2). */
function advertisement(from: Uint8Array, prefix: string, validSeconds: number): Uint8Array {
  const hex = (value: number, octets: number): string => value.toString(16).padStart(2 * octets, '0');
  const option = `03044080${hex(validSeconds, 4)}${hex(validSeconds, 4)}00000000${prefix}`;
  const [source, all] = [`fe80${'00'.repeat(13)}fe`, `ff02${'00'.repeat(13)}01`];
  const message = (checksum: number): string => `8600${hex(checksum, 2)}${'00'.repeat(12)}${option}`;
  const length = message(0).length / 2;
  const words = `${source}${all}${hex(length, 4)}${hex(58, 4)}${message(0)}`.match(/.{4}/g) ?? [];
  const sum = words.reduce((total, word) => total + parseInt(word, 16), 0);
  const checksum = 0xffff - ((sum >> 16) + (sum & 0xffff));
  const ethernet = `333300000001${Buffer.from(from).toString('hex')}86dd`;
  return Buffer.from(`${ethernet}60000000${hex(length, 2)}3aff${source}${all}${message(checksum)}`, 'hex');
}

test('a host with an address of full length, as by DHCPv6, has the subnet that a router advertises, until it says otherwise', async (t) => {
  const { layer, near } = await onePair(t);
  const far = near.name.replace('-a', '-b');
  execFileSync('sysctl', ['-qw', ...withIpv6(near.name), `net.ipv6.conf.${near.name}.accept_ra=2`]);
  ip('-6', 'addr', 'add', '2001:db8::5/128', 'dev', near.name);
  ip('addr', 'add', '198.51.100.1/24', 'dev', far);
  const found = (name: string): Link | undefined => layer.links().find((link) => link.name === name);
  const own = (): string | undefined => found(near.name)?.prefixes.find((prefix) => prefix.startsWith('2001:'));
  await until(() => found(far)?.up === true && own() !== undefined);
  assert.equal(own(), '2001:db8::5/128');
  const router = layer.open(found(far)?.index ?? 0, {
    onFrame: () => undefined,
    onGone: (reason) => assert.fail(reason),
  });
  t.after(() => router.close());
  const advertise = (validSeconds: number): void =>
    router.send(advertisement(found(far)?.mac ?? near.mac, `20010db8${'00'.repeat(12)}`, validSeconds));
  await until(() => {
    advertise(3_600);
    return own() === '2001:db8::5/64';
  });
  assert.equal(layer.linkTowards('2001:db8::9')?.name, near.name);
  await until(() => {
    advertise(0);
    return own() === '2001:db8::5/128';
  });
});

test('two links on which the same prefix is: each address has it, whatever the metric; one through a router is no subnet', async (t) => {
  const { layer, near } = await onePair(t);
  const far = near.name.replace('-a', '-b');
  ip('addr', 'add', '198.51.100.1/24', 'dev', far);
  [near.name, far].forEach((name, i) => {
    execFileSync('sysctl', ['-qw', ...withIpv6(name)]);
    ip('-6', 'addr', 'add', `2001:db8::${i + 5}/128`, 'dev', name);
    ip('-6', 'addr', 'add', `2001:db8:1::${i + 5}/128`, 'dev', name);
    ip('-6', 'route', 'add', '2001:db8::/64', 'dev', name, 'proto', 'ra', 'metric', String(100 + i));
    ip(
      '-6',
      'route',
      'add',
      '2001:db8:1::/64',
      'via',
      'fe80::1',
      'dev',
      name,
      'proto',
      'ra',
      'metric',
      String(100 + i),
    );
  });
  const own = (name: string): string[] | undefined =>
    layer
      .links()
      .find((link) => link.name === name)
      ?.prefixes.filter((prefix) => prefix.startsWith('2001:'));
  await until(() => [near.name, far].every((name) => own(name)?.some((prefix) => prefix.endsWith('/64'))));
  assert.deepEqual(
    [own(near.name), own(far)],
    [
      ['2001:db8:1::5/128', '2001:db8::5/64'],
      ['2001:db8:1::6/128', '2001:db8::6/64'],
    ],
  );
});

test('routes of routing daemons, to single hosts and of link scope wake nobody; those that may say what is on a link do', async (t) => {
  const { near } = await onePair(t);
  execFileSync('sysctl', ['-qw', ...withIpv6(near.name)]);
  ip('-6', 'addr', 'add', '2001:db8:1::5/64', 'dev', near.name);
  let [wakes, others] = [0, 0];
  const monitors = [
    new RouteMonitor(libc(), 'routes', () => wakes++),
    new RouteMonitor(libc(), 'interfaces', () => others++),
  ];
  t.after(() => monitors.forEach((monitor) => monitor.close()));
  const dev = ['dev', near.name];
  const prefixes = Array.from({ length: 500 }, (_, i) => `2001:db8:f${i.toString(16)}::/64`);
  const lines = prefixes.map((prefix) => `route add ${prefix} via 2001:db8:1::1 ${dev.join(' ')} proto bgp`);
  lines.push(`route add 2001:db8:2::9 ${dev.join(' ')}`, `route add fe80:0:0:1::/64 ${dev.join(' ')} proto kernel`);
  execFileSync('ip', ['-6', '-batch', '-'], { input: lines.join('\n') });
  // What comes later by another way has come.
  ip('addr', 'add', '192.0.2.7/24', ...dev);
  await until(() => others > 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(wakes, 0);
  for (const [i, protocol] of ['kernel', 'boot', 'static', 'ra', 'dhcp'].entries()) {
    const before = wakes;
    ip('-6', 'route', 'add', `2001:db8:${i + 3}::/64`, ...dev, 'proto', protocol);
    await until(() => wakes > before);
  }
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
