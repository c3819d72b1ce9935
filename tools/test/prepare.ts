import {
  clusterPrograms,
  ensureControlPlane,
  ensureHelm,
  ensureKubernetes,
  ensurePrograms,
  ensureSchemathesis,
  progressToStderr,
} from '../../lab/toolchain/index.ts';
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
}
