import { useEffect, useMemo, useRef, useState } from 'react';
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
  const { catalogue, view } = useSession();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = () => view.setState({ quickAdd: null });
  const offers = useMemo<Offer[]>(() => {
    const { wiring } = request;
    if (!wiring) return catalogue.nodes.map((kind) => ({ kind }));
    return kindsThatFit(catalogue, wiring.end === 'from' ? { from: wiring.type } : { into: wiring.type });
  }, [catalogue, request]);
  const shown = matching(offers, query);
  const at = Math.min(active, shown.length - 1);
  const pick = usePick(request);
  useEffect(() => void list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }), [at]);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) view.setState({ quickAdd: null });
    };
    window.addEventListener('pointerdown', outside, true);
    return () => window.removeEventListener('pointerdown', outside, true);
  }, [view]);

  return (
    <div ref={box} className={styles.quickAdd} style={placeOf(request)} role="dialog" aria-label={t('quickAdd.label')} data-testid="quick-add">
      <input
        autoFocus
        className={styles.quickSearch}
        value={query}
        placeholder={t(request.wiring ? 'quickAdd.fits' : 'quickAdd.search')}
        aria-label={t('quickAdd.label')}
        aria-controls="quick-add-list"
        aria-activedescendant={shown[at] ? `quick-${shown[at].kind.kind}` : undefined}
        onChange={(event) => {
          setQuery(event.target.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Escape') close();
          else if (event.key === 'Enter' && shown[at]) pick(shown[at]);
          else if (event.key === 'ArrowDown') setActive(Math.min(at + 1, shown.length - 1));
          else if (event.key === 'ArrowUp') setActive(Math.max(at - 1, 0));
          else return;
          event.preventDefault();
        }}
      />
      <div id="quick-add-list" ref={list} className={styles.quickList} role="listbox" aria-label={t('quickAdd.label')}>
        {shown.map((offer, index) => (
          <div
            key={offer.kind.kind}
            id={`quick-${offer.kind.kind}`}
            role="option"
            aria-selected={index === at}
            className={styles.quickItem}
            data-testid={`quick-${offer.kind.kind}`}
            onPointerMove={() => setActive(index)}
            onClick={() => pick(offer)}
          >
            <FamilyIcon family={offer.kind.family} />
            <span>
              {offer.kind.title}
              <small>{offer.kind.description}</small>
            </span>
          </div>
        ))}
        {shown.length === 0 && <p className={styles.none}>{t(offers.length === 0 ? 'quickAdd.nothingFits' : 'quickAdd.nothing')}</p>}
      </div>
    </div>
  );
}

function usePick({ wiring, position }: Request): (offer: Offer) => void {
  const { document, view } = useSession();
  return ({ kind, port }) => {
    const wire = wiring && port ? (wiring.end === 'from' ? { from: wiring.reference, port } : { to: wiring.reference, port }) : undefined;
    const left = wiring?.end === 'into' ? position[0] - 280 : position[0];
    const id = addNode(document, { kind: kind.kind, named: kind.title, position: [left, position[1] - 40], params: defaultsOf(kind), ...(wire ? { wire } : {}) });
    view.setState({ quickAdd: null, selected: [id] });
  };
}

function placeOf({ screen }: Request): { left: number; top: number } {
  return {
    left: Math.max(8, Math.min(screen.x, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(screen.y, window.innerHeight - HEIGHT - 8)),
  };
}
