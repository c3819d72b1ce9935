import React, {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type CSSProperties,
  type FocusEvent,
  type KeyboardEvent,
  type ReactElement,
  type RefObject,
} from 'react';
import { menuPlace } from './menu-place.ts';

export interface Action {
  readonly label: string;
  readonly onChoose: () => void;
}

/** A button that opens a menu; by keyboard as WAI-ARIA has it: arrows move, Escape closes. */
export function ActionMenu({
  label,
  actions,
}: {
  readonly label: string;
  readonly actions: readonly Action[];
}): ReactElement | null {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const place = usePlace(root, open);
  useEffect(() => {
    if (!open) return undefined;
    // It is seen already: nothing is to be scrolled for it.
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true });
    const onOutside = (event: MouseEvent): void => {
      if (root.current?.contains(event.target as Node) === false) setOpen(false);
    };
    // It would stay where it is while its button goes.
    const onMoved = (): void => setOpen(false);
    document.addEventListener('mousedown', onOutside);
    window.addEventListener('scroll', onMoved, true);
    window.addEventListener('resize', onMoved);
    return () => {
      document.removeEventListener('mousedown', onOutside);
      window.removeEventListener('scroll', onMoved, true);
      window.removeEventListener('resize', onMoved);
    };
  }, [open]);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector('button')?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  // Nothing: the window lost it, or a click on what takes no focus, which may be an entry of the menu.
  const onLeft = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget !== null && root.current?.contains(relatedTarget) === false) setOpen(false);
  };
  if (actions.length === 0) return null;
  return (
    <div className="plb-menu" ref={root} onKeyDown={onKey} onBlur={onLeft}>
      <button type="button" aria-haspopup="menu" aria-expanded={open} aria-label={label} onClick={() => setOpen(!open)}>
        ⋮
      </button>
      {open && (
        <div role="menu" aria-label={label} style={place}>
          {actions.map((action) => (
            <button
              key={action.label}
              type="button"
              role="menuitem"
              onClick={() => {
                close();
                action.onChoose();
              }}
            >
              {action.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** The menu's place in the window: as a part of the page it would be cut off by a table that scrolls. */
function usePlace(root: RefObject<HTMLElement>, open: boolean): CSSProperties | undefined {
  const [place, setPlace] = useState<CSSProperties>();
  useLayoutEffect(() => {
    const button = root.current?.querySelector('button');
    const menu = root.current?.querySelector('[role=menu]');
    if (!open || button === null || button === undefined || menu === null || menu === undefined) return;
    const { innerWidth: width, innerHeight: height } = window;
    setPlace(menuPlace(button.getBoundingClientRect(), menu.getBoundingClientRect(), { width, height }));
  }, [root, open]);
  return place;
}
