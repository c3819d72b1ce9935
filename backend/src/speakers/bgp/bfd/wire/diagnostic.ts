/** Why a session left its last state: RFC 5880 section 4.1, those that we set. */
export const Diagnostic = {
  none: 0,
  detectionTimeExpired: 1,
  neighborSignaledDown: 3,
  administrativelyDown: 7,
} as const;

/** IANA "BFD Diagnostic Codes", 2024-09. */
const names: readonly string[] = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
  'Mis-connectivity Defect',
];

/** The code in words, as in `Control Detection Time Expired`. */
export function diagnosticName(code: number): string {
  return names[code] ?? `diagnostic ${code}`;
}
