/** RFC 2918 section 2: no value. */
export interface RouteRefreshCapability {
  readonly type: 'route-refresh';
}

export const routeRefresh = {
  code: 2,
  encode(): void {},
  decode(): RouteRefreshCapability {
    return { type: 'route-refresh' };
  },
};
