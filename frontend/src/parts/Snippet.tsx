import React, { useState, type ReactElement } from 'react';
import { text } from '../texts/texts.ts';

/** Something to be taken elsewhere: a manifest, a part of a router's configuration. */
export function Snippet({ label, code }: { readonly label: string; readonly code: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <div className="plb-snippet">
      <pre tabIndex={0} role="region" aria-label={label}>
        {code}
      </pre>
      {/* Browsers have it only where the page came by HTTPS or from this host. */}
      {navigator.clipboard !== undefined && (
        <button type="button" className="plb-button" onClick={() => void copy().catch(() => setCopied(false))}>
          {text(copied ? 'COPIED' : 'COPY')}
        </button>
      )}
    </div>
  );
}
