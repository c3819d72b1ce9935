/** Body of a NOTIFICATION message (RFC 4271 section 4.5). */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

/**
 * What a receiver does about an error, weakest first (RFC 7606 section 2). "disable-family" stands in the RFC's list; an
 * announce-only speaker keeps no received routes, so nothing here asks for it.
 */
export const severities = ['attribute-discard', 'treat-as-withdraw', 'disable-family', 'session-reset'] as const;
export type Severity = (typeof severities)[number];

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

/** The most severe of `errors`, the first among equals (RFC 7606 section 3 h). */
export function mostSevere(errors: readonly ProtocolError[]): ProtocolError | undefined {
  let worst: ProtocolError | undefined;
  for (const error of errors) {
    if (worst === undefined || severities.indexOf(error.severity) > severities.indexOf(worst.severity)) worst = error;
  }
  return worst;
}
