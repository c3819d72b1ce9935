import { generateKeyPair, randomBytes, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** A key with its certificate, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateWish {
  /** Common name; also that of the issuer, who is nobody else. */
  readonly name: string;
  /** DNS names of the subject (RFC 5280, 4.2.1.6). */
  readonly dnsNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

// DER (X.690): tag, length, content.
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BOOLEAN_TRUE = Buffer.from([0x01, 0x01, 0xff]);
const EXPLICIT_0 = 0xa0;
const EXPLICIT_3 = 0xa3;
/** `dNSName` of a GeneralName. */
const DNS_NAME = 0x82;

// Object identifiers, encoded: ecdsa-with-SHA256 (RFC 5758), commonName, the extensions (RFC 5280) and the purposes.
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const BASIC_CONSTRAINTS = '551d13';
const SUBJECT_ALT_NAME = '551d11';
const KEY_USAGE = '551d0f';
const EXTENDED_KEY_USAGE = '551d25';
const SERVER_AUTH = '2b06010505070301';
const CLIENT_AUTH = '2b06010505070302';

function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

function oid(hex: string): Buffer {
  return der(OID, Buffer.from(hex, 'hex'));
}

/** RFC 5280, 4.1.2.5: two digits of the year until 2049, four afterwards. */
function moment(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const text = (long: boolean): Buffer => Buffer.from(`${long ? digits : digits.slice(2)}Z`, 'ascii');
  return date.getUTCFullYear() > 2049 ? der(GENERALIZED_TIME, text(true)) : der(UTC_TIME, text(false));
}

function distinguishedName(common: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, oid(COMMON_NAME), der(UTF8_STRING, Buffer.from(common)))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der(SEQUENCE, oid(id), ...(critical ? [BOOLEAN_TRUE] : []), der(OCTET_STRING, value));
}

function extensions(dnsNames: readonly string[]): Buffer {
  const names = dnsNames.map((name) => der(DNS_NAME, Buffer.from(name, 'ascii')));
  // digitalSignature is bit 0; the last 7 bits of the octet are not used.
  const usage = der(BIT_STRING, Buffer.from([7, 0x80]));
  return der(
    SEQUENCE,
    extension(BASIC_CONSTRAINTS, der(SEQUENCE), true),
    extension(KEY_USAGE, usage, true),
    extension(EXTENDED_KEY_USAGE, der(SEQUENCE, oid(SERVER_AUTH), oid(CLIENT_AUTH))),
    extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...names)),
  );
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * A certificate (RFC 5280) that its own key has signed, for both ends of TLS: ECDSA over P-256 with SHA-256. Node.js reads certificates and
 * makes none.
 */
export async function selfSigned(wish: CertificateWish): Promise<KeyAndCertificate> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'prime256v1' });
  return certified(wish, privateKey, publicKey);
}

function certified(wish: CertificateWish, privateKey: KeyObject, publicKey: KeyObject): KeyAndCertificate {
  const { name, dnsNames, notBefore, notAfter } = wish;
  const algorithm = der(SEQUENCE, oid(ECDSA_WITH_SHA256));
  const serial = randomBytes(16);
  // Positive, and not zero (RFC 5280, 4.1.2.2).
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const toBeSigned = der(
    SEQUENCE,
    der(EXPLICIT_0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serial),
    algorithm,
    distinguishedName(name),
    der(SEQUENCE, moment(notBefore), moment(notAfter)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(EXPLICIT_3, extensions(dnsNames)),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = der(SEQUENCE, toBeSigned, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', certificate),
  };
}
