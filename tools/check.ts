// npm run check: everything about the sources that needs no running program. `--fix` mends what can be mended first.
import { dirname } from 'node:path';
import { checkSteps, describeStep, fixAll, runSteps } from './check/steps.ts';

const root = dirname(import.meta.dirname);
const args = process.argv.slice(2);
const unknown = args.filter((arg) => arg !== '--fix');

if (unknown.length > 0) {
  console.error(`check: unknown argument ${unknown.join(' ')}\nusage: npm run check [-- --fix]`);
  process.exit(2);
}
// What could not be mended is found again, and reported, by the checks.
if (args.includes('--fix')) await fixAll(root);

const results = await runSteps(checkSteps(root), (result) => process.stdout.write(describeStep(result)));
const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failed.length === 0 ? 'check: nothing found' : `check: findings in ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
