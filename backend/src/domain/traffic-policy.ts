/** `spec.externalTrafficPolicy`: `Local` keeps the client's address and uses nodes with Pods of the Service only. */
export type TrafficPolicy = 'Cluster' | 'Local';
