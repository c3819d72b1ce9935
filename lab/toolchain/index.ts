/** What the lab runs: found, installed or built, each once. Nothing here says a word when everything is in place. */
export { cacheFolder } from './cache.ts';
export { ensurePrograms } from './debian.ts';
export { ensureControlPlane, ensureHelm, ensureKubernetes } from './kubernetes.ts';
export type { ControlPlanePrograms, KubernetesPrograms } from './kubernetes.ts';
export { ensureSchemathesis } from './schemathesis.ts';
export type { PythonProgram } from './schemathesis.ts';
export { browserPrograms, clusterPrograms, findProgram } from './programs.ts';
export type { Program } from './programs.ts';
export { MissingRequirements, noProgress, progressToStderr } from './progress.ts';
export type { Progress } from './progress.ts';
