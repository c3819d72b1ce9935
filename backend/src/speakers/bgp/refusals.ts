import { encodeMessage } from './wire/message.ts';
import { CeaseSubcode, ErrorCode, notification } from './wire/notification.ts';

/** To the end of a connection beside which another one goes on (RFC 4271 section 6.8). */
export const collision = notification(ErrorCode.cease, CeaseSubcode.connectionCollisionResolution);

/** For a connection that is none of a session: a complete message (RFC 4486 section 4). */
export const rejection = encodeMessage(
  { type: 'notification', ...notification(ErrorCode.cease, CeaseSubcode.connectionRejected) },
  { fourOctetAs: true, addPath: new Set() },
);
