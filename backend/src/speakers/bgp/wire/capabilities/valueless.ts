/** Capabilities that say all by being there: ROUTE-REFRESH (RFC 2918 section 2), extended messages (RFC 8654 section 3) and enhanced refresh (RFC 7313 section 3.1). */
export interface ValuelessCapability {
  readonly type: 'route-refresh' | 'extended-message' | 'enhanced-route-refresh';
}

function valueless<T extends ValuelessCapability['type']>(code: number, type: T) {
  return { code, encode(): void {}, decode: (): { readonly type: T } => ({ type }) };
}

export const routeRefresh = valueless(2, 'route-refresh');
export const extendedMessage = valueless(6, 'extended-message');
export const enhancedRouteRefresh = valueless(70, 'enhanced-route-refresh');
