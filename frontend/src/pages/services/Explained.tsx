import React, { type ReactElement } from 'react';
import type { Check, Explanation } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import type { ServiceName } from '../../api/services.ts';
import { PageState } from '../../parts/PageState.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { Status } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { CHECKS, resultOf, VERDICTS } from './path-model.ts';

/** Why a Service can be reached or not: what follows of all checks, what to do, and the chain of them. */
export function Explained({ service: { namespace, name } }: { readonly service: ServiceName }): ReactElement {
  const live = useLive({ operation: 'explainService', path: { namespace, name } });
  return (
    <PageState live={live}>
      {(explanation) => (
        <>
          <MissingReplicas replicas={explanation.replicas} />
          <section className="plb-card" aria-label={text('EXPLANATION')}>
            <div className="plb-toolbar">
              <h2>{text('EXPLANATION')}</h2>
              <span className="plb-grow" />
              <button type="button" className="plb-button" onClick={live.refresh}>
                {text('EXPLAIN_AGAIN')}
              </button>
            </div>
            <Conclusion explanation={explanation} />
            <ol className="plb-chain">
              {explanation.checks.map((check, i) => (
                <Link key={i} check={check} />
              ))}
            </ol>
          </section>
        </>
      )}
    </PageState>
  );
}

function Link({ check: { check, result, ip, text: said, details } }: { readonly check: Check }): ReactElement {
  const { level, word } = resultOf(result);
  return (
    <li>
      <Status level={level} detail={said}>
        <strong>{Object.hasOwn(CHECKS, check) ? text(CHECKS[check]) : check}</strong>
        {ip !== null && ` ${ip}`}
        <span className="plb-tag">{text(word)}</span>
      </Status>
      {details.length > 0 && (
        <ul>
          {details.map((detail) => (
            <li key={detail}>{detail}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Conclusion({
  explanation: { result, sentence, nextStep },
}: {
  readonly explanation: Explanation;
}): ReactElement {
  return (
    <div className="plb-conclusion" role="status">
      <Status level={VERDICTS[result] ?? 'unknown'}>
        <strong>{sentence}</strong>
      </Status>
      <p>
        <strong>{text('NEXT_STEP')}</strong> {nextStep}
      </p>
    </div>
  );
}
