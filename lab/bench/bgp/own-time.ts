import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { systemListeners } from '../../../backend/src/platform/linux/listeners.ts';
import type { Logger } from '../../../backend/src/platform/ports.ts';
import { BgpSpeaker } from '../../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../../state/until.ts';
import { common, oneNodeForAll } from './full-table.ts';
import { MuteNetwork } from './mute-network.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

export interface OwnTime {
  /** Of the whole table to all peers, from the call to the last octet that is written. */
  readonly tableMs: number;
  /** Of a change of one next hop of all prefixes, to all peers; of several the middle one. */
  readonly changeMs: number;
  readonly changeBytes: number;
  /** Resident memory more than before. */
  readonly memoryMiB: number;
}

const changes = 9;

/** What a speaker with so many peers takes by itself: nothing here goes over a network. */
export async function ownTime(peers: number): Promise<OwnTime> {
  const network = new MuteNetwork(common.peerAs);
  const before = process.memoryUsage().rss;
  const speaker = new BgpSpeaker({
    ...{ clock: systemClock, random: systemRandom, dialer: network, listeners: systemListeners, logger: silent },
    onSessionChange: () => {},
    onSessionGone: () => {},
  });
  const keys = Array.from({ length: peers }, (_, i) => `r${i}`);
  speaker.configure(keys.map((key, i) => ({ ...common, key, address: `10.212.${i >> 8}.${i & 255}` })));
  await until(async () => speaker.sessions().every(({ state }) => state === 'Established'), { what: 'all sessions' });

  const whole = oneNodeForAll();
  const tableMs = timed(() => keys.forEach((key) => speaker.setRoutes(key, whole)));
  const times: number[] = [];
  let changeBytes = 0;
  for (let round = 0; round < changes; round++) {
    const changed = oneNodeForAll(round % 2 === 0 ? 3 : undefined);
    const bytesBefore = network.bytes;
    times.push(timed(() => keys.forEach((key) => speaker.updateRoutes(key, changed))));
    changeBytes = network.bytes - bytesBefore;
  }
  const memoryMiB = (process.memoryUsage().rss - before) / 2 ** 20;
  await speaker.stop('retain');
  const middle = times.sort((one, other) => one - other)[changes >> 1] ?? NaN;
  return { tableMs, changeMs: middle, changeBytes, memoryMiB };
}

/** Milliseconds of processor time, garbage collection included: what else the machine does makes it no longer. */
function timed(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}
