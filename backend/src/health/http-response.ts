/** An HTTP/1.x response (RFC 9112), as far as a health check needs it. */
export interface HttpResponse {
  readonly status: number;
  /** As it came, chunk sizes included: it is searched for a word, not parsed. */
  readonly body: string;
  /** Its end is known from itself, so that the connection can carry another. */
  readonly reusable: boolean;
}

/** Octets of a response, head and body, that are read: kube-proxy's have about 200. */
export const MAX_RESPONSE = 8_192;

const START = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)[ \r]/;
const HEAD_END = '\r\n\r\n';

/** Whether more octets could still make a status line of it. */
function mayBecomeHttp(text: string): boolean {
  return text.startsWith(START) || START.startsWith(text);
}

interface Framing {
  /** In octets; undefined: not said. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  readonly close: boolean;
}

/** RFC 9112, 6.3: how the end of the body is found. */
function framing(head: string, status: number): Framing {
  const length = /\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n/i.exec(head)?.[1];
  const chunked = /\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n/i.test(head);
  const close = head.startsWith('HTTP/1.0') || /\r\nconnection:[^\r\n]*close/i.test(head);
  const bodiless = status === 204 || status === 304;
  return { length: bodiless ? 0 : length === undefined ? undefined : Number(length), chunked, close };
}

function isWhole(body: string, { length, chunked }: Framing, ended: boolean): boolean {
  if (chunked) return body === `0${HEAD_END}` || body.endsWith(`\r\n0${HEAD_END}`);
  return length === undefined ? ended : body.length >= length;
}

/**
 * Reads the response that a connection has brought so far.
 *
 * @param text its octets, one character each
 * @param ended the server has said its last word (RFC 9112, 6.3: without a length that is the end of the body)
 */
export function readResponse(text: string, ended: boolean): HttpResponse | 'incomplete' | 'malformed' {
  const response = read(text, ended);
  const noMore = ended || text.length > MAX_RESPONSE;
  return response === 'incomplete' && noMore ? 'malformed' : response;
}

function read(text: string, ended: boolean): ReturnType<typeof readResponse> {
  if (!mayBecomeHttp(text)) return 'malformed';
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return 'incomplete';
  const head = text.slice(0, headEnd + HEAD_END.length);
  const status = Number(STATUS_LINE.exec(head)?.[1] ?? 0);
  if (status === 0) return 'malformed';
  const body = text.slice(head.length);
  // An interim response: the one that counts follows.
  return status < 200 ? read(body, ended) : withBody(status, body, framing(head, status), ended);
}

function withBody(status: number, body: string, found: Framing, ended: boolean): ReturnType<typeof readResponse> {
  const { length = 0, chunked, close } = found;
  if (length > MAX_RESPONSE) return 'malformed';
  if (!isWhole(body, found, ended)) return 'incomplete';
  const delimited = chunked || body.length === found.length;
  return { status, body, reusable: delimited && !close && !ended };
}
