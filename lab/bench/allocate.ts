import { benchPlanner } from './allocate-plan.ts';
benchPlanner(50_000);
