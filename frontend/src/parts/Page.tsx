import React, { useEffect, type ReactElement, type ReactNode } from 'react';
import { Link } from 'react-router-dom';

const STYLE_ID = 'porterlb-style';

interface Props {
  readonly title: string;
  readonly description?: string | undefined;
  /** Where the page lies: the list that it is one entry of. */
  readonly back?: { readonly to: string; readonly label: string };
  /** Buttons for all of the page. */
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: its heading, and the styles that all of them share. */
export function Page({ title, description, back, tools, children }: Props): ReactElement {
  useEffect(installStyle, []);
  return (
    <main className="plb-page">
      <header className="plb-card plb-header">
        <div>
          {back !== undefined && (
            <Link className="plb-back" to={back.to}>
              <span aria-hidden="true">← </span>
              {back.label}
            </Link>
          )}
          <h1>{title}</h1>
          {description !== undefined && <p>{description}</p>}
        </div>
        {tools !== undefined && <div className="plb-tools">{tools}</div>}
      </header>
      {children}
    </main>
  );
}

/** Once for all pages; it stays, as the next page needs it too. */
function installStyle(): void {
  if (document.getElementById(STYLE_ID) !== null) return;
  const style = document.createElement('style');
  style.id = STYLE_ID;
  style.textContent = PORTERLB_STYLE;
  document.head.append(style);
}
