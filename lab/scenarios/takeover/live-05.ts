/** A live cluster moves from OpenELB 0.5 to PorterLB, and back, under traffic. Needs root, and is no part of `npm test` yet: node tools/run.mjs lab/scenarios/takeover/live-05.ts */
import { movesFrom } from './live-cluster.ts';

movesFrom('0.5');
