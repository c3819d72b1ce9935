import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What the lab and its tests run that is not built by us, and the Debian package that has it. A path is looked for as it
 * stands, a bare name in PATH and in the folders for administration, which are not in everybody's PATH.
 */
export const debianPackageOf = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  sysctl: 'procps',
  iptables: 'iptables',
  ip6tables: 'iptables',
  ebtables: 'iptables',
  conntrack: 'conntrack',
  ethtool: 'ethtool',
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/ptp': 'containernetworking-plugins',
  '/usr/lib/frr/bgpd': 'frr',
  vtysh: 'frr',
  bird: 'bird2',
  birdc: 'bird2',
  gobgp: 'gobgpd',
  gobgpd: 'gobgpd',
  bgpctl: 'openbgpd',
  '/usr/sbin/bgpd': 'openbgpd',
  openssl: 'openssl',
  tar: 'tar',
  python3: 'python3',
  pip3: 'python3-pip',
  arping: 'arping',
  ndisc6: 'ndisc6',
  tcpdump: 'tcpdump',
  modprobe: 'kmod',
  'linux.uml': 'user-mode-linux',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'qemu-aarch64-static': 'qemu-user-static',
  'qemu-x86_64-static': 'qemu-user-static',
  skopeo: 'skopeo',
  'docker-registry': 'docker-registry',
  chromium: 'chromium',
  // Folders: programs that draw text have no use for it otherwise.
  '/usr/share/fonts/truetype/liberation': 'fonts-liberation',
  '/usr/share/fonts/truetype/wqy': 'fonts-wqy-microhei',
} as const;

export type Program = keyof typeof debianPackageOf;

/** What a lab with real nodes needs; `LightLab` on loopback needs only `openssl`, `python3` and `pip3`. */
export const clusterPrograms: readonly Program[] = [
  'ip',
  'nsenter',
  'unshare',
  'sysctl',
  'iptables',
  'ip6tables',
  'conntrack',
  'ethtool',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  '/usr/lib/cni/ptp',
  '/usr/lib/frr/bgpd',
  'vtysh',
  'openssl',
  'tar',
  'python3',
  'pip3',
];

/** A browser without a screen, with fonts for what our pages say in each language. */
export const browserPrograms: readonly Program[] = [
  'chromium',
  '/usr/share/fonts/truetype/liberation',
  '/usr/share/fonts/truetype/wqy',
];

/** The full path of a program, `undefined` if it is not installed. */
export function findProgram(program: string): string | undefined {
  if (program.startsWith('/')) return isExecutable(program) ? program : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
