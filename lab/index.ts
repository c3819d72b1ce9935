/** The lab's handles: what the demo, the tests and the benches use. */
export { Lab } from './lab.ts';
export type { LabOptions } from './lab.ts';
export { LightLab } from './light-lab.ts';
export type { LightLabOptions } from './light-lab.ts';
export { ApiClient, ApiError } from './cluster/api-client.ts';
export type { KubeObject, ObjectRef, PatchType } from './cluster/api-client.ts';
export type { LightNode, NodeSpec } from './cluster/light-node.ts';
export type { ClusterNode } from './cluster/node.ts';
export { images } from './images/images.ts';
export type { WhoamiAnswer } from './images/images.ts';
export { answersFor, owners, ownersOverlap, reigns } from './lan/claims.ts';
export type { LanRecord } from './lan/records.ts';
export type { Sniffer } from './lan/sniffer.ts';
export type { Client, GetOptions, HttpAnswer } from './network/client.ts';
export type { Host } from './network/host.ts';
export type { NeighbourTable } from './network/neighbours.ts';
export {
  clientNetwork,
  lanPoolRange,
  nodeNetwork,
  podRange,
  poolRange,
  secondNetwork,
  secondPoolRange,
  serviceRange,
} from './network/plan.ts';
export type { Addresses, Ranges } from './network/plan.ts';
export { routerAsn } from './network/frr-configuration.ts';
export type { BgpSummary, Router } from './network/router.ts';
export type { NextHop } from './network/routes.ts';
export { listLabs } from './state/lab-registry.ts';
export { until } from './state/until.ts';
export type { UntilOptions } from './state/until.ts';
export { MissingRequirements, noProgress, progressToStderr } from './toolchain/index.ts';
export type { Progress } from './toolchain/index.ts';
export { CommandFailed, run } from './toolchain/run.ts';
