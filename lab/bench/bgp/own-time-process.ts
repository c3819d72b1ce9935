// What the speaker takes by itself, with so many peers: `own-time-process.ts PEERS`.
import { ownTime } from './own-time.ts';

process.stdout.write(JSON.stringify(await ownTime(Number(process.argv[2]))));
process.exit();
