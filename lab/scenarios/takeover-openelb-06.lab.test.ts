/** A live cluster moves from OpenELB 0.6 to PorterLB, and back, under traffic. */
import { movesFrom } from './takeover/live-cluster.ts';

movesFrom('0.6');
