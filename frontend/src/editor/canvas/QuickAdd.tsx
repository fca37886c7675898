import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';

import { addNode } from '../document/operations';
import type { QuickAdd as Request } from '../page/view';
import { useSession, useView } from '../session';
import { defaultsOf } from '../types/catalogue';
import { kindsThatFit, type Offer } from '../types/ports';
import { FamilyIcon } from './FamilyIcon';
import { matching } from './search';
import styles from './canvas.module.css';

const WIDTH = 320;
const HEIGHT = 360;

/** A node by its name, where the pointer is; at the end of a wire only what fits. */
export function QuickAdd() {
  const request = useView((view) => view.quickAdd);
  return request ? <QuickAddBox key={`${request.screen.x},${request.screen.y}`} request={request} /> : null;
}

function QuickAddBox({ request }: { request: Request }) {
  const { t } = useTranslation('editor');
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const close = useClosing(box);
  const pick = usePick(request);
  const offers = useOffers(request);
  const shown = matching(offers, query);
  const at = Math.min(active, shown.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && shown[at]) pick(shown[at]);
    else if (event.key === 'ArrowDown') setActive(Math.min(at + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  const label = t('quickAdd.label');
  return (
    <div
      ref={box}
      className={styles.quickAdd}
      style={placeOf(request)}
      role="dialog"
      aria-label={label}
      data-testid="quick-add"
    >
      <input
        autoFocus
        className={styles.quickSearch}
        value={query}
        placeholder={t(request.wiring ? 'quickAdd.fits' : 'quickAdd.search')}
        aria-label={label}
        aria-controls="quick-add-list"
        aria-activedescendant={shown[at] ? `quick-${shown[at].kind.kind}` : undefined}
        onChange={(event) => (setQuery(event.target.value), setActive(0))}
        onKeyDown={onKeyDown}
      />
      <OfferList shown={shown} at={at} none={offers.length === 0} onPoint={setActive} onPick={pick} />
    </div>
  );
}

interface ListProps {
  shown: readonly Offer[];
  at: number;
  /** Nothing is on offer at all, whatever is searched for. */
  none: boolean;
  onPoint: (index: number) => void;
  onPick: (offer: Offer) => void;
}

function OfferList({ shown, at, none, onPoint, onPick }: ListProps) {
  const { t } = useTranslation('editor');
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [at]);
  return (
    <div id="quick-add-list" ref={list} className={styles.quickList} role="listbox" aria-label={t('quickAdd.label')}>
      {shown.map((offer, index) => (
        <div
          key={offer.kind.kind}
          id={`quick-${offer.kind.kind}`}
          role="option"
          aria-selected={index === at}
          className={styles.quickItem}
          data-testid={`quick-${offer.kind.kind}`}
          onPointerMove={() => onPoint(index)}
          onClick={() => onPick(offer)}
        >
          <FamilyIcon family={offer.kind.family} />
          <span>
            {offer.kind.title}
            <small>{offer.kind.description}</small>
          </span>
        </div>
      ))}
      {shown.length === 0 && <p className={styles.none}>{t(none ? 'quickAdd.nothingFits' : 'quickAdd.nothing')}</p>}
    </div>
  );
}

function useOffers({ wiring }: Request): Offer[] {
  const { catalogue } = useSession();
  return useMemo(() => {
    if (!wiring) return catalogue.nodes.map((kind) => ({ kind }));
    return kindsThatFit(catalogue, wiring.end === 'from' ? { from: wiring.type } : { into: wiring.type });
  }, [catalogue, wiring]);
}

/** Closes the box, also on a press anywhere else. */
function useClosing(box: RefObject<HTMLDivElement | null>): () => void {
  const { view } = useSession();
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) view.setState({ quickAdd: null });
    };
    window.addEventListener('pointerdown', outside, true);
    return () => window.removeEventListener('pointerdown', outside, true);
  }, [view, box]);
  return () => view.setState({ quickAdd: null });
}

function usePick({ wiring, position }: Request): (offer: Offer) => void {
  const { document, view } = useSession();
  return ({ kind, port, params }) => {
    const end = wiring?.end === 'from' ? 'from' : 'to';
    const wire = wiring && port ? { wire: { [end]: wiring.reference, port } as { from: string; port: string } } : {};
    const left = wiring?.end === 'into' ? position[0] - 280 : position[0];
    const at = [left, position[1] - 40] as const;
    const id = addNode(document, {
      kind: kind.kind,
      named: kind.title,
      position: at,
      params: { ...defaultsOf(kind), ...params },
      ...wire,
    });
    view.setState({ quickAdd: null, selected: [id] });
  };
}

function placeOf({ screen }: Request): { left: number; top: number } {
  return {
    left: Math.max(8, Math.min(screen.x, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(screen.y, window.innerHeight - HEIGHT - 8)),
  };
}
