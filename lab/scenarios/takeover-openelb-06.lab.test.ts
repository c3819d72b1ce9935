/** A live cluster moves from OpenELB 0.6 to PorterLB, and back, under traffic, by the commands of the how-to. */
import { readHowTo } from './takeover/how-to.ts';
import { movesFrom } from './takeover/live-cluster.ts';

movesFrom('0.6', readHowTo('docs/how-to/takeover-openelb.md', 'lab/scenarios/takeover-openelb-06.lab.test.ts'));
