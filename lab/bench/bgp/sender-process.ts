// Our speaker with the full table, for one router: `sender-process.ts ADDRESS PORT`. It leaves at the first line on stdin; without a router at once, so
// that the compile cache is there.
import { createInterface } from 'node:readline';
import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { systemDialer } from '../../../backend/src/platform/linux/dialer.ts';
import { systemListeners } from '../../../backend/src/platform/linux/listeners.ts';
import { BgpSpeaker } from '../../../backend/src/speakers/bgp/speaker.ts';
import { common, fullTable } from './full-table.ts';
import { silent } from './silent.ts';

const [address, port] = process.argv.slice(2);
if (address !== undefined) {
  const speaker = new BgpSpeaker({
    ...{ clock: systemClock, random: systemRandom, dialer: systemDialer, listeners: systemListeners, logger: silent },
    onSessionChange: () => {},
    onSessionGone: () => {},
  });
  speaker.configure([{ ...common, key: 'r', address, port: Number(port) }]);
  speaker.setRoutes('r', fullTable());
  for await (const _line of createInterface({ input: process.stdin })) break;
  await speaker.stop('handover');
  process.exit();
}
