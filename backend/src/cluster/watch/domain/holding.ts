import type { HoldingService } from '../../../announce/snapshot.ts';
import type { Service } from '../../../domain/service.ts';

/**
 * A Service as far as announcing depends on it, or undefined if it holds no address: the record of the leader counts, as far as the
 * status shows it too; what else stands in the status is not ours.
 */
export function toHoldingService(service: Service): HoldingService | undefined {
  if (!service.isLoadBalancer || service.deleting || !service.claims) return undefined;
  const { key, uid, createdAt, trafficPolicy, sharing, recorded, announcedBefore } = service;
  return { key, uid, createdAt, trafficPolicy, sharing, assignments: recorded, announcedBefore };
}
