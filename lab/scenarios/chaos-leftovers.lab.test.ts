/** What chaos takes for FRR's own affair after a crash, as FRR tells it: a router without a cluster. Needs root, FRR and iproute2. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { askZebra, type ZebraWords } from '../chaos/zebra.ts';
import { until } from '../state/until.ts';
import { FrrRouter } from './bgp-frr/frr-router.ts';
import { SpeakerHandle } from './bgp-frr/speaker-handle.ts';
import { peers } from './bgp-routers/peers.ts';
import { ip } from './bgp-routers/router-network.ts';

const given = ['10.77.0.1', 'fd00:77::1'];
const found = ['10.77.0.2', 'fd00:77::2'];
const unknown = ['10.77.0.3', 'fd00:77::3'];
const all = [...given, ...found, ...unknown];
const via = (destination: string): string => (destination.includes(':') ? 'fd00:211::11' : '10.211.0.11');

let router: FrrRouter;
let speaker: SpeakerHandle;

before(async () => {
  // It looks ten minutes after its start for routes that nobody gives it: as if it overlooked them until then.
  router = await FrrRouter.start(`plbleft${process.pid}`, ['-K', '600']);
  speaker = new SpeakerHandle(router.speakerNamespace);
});
after(async () => {
  await speaker.kill();
  await router.remove();
});

/** As if FRR had put them there. */
async function addToKernel(destinations: readonly string[]): Promise<void> {
  for (const each of destinations) {
    await ip('-n', router.namespace, 'route', 'add', each, 'via', via(each), 'proto', 'bgp', 'metric', '20');
  }
}

async function words(): Promise<ZebraWords> {
  return askZebra({ vtysh: (...commands) => router.vtysh(commands.join('\n'), 'zebra') }, all);
}

test('zebra tells routes that it found as it started from those that bgpd gave it, and knows nothing of others', async () => {
  for (const daemon of ['bgpd', 'zebra'] as const) await router.stopDaemon(daemon, 'SIGKILL');
  await addToKernel(found);
  for (const daemon of ['zebra', 'bgpd'] as const) await router.startDaemon(daemon);
  const { v4, v6 } = peers({ connectRetrySeconds: 1 });
  await speaker.configure([v4, v6]);
  for (const [i, key] of ['v4', 'v6'].entries()) {
    const [destination = ''] = given.slice(i);
    const prefix = `${destination}/${i === 0 ? 32 : 128}` as const;
    await speaker.setRoutes(key, [{ prefix, med: 100, paths: [{ id: 1, nextHop: via(destination) }] }]);
  }
  const has = async (): Promise<string[]> => [...(await router.routes(4)).keys(), ...(await router.routes(6)).keys()];
  const installed = async (): Promise<boolean> => {
    const now = await has();
    return given.every((each) => now.includes(each));
  };
  await until(installed, { what: 'the routes of the speaker to be in the kernel', timeoutMs: 40_000 });
  await addToKernel(unknown);
  const wanted = [given, found, unknown].flatMap((ips, i) => ips.map((each) => [each, ['given', 'found', 'none'][i]]));
  assert.deepEqual([...(await words())], wanted);
  assert.deepEqual((await has()).sort(), [...all].sort());
});
