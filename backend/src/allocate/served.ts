import { finding, type Finding } from '../domain/reason.ts';
import { LOAD_BALANCER_CLASS, type Service } from '../domain/service.ts';

export interface ServedQuestion {
  readonly service: Service;
  /** A pool marked as default exists (whatever its state): Services without a class are then ours unless somebody serves them. */
  readonly defaultPoolExists: boolean;
}

/** `served` and `notServed` end the chain, `undefined` passes on to the next check. */
type Verdict = 'served' | Finding | undefined;
type ServedCheck = (question: ServedQuestion) => Verdict;

function isLoadBalancer({ service }: ServedQuestion): Verdict {
  return service.isLoadBalancer ? undefined : finding('NotLoadBalancer', { service: service.key });
}

function notDeleting({ service }: ServedQuestion): Verdict {
  return service.deleting ? finding('Deleting', { service: service.key }) : undefined;
}

/** The class decides alone where it is set: the opt-in annotation of older manifests can't take a Service from its class. */
function ownClass({ service }: ServedQuestion): Verdict {
  if (service.loadBalancerClass === undefined) return undefined;
  if (service.loadBalancerClass === LOAD_BALANCER_CLASS) return 'served';
  return finding('ForeignClass', { service: service.key, class: service.loadBalancerClass });
}

function optedIn({ service }: ServedQuestion): Verdict {
  if (service.optedIn) return 'served';
  return service.optedOut ? finding('OptedOut', { service: service.key }) : undefined;
}

/** Once served, served until its own spec changes: losing the default pool takes no address away. */
function alreadyServed({ service }: ServedQuestion): Verdict {
  return service.claims ? 'served' : undefined;
}

function byDefaultPool({ service, defaultPoolExists }: ServedQuestion): Verdict {
  if (!defaultPoolExists) return finding('NotOptedIn', { service: service.key });
  if (service.ingressIPs.length > 0) return finding('ServedByAnother', { service: service.key });
  // A finalizer with our record and no status is our own, restored from a backup; without a record it is somebody else's.
  const foreignFinalizer = service.hasFinalizer && service.recorded.length === 0;
  return foreignFinalizer ? finding('ServedByAnother', { service: service.key }) : 'served';
}

const SERVED_CHECKS: readonly ServedCheck[] = [
  isLoadBalancer,
  notDeleting,
  ownClass,
  optedIn,
  alreadyServed,
  byDefaultPool,
];

/** Why a Service is none of ours (or no longer), or undefined if we serve it. */
export function notServed(question: ServedQuestion): Finding | undefined {
  for (const check of SERVED_CHECKS) {
    const verdict = check(question);
    if (verdict === 'served') return undefined;
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
