/**
 * Regular expressions that JavaScript and RE2 (CEL's `matches`) read alike: no escapes, so that they need no quoting in CEL, and
 * anchored by their users.
 */

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const GROUP = '[0-9a-fA-F]{1,4}';

/** Four decimal octets without leading zeros: what tools agree on (KEP-4858). */
export const IPV4 = `(${OCTET}[.]){3}${OCTET}`;

/** RFC 4291, 2.2, forms 1 and 2: the number of groups left of `::` bounds the number right of it. */
function ipv6(): string {
  const forms = [`(${GROUP}:){7}${GROUP}`, `(${GROUP}:){1,7}:`, `:(:${GROUP}){1,7}`, '::'];
  for (let left = 1; left <= 6; left++) forms.push(`(${GROUP}:){1,${left}}(:${GROUP}){1,${7 - left}}`);
  return `(${forms.join('|')})`;
}

/** IPv6 in hexadecimal groups, without zone and without an embedded dotted IPv4 address. */
export const IPV6: string = ipv6();

export const IP = `(${IPV4}|${IPV6})`;

const UINT16 = '(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)';

/** RFC 1997: `asn:value`. */
export const COMMUNITY = `${UINT16}:${UINT16}`;

/** RFC 8092: `global:local1:local2`; that each fits 32 bits is a rule of its own. */
export const LARGE_COMMUNITY = '(0|[1-9][0-9]{0,9})(:(0|[1-9][0-9]{0,9})){2}';

/** A name that the kernel takes for an interface (at most 15 bytes, no slash, no blank). */
export const INTERFACE = '[^ /:]{1,15}';

/** RFC 1123 label: names of namespaces. */
export const DNS_LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** Value of a Kubernetes label, which may be empty. */
export const LABEL_VALUE = '([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?';

/** Key of a Kubernetes label: an optional DNS subdomain, a slash, a name. */
export const LABEL_KEY =
  '([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';

export function whole(pattern: string): string {
  return `^${pattern}$`;
}

/** Whether all of `text` matches. */
export function matches(text: string, pattern: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}
