// npm run release:check: whether what is here may be published as the version of package.json. docs/releasing.md says what else there is to do.
import { dirname } from 'node:path';
import { describeStep, runSteps } from './check/steps.ts';
import { releaseSteps } from './release/steps.ts';

const root = dirname(import.meta.dirname);
const results = await runSteps(releaseSteps(root), (result) => process.stdout.write(describeStep(result)));
const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failed.length === 0 ? 'release:check: nothing found' : `release:check: findings in ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
