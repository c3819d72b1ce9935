import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { ArpSettings } from './arp-settings.ts';
import { ApiBench, eips, factsOf } from './testing/api-bench.ts';
import type { Preflight } from './schemas/simulation.ts';

type Values = Readonly<Record<string, readonly [ignore: number, announce: number]>>;

function proc(context: TestContext, values: Values): string {
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-arp-'));
  context.after(() => rmSync(folder, { recursive: true }));
  write(folder, values);
  return folder;
}

function write(folder: string, values: Values): void {
  for (const [name, [ignore, announce]] of Object.entries(values)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'arp_ignore'), `${ignore}\n`);
    writeFileSync(join(folder, name, 'arp_announce'), `${announce}\n`);
  }
}

suite('what the kernel is told about ARP', () => {
  test('at an interface is the higher of its own and the setting for all', async (context) => {
    const folder = proc(context, { all: [1, 0], eth0: [0, 2], eth1: [2, 1] });
    const arp = new ArpSettings({ clock: new FakeClock() }, { folder });
    assert.deepEqual(await arp.at(['eth0', 'eth1']), [
      { interface: 'eth0', ignore: 1, announce: 2 },
      { interface: 'eth1', ignore: 2, announce: 1 },
    ]);
    assert.deepEqual(await arp.at([]), [{ interface: 'all', ignore: 1, announce: 0 }]);
  });

  test('is read again after a minute', async (context) => {
    const clock = new FakeClock();
    const folder = proc(context, { all: [0, 0] });
    const arp = new ArpSettings({ clock }, { folder });
    await arp.at([]);
    write(folder, { all: [1, 2] });
    clock.advance(60_000);
    assert.deepEqual(await arp.at([]), [{ interface: 'all', ignore: 1, announce: 2 }]);
  });

  test('is not known where the kernel does not say', async (context) => {
    const arp = new ArpSettings({ clock: new FakeClock() }, { folder: proc(context, {}) });
    assert.equal(await arp.at(['eth0']), undefined);
  });
});

suite('kube-proxy in IPVS mode with a pool on a link', () => {
  const strict = { interface: 'eth0', ignore: 1, announce: 2 };

  async function found(context: TestContext, arp: readonly (typeof strict)[] | undefined): Promise<string> {
    const api = await new ApiBench().start();
    context.after(async () => await api.stop());
    await api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29', protocol: 'layer2' } });
    api.replicas.set('porter-0', factsOf('porter-0', { kubeProxyMode: 'ipvs', arp: [strict] }));
    api.replicas.set('porter-1', factsOf('porter-1', { kubeProxyMode: 'ipvs', arp }));
    const { checks } = await api.answer<Preflight>('preflight');
    const check = checks.find((each) => each.check === 'kubeProxy');
    return [check?.result, ...(check?.objects ?? [])].join(' ');
  }

  test('is well where strictARP is set on every node', async (context) => {
    assert.equal(await found(context, [strict]), 'passed');
  });

  test('is a warning that names the nodes where it is not, and at which interface', async (context) => {
    const eth1 = { interface: 'eth1', ignore: 0, announce: 2 };
    assert.equal(await found(context, [strict, eth1]), 'warning porter-1-node: eth1: arp_ignore=0, arp_announce=2');
  });

  test('is a warning where the replica does not say, as one of an earlier version', async (context) => {
    assert.equal(await found(context, undefined), 'warning porter-1-node');
  });
});
