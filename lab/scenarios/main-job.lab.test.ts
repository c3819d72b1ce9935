import { after, before, describe, it } from 'node:test';
import { Lab } from '../lab.ts';
import { mainJob, type Show } from '../story/main-job.ts';
import { progressToStderr } from '../toolchain/index.ts';

/** The demo, as a test: each step asserts what routers, clients and the API show. */
describe('the main job', () => {
  let lab: Lab;
  const show: Show = { progress: progressToStderr, command: () => undefined, result: () => undefined };

  before(async () => {
    lab = await Lab.up({ progress: progressToStderr });
  });
  after(async () => {
    await lab.down();
  });

  for (const step of mainJob) it(step.title, () => step.run(lab, show));
});
