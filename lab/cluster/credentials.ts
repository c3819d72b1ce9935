import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../toolchain/run.ts';

/** Who may talk to the API server, by token; anybody else is a ServiceAccount. Names and groups are Kubernetes' own. */
interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

const admin: User = { name: 'admin', groups: ['system:masters'] };
const components = ['kube-controller-manager', 'kube-scheduler', 'kube-proxy'] as const;
export type Component = (typeof components)[number];

/** The certificates, keys and tokens of one lab, as files in one folder. */
export class Credentials {
  readonly folder: string;
  readonly caFile: string;
  readonly serverCertificateFile: string;
  readonly serverKeyFile: string;
  readonly serviceAccountKeyFile: string;
  readonly tokenFile: string;

  constructor(folder: string) {
    this.folder = folder;
    this.caFile = join(folder, 'ca.crt');
    this.serverCertificateFile = join(folder, 'apiserver.crt');
    this.serverKeyFile = join(folder, 'apiserver.key');
    this.serviceAccountKeyFile = join(folder, 'service-accounts.key');
    this.tokenFile = join(folder, 'tokens.csv');
  }

  /** Makes them all; `addresses` are those at which clients find the API server. */
  async create(addresses: readonly string[], nodeNames: readonly string[]): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.#createCertificates(addresses);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(this.serviceAccountKeyFile, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
    const nodes = nodeNames.map((name) => ({ name: nodeUser(name), groups: ['system:nodes'] }));
    const others = components.map((name) => ({ name: `system:${name}`, groups: [] }));
    const lines = [admin, ...others, ...nodes].map(tokenLine);
    await writeFile(this.tokenFile, lines.join(''), { mode: 0o600 });
  }

  async adminToken(): Promise<string> {
    return this.#tokenOf(admin.name);
  }

  /** Writes a kubeconfig for the administrator. */
  async writeAdminKubeconfig(path: string, server: string): Promise<void> {
    await this.#writeKubeconfig(path, server, admin.name);
  }

  async writeComponentKubeconfig(path: string, server: string, component: Component): Promise<void> {
    await this.#writeKubeconfig(path, server, `system:${component}`);
  }

  async writeNodeKubeconfig(path: string, server: string, node: string): Promise<void> {
    await this.#writeKubeconfig(path, server, nodeUser(node));
  }

  /** A key and a client certificate of a user, who is in no group, as files in this folder. */
  async clientCertificate(user: string): Promise<{ readonly certificateFile: string; readonly keyFile: string }> {
    const [certificateFile, keyFile] = [join(this.folder, `${user}.crt`), join(this.folder, `${user}.key`)];
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '365'],
      ...['-CA', this.caFile, '-CAkey', join(this.folder, 'ca.key'), '-subj', `/CN=${user}`],
      ...['-keyout', keyFile, '-out', certificateFile],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=clientAuth'],
    ]);
    return { certificateFile, keyFile };
  }

  async #tokenOf(user: string): Promise<string> {
    const lines = (await readFile(this.tokenFile, 'utf8')).split('\n').map((line) => line.split(','));
    const token = lines.find((fields) => fields[1] === user)?.[0];
    if (token === undefined) throw new Error(`the lab has no user ${user}`);
    return token;
  }

  async #writeKubeconfig(path: string, server: string, user: string): Promise<void> {
    const authority = (await readFile(this.caFile)).toString('base64');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': authority } }],
      users: [{ name: user, user: { token: await this.#tokenOf(user) } }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
      'current-context': 'lab',
    };
    await writeFile(path, stringify(config), { mode: 0o600 });
  }

  async #createCertificates(addresses: readonly string[]): Promise<void> {
    const caKey = join(this.folder, 'ca.key');
    const certificate = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const days = ['-days', '365'];
    await run('openssl', [
      ...[...certificate, ...days, '-subj', '/CN=porterlb-lab', '-keyout', caKey, '-out', this.caFile],
      ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
    ]);
    const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];
    const alternatives = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)];
    await run('openssl', [
      ...[...certificate, ...days, '-CA', this.caFile, '-CAkey', caKey, '-subj', '/CN=kube-apiserver'],
      ...['-keyout', this.serverKeyFile, '-out', this.serverCertificateFile],
      ...['-addext', `subjectAltName=${alternatives.join(',')}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-addext', 'extendedKeyUsage=serverAuth'],
    ]);
  }
}

function nodeUser(node: string): string {
  return `system:node:${node}`;
}

/** A line of a static token file: token, user, UID, quoted list of groups. */
function tokenLine(user: User): string {
  return `${randomBytes(16).toString('hex')},${user.name},${user.name},"${user.groups.join(',')}"\n`;
}
