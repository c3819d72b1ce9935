/** A replica of the manager, from the EndpointSlices of its headless Service. */
export interface Replica {
  /** Pod name. */
  readonly name: string;
  /** IP literal at which its engine answers. */
  readonly address: string;
  /** Name of the node that it runs on. */
  readonly node: string | undefined;
}
