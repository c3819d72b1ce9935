import type { AnyCommand } from './command.ts';
import { explain } from './explain.ts';
import { importFromMetalLb } from './import-metallb.ts';
import { nodes } from './nodes.ts';
import { path } from './path.ts';
import { peers } from './peers.ts';
import { pools } from './pools.ts';
import { preflight } from './preflight.ts';
import { services } from './services.ts';
import { simulateDisable, simulateDrain, simulateShutdown } from './simulate.ts';
import { status } from './status.ts';
import { takeoverOpenelb } from './takeover-openelb.ts';
import { version } from './version.ts';

/** All commands, in the order of the help. */
export const COMMANDS: readonly AnyCommand[] = [
  ...[status, explain, path, services, pools, peers, nodes],
  ...[simulateDrain, simulateDisable, simulateShutdown, preflight, takeoverOpenelb, importFromMetalLb, version],
];
