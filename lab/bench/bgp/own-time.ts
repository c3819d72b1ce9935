import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { systemListeners } from '../../../backend/src/platform/linux/listeners.ts';
import { BgpSpeaker } from '../../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../../state/until.ts';
import { common, oneNodeForAll } from './full-table.ts';
import { MuteNetwork } from './mute-network.ts';
import { silent } from './silent.ts';

export interface OwnTime {
  /** Of the whole table to all peers, from the call to the last octet that is written. */
  readonly tableMs: number;
  /** Of a change of one next hop of all prefixes, to all peers; of several the middle one. */
  readonly changeMs: number;
  readonly changeBytes: number;
  /** How long, at most, nothing else had its turn while all of that was sent. */
  readonly longestMs: number;
  /** The most resident memory that the process had. */
  readonly memoryMiB: number;
}

const changes = 9;
/** So many looks at which nothing was written any more, and the thread was free. */
const quietLooks = 20;
const idleMs = 2;

/** What a speaker with so many peers takes by itself: nothing here goes over a network. */
export async function ownTime(peers: number): Promise<OwnTime> {
  const network = new MuteNetwork(common.peerAs);
  const speaker = new BgpSpeaker({
    ...{ clock: systemClock, random: systemRandom, dialer: network, listeners: systemListeners, logger: silent },
    onSessionChange: () => {},
    onSessionGone: () => {},
  });
  const keys = Array.from({ length: peers }, (_, i) => `r${i}`);
  speaker.configure(keys.map((key, i) => ({ ...common, key, address: `10.212.${i >> 8}.${i & 255}` })));
  await until(async () => speaker.sessions().every(({ state }) => state === 'Established'), { what: 'all sessions' });

  const whole = oneNodeForAll();
  const table = await timed(network, () => keys.forEach((key) => speaker.setRoutes(key, whole)));
  const times: number[] = [];
  let changeBytes = 0;
  let { longestMs } = table;
  for (let round = 0; round < changes; round++) {
    const changed = oneNodeForAll(round % 2 === 0 ? 3 : undefined);
    const bytesBefore = network.bytes;
    const change = await timed(network, () => keys.forEach((key) => speaker.updateRoutes(key, changed)));
    times.push(change.ms);
    longestMs = Math.max(longestMs, change.longestMs);
    changeBytes = network.bytes - bytesBefore;
  }
  const memoryMiB = process.resourceUsage().maxRSS / 2 ** 10;
  await speaker.stop('retain');
  const middle = times.sort((one, other) => one - other)[changes >> 1] ?? NaN;
  return { tableMs: table.ms, changeMs: middle, changeBytes, longestMs, memoryMiB };
}

/** Milliseconds of processor time until all is written, garbage collection included: what else the machine does makes it no longer. */
async function timed(network: MuteNetwork, work: () => void): Promise<{ ms: number; longestMs: number }> {
  const began = process.cpuUsage();
  let looked = performance.now();
  let [longestMs, quiet, bytes] = [0, 0, network.bytes];
  work();
  while (quiet < quietLooks) {
    await sleep(1);
    const tookMs = performance.now() - looked - 1;
    looked += tookMs + 1;
    longestMs = Math.max(longestMs, tookMs);
    // Between two turns of the speaker there is hardly a moment.
    quiet = network.bytes === bytes && tookMs < idleMs ? quiet + 1 : 0;
    bytes = network.bytes;
  }
  const { user, system } = process.cpuUsage(began);
  return { ms: (user + system) / 1_000, longestMs };
}
