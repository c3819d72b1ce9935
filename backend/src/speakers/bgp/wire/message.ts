import type { CodecContext } from './context.ts';
import {
  encodeFrame,
  headerBytes,
  maxExtendedMessageBytes,
  maxMessageBytes,
  MessageType,
  type Frame,
} from './frame.ts';
import { decodeNotification, encodeNotification, ErrorCode, HeaderSubcode, notification } from './notification.ts';
import { decodeOpen, encodeOpen, type OpenMessage } from './open.ts';
import { ProtocolError, type Notification } from './protocol-error.ts';
import { decodeRouteRefresh, encodeRouteRefresh, type RouteRefreshMessage } from './route-refresh-message.ts';
import { decodeUpdate, encodeUpdate, type ReceivedUpdate, type UpdateMessage } from './update.ts';

export interface NotificationMessage extends Notification {
  readonly type: 'notification';
}

/** RFC 4271 section 4.4: the header alone. */
export interface KeepaliveMessage {
  readonly type: 'keepalive';
}

export type Message = OpenMessage | UpdateMessage | NotificationMessage | KeepaliveMessage | RouteRefreshMessage;
export type ReceivedMessage = Exclude<Message, UpdateMessage> | ReceivedUpdate;

/** Complete octets of a message, header included. */
export function encodeMessage(message: Message, context: CodecContext): Uint8Array {
  switch (message.type) {
    case 'open':
      return encodeFrame(MessageType.open, encodeOpen(message));
    case 'update':
      return encodeFrame(MessageType.update, encodeUpdate(message, context), context.extendedMessages);
    case 'notification':
      return encodeCut(message, context.extendedMessages);
    case 'keepalive':
      return encodeFrame(MessageType.keepalive);
    case 'route-refresh':
      return encodeFrame(MessageType.routeRefresh, encodeRouteRefresh(message), context.extendedMessages);
  }
}

/** What a NOTIFICATION quotes of a message may be as long as that was: what has no room is left out. */
function encodeCut(message: NotificationMessage, extended = false): Uint8Array {
  const room = (extended ? maxExtendedMessageBytes : maxMessageBytes) - headerBytes;
  return encodeFrame(MessageType.notification, encodeNotification(message).subarray(0, room), extended);
}

/** @throws ProtocolError, never anything else, whatever the octets are. */
export function decodeMessage(frame: Frame, context: CodecContext): ReceivedMessage {
  switch (frame.type) {
    case MessageType.open:
      return decodeOpen(frame.body);
    case MessageType.update:
      return decodeUpdate(frame.body, context);
    case MessageType.notification:
      return { type: 'notification', ...decodeNotification(frame.body) };
    case MessageType.keepalive:
      return { type: 'keepalive' };
    case MessageType.routeRefresh:
      return decodeRouteRefresh(frame.body);
    default:
      throw new ProtocolError(
        `message type ${frame.type}`,
        notification(ErrorCode.messageHeader, HeaderSubcode.badType, [frame.type]),
      );
  }
}

/** The type octet of a decoded message, for the data of an FSM error (RFC 6608 section 4). */
export function messageType(message: Message): number {
  return message.type === 'route-refresh' ? MessageType.routeRefresh : MessageType[message.type];
}
