import React, { type ReactElement } from 'react';
import { Link } from 'react-router-dom';
import type { KubernetesObject } from '../../api/objects.ts';
import type { Preflight } from '../../generated/api.ts';
import { useCluster, useMayManage } from '../../live/surroundings.tsx';
import { useLive, useLiveObject } from '../../live/use-live.ts';
import { FIRST } from '../../parts/first.ts';
import { PageState } from '../../parts/PageState.tsx';
import { Snippet } from '../../parts/Snippet.tsx';
import { Status, type Level } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { BGP_CONF_NAME, bgpState } from '../bgp/bgp-conf-model.ts';
import { AnyRouterSnippet, NamedRouterSnippet } from '../peers/RouterSnippet.tsx';
import { firstSteps, type ConfFound, type Counts, type Step } from './overview-model.ts';

const TEST_SERVICE = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: porterlb-test
spec:
  selector:
    matchLabels: { app: porterlb-test }
  template:
    metadata:
      labels: { app: porterlb-test }
    spec:
      containers:
        - name: web
          image: nginx
---
apiVersion: v1
kind: Service
metadata:
  name: porterlb-test
spec:
  type: LoadBalancer
  loadBalancerClass: lb.kubesphere.io/porter
  selector: { app: porterlb-test }
  ports: [{ port: 80 }]
`;

/** How to get to the first address: what is in the way, and the steps, each of which is ticked off when it is done. */
export function FirstRun({ counts }: { readonly counts: Counts }): ReactElement {
  const conf = useLiveObject('bgpconfs', BGP_CONF_NAME).answer;
  return (
    <section className="plb-card plb-first" aria-label={text('FIRST_RUN')}>
      <h2>{text('FIRST_RUN')}</h2>
      <ol>
        <li>
          <h3>{text('PREFLIGHT')}</h3>
          <Checks />
        </li>
        {firstSteps(counts, confFound(conf)).map((step) => (
          <li key={step.title}>
            <StepView step={step} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function confFound(conf: KubernetesObject | null | undefined): ConfFound {
  if (conf === undefined) return undefined;
  if (conf === null) return 'none';
  return bgpState(conf).level === 'bad' ? 'wrong' : 'inForce';
}

function StepView({ step: { title, about, page, create, isDone, shows } }: { readonly step: Step }): ReactElement {
  const [cluster, mayManage] = [useCluster(), useMayManage()];
  const [path, name] =
    create !== undefined && mayManage
      ? ([`${page.name}/~new?${FIRST}`, create] as const)
      : ([page.name, page.title] as const);
  return (
    <>
      <h3>
        {text(title)}
        {isDone && <span className="plb-tag">✓ {text('DONE')}</span>}
      </h3>
      <p>{text(about)}</p>
      <Link to={`/clusters/${cluster}/${path}`}>{text(name)}</Link>
      {shows === 'service' && <Snippet label={text(title)} code={TEST_SERVICE} />}
      {shows === 'router' && !isDone && <Router />}
    </>
  );
}

/** What to configure on the router: on that of the first BgpPeer without a session, or on any. */
function Router(): ReactElement {
  const query = { limit: 1, sortBy: 'established', ascending: true };
  const { answer } = useLive({ operation: 'listPeers', query });
  const peer = answer?.items[0]?.name;
  return (
    <details className="plb-more">
      <summary>{text('ROUTER_CONFIG')}</summary>
      {peer === undefined ? <AnyRouterSnippet /> : <NamedRouterSnippet name={peer} />}
    </details>
  );
}

const LEVELS: Readonly<Record<string, Level>> = {
  passed: 'good',
  warning: 'warning',
  failed: 'bad',
  unknown: 'unknown',
};

function Checks(): ReactElement {
  const live = useLive({ operation: 'getPreflight' });
  return <PageState live={live}>{({ checks }) => <CheckList checks={checks} />}</PageState>;
}

function CheckList({ checks }: { readonly checks: Preflight['checks'] }): ReactElement {
  return (
    <ul className="plb-checks">
      {checks.map((found) => (
        <li key={found.check}>
          <Status level={LEVELS[found.result] ?? 'unknown'} detail={found.nextStep === '' ? undefined : found.nextStep}>
            {found.text}
            <About found={found} />
          </Status>
        </li>
      ))}
    </ul>
  );
}

type Check = Preflight['checks'][number];
/** An API of an earlier version doesn't say how many objects it is about. */
type KnownCheck = Omit<Check, 'count'> & Partial<Pick<Check, 'count'>>;

function About({
  found: { result, objects, count = objects.length },
}: {
  readonly found: KnownCheck;
}): ReactElement | null {
  if (result === 'passed' || objects.length === 0) return null;
  const more = count - objects.length;
  return <small>{[...objects, ...(more > 0 ? [text('AND_MORE', { count: more })] : [])].join(', ')}</small>;
}
