import type { ExplainKey, Texts } from '../texts.ts';

/** A NOTIFICATION that ended a session, or an attempt to have one (RFC 4271, 4.5). */
export interface NotificationMeaning {
  readonly sentBy: 'router' | 'porterlb';
  readonly code: number;
  readonly subcode: number;
  readonly meaning: string;
}

/** IANA, "BGP Error (Notification) Codes" and their subcodes; as the speaker writes them. */
const CODES: readonly (readonly [name: string, subcodes: readonly string[]])[] = [
  ['', []],
  ['Message Header Error', ['Unspecific', 'Connection Not Synchronized', 'Bad Message Length', 'Bad Message Type']],
  [
    'OPEN Message Error',
    [
      ...['Unspecific', 'Unsupported Version Number', 'Bad Peer AS', 'Bad BGP Identifier'],
      ...['Unsupported Optional Parameter', 'Authentication Failure', 'Unacceptable Hold Time'],
      ...['Unsupported Capability', '', '', '', 'Role Mismatch'],
    ],
  ],
  [
    'UPDATE Message Error',
    [
      ...[
        'Unspecific',
        'Malformed Attribute List',
        'Unrecognized Well-known Attribute',
        'Missing Well-known Attribute',
      ],
      ...['Attribute Flags Error', 'Attribute Length Error', 'Invalid ORIGIN Attribute', 'AS Routing Loop'],
      ...['Invalid NEXT_HOP Attribute', 'Optional Attribute Error', 'Invalid Network Field', 'Malformed AS_PATH'],
    ],
  ],
  ['Hold Timer Expired', []],
  [
    'Finite State Machine Error',
    [
      ...['Unspecified Error', 'Unexpected Message in OpenSent State', 'Unexpected Message in OpenConfirm State'],
      'Unexpected Message in Established State',
    ],
  ],
  [
    'Cease',
    [
      ...['Unspecific', 'Maximum Number of Prefixes Reached', 'Administrative Shutdown', 'Peer De-configured'],
      ...['Administrative Reset', 'Connection Rejected', 'Other Configuration Change'],
      ...['Connection Collision Resolution', 'Out of Resources', 'Hard Reset', 'BFD Down'],
    ],
  ],
  ['ROUTE-REFRESH Message Error', ['Unspecific', 'Invalid Message Length']],
  ['Send Hold Timer Expired', []],
];

const SENT = /^(peer|we) sent: (.*)$/s;
const WORDS = /^(?<code>[^/:(]+?)(?: \/ (?<subcode>[^:(]+?))?(?:: "| \((?<rest>.*)\)$|$)/s;

const UNKNOWN = /subcode-(\d+)$/;

interface Codes {
  readonly code: number;
  readonly subcode: number;
}

function subcodeOf(code: number, name: string | undefined): number {
  if (name === undefined) return 0;
  const [, unknown] = UNKNOWN.exec(name) ?? [];
  if (unknown !== undefined) return Number(unknown);
  return Math.max(0, CODES[code]?.[1].indexOf(name) ?? 0);
}

/** A hard reset stands for the NOTIFICATION that it carries (RFC 8538, 3.1). */
function codesOf(words: string): Codes | undefined {
  const { code: title = '', subcode, rest } = WORDS.exec(words)?.groups ?? {};
  const code = CODES.findIndex(([name]) => name !== '' && name === title);
  if (code < 0) return undefined;
  const own = { code, subcode: subcodeOf(code, subcode) };
  return subcode === 'Hard Reset' && rest !== undefined ? (codesOf(rest) ?? own) : own;
}

/** What it means that ended a session, where that was a NOTIFICATION that is known. */
export function notificationMeaning(lastError: string | undefined, texts: Texts): NotificationMeaning | undefined {
  const [, who, words = ''] = SENT.exec(lastError ?? '') ?? [];
  const codes = codesOf(words);
  if (codes === undefined) return undefined;
  const sentBy = who === 'peer' ? 'router' : 'porterlb';
  const { code, subcode } = codes;
  const keys = [`${sentBy}.${code}.${subcode}`, `${sentBy}.${code}`, `${code}.${subcode}`, `${code}`];
  const meaning = keys.map((key) => texts.explainIfThere(`notification.${key}` as ExplainKey)).find(Boolean);
  return { sentBy, code, subcode, meaning: meaning ?? '' };
}
