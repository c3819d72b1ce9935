/**
 * `npm run bench:allocate [-- --plan-only] [--services <number>]`: what giving addresses costs, with goals beside the figures. The
 * planner alone with 50,000 Services, then two replicas with 5,000 against a real API server (5 to 10 minutes; needs root, as the lab
 * does). A goal that is missed is shown as such; the exit status tells only whether everything could be measured.
 */
import { parseArgs } from 'node:util';
import { benchApi } from './allocate-api.ts';
import { benchPlanner } from './allocate-plan.ts';
import { inLab } from './in-lab.ts';

/** The planner alone is given so many times as many Services. */
const plannerFactor = 10;
const usageText = `usage: npm run bench:allocate [-- --plan-only] [--services <number>]
  --plan-only            without a lab: the planner alone
  --services <number>    for the API, 400 to 60000 (default 5000); the planner has ${plannerFactor} times as many`;

interface Options {
  readonly planOnly: boolean;
  readonly count: number;
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const options = {
      'plan-only': { type: 'boolean', default: false },
      services: { type: 'string', default: '5000' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    const count = Number(values.services);
    if (!Number.isInteger(count) || count < 400 || count > 60_000) return undefined;
    return { planOnly: values['plan-only'], count };
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(`${usageText}\n`);
    return 2;
  }
  const { planOnly, count } = options;
  benchPlanner(count * plannerFactor);
  return planOnly ? 0 : await inLab((lab, signal) => benchApi(lab, signal, count));
}

process.exit(await main());
