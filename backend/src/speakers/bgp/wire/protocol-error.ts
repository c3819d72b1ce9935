/** Body of a NOTIFICATION message (RFC 4271 section 4.5). */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/**
 * What a receiver does about an error (RFC 7606 section 2), weakest first. An announce-only speaker keeps no received routes,
 * so it only counts what is short of a reset, and has no use for the RFC's fourth, to disable the family.
 */
export type Severity = 'attribute-discard' | 'treat-as-withdraw' | 'session-reset';

/** Input that breaks the protocol. It carries its consequence: how severe, and the exact NOTIFICATION for a reset. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly severity: Severity;
  readonly notification: Notification;

  constructor(message: string, notification: Notification, severity: Severity = 'session-reset') {
    super(message);
    this.severity = severity;
    this.notification = notification;
  }
}
