import React, { type ReactElement } from 'react';
import type { Node } from '../../generated/api.ts';
import { Status } from '../../parts/Status.tsx';
import { text } from '../../texts/texts.ts';
import { signKeys, type NodeWord } from './node-model.ts';

export function WordStatus({ word: { level, title, detail } }: { readonly word: NodeWord }): ReactElement {
  return (
    <Status level={level} detail={detail}>
      {text(title)}
    </Status>
  );
}

/** What its object says of its leaving. */
export function NodeSigns({ node }: { readonly node: Node }): ReactElement {
  return (
    <>
      {signKeys(node).map((key) => (
        <span key={key} className="plb-tag">
          {text(key)}
        </span>
      ))}
    </>
  );
}
