import {
  browserPrograms,
  clusterPrograms,
  ensureControlPlane,
  ensureHelm,
  ensureKubernetes,
  ensurePrograms,
  ensureSchemathesis,
  progressToStderr,
} from '../../lab/toolchain/index.ts';
import { whyNoShell } from '../../lab/console-shell/shell.ts';
import type { TestClass } from './classes.ts';

/**
 * Installs and builds what a class of tests needs of the machine, so that no test file's time runs out over it. Silent
 * and quick when everything is there.
 */
export async function prepareFor(testClass: TestClass): Promise<void> {
  if (testClass === 'unit') return;
  if (testClass === 'api') {
    await ensureControlPlane(progressToStderr);
    await ensureSchemathesis(progressToStderr);
    return;
  }
  await ensurePrograms(clusterPrograms, progressToStderr);
  await ensureKubernetes(progressToStderr);
  await ensureHelm(progressToStderr);
  await ensurePrograms(browserPrograms, progressToStderr);
  // Tests that need it say so themselves if there can be none.
  await whyNoShell(progressToStderr);
}
